"""Tests of which modules of `tests/api` run on SQLite alone.

[ADR 36](../../docs/decisions/0036-tests-on-one-database.md) has the rule.
"""

import ast
import re
from pathlib import Path

import pytest
from grouped_cases import check_each

FOLDER = Path(__file__).parents[1] / "api"
BOTH = re.compile(
    r"test_(db|migrations|upserts|row_files|index_use|bulk_lookups|append_only_rows|backups"
    r"|read_only_database|clock|analytics_\w+|exports|export_memory|canary|access|bad_input"
    r"|bank_in_database|hidden_results|student_problem|grade_attacks|lock_order|shared_rate_limits"
    r"|\w*(races|locks|cluster|processes|model))"
)
"""Subjects that databases treat differently: SQL, locks, types, time, exports, permissions."""
CONCURRENT = {"concurrency", "concurrent", "multiprocessing", "psycopg"}
"""Packages of tests in which transactions overlap, or which use a driver."""
FIXTURES = {"pool", "other"}
"""Fixtures of `tests/api/conftest.py` with which transactions overlap."""


def find_objections(name: str, source: str) -> list[str]:
    """Return why a module that declares `ONE_DATABASE` may not do so."""
    tree = ast.parse(source)
    imports = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imports |= {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    packages = {str(module).partition(".")[0] for module in imports}
    arguments = {
        argument.arg
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        for argument in node.args.args
    }
    subject = {"its subject"} if BOTH.fullmatch(name) else set()
    threads = {"threads"} if "Thread(" in source else set()
    uses = subject | threads | (packages & CONCURRENT) | (arguments & FIXTURES)
    return [f"{name} needs both databases because of {use}" for use in sorted(uses)]


SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")}
DECLARED = sorted(
    name
    for name, source in SOURCES.items()
    if re.search(r"^ONE_DATABASE = True$", source, re.MULTILINE)
)


@check_each(DECLARED)
def test_sqlite_only_modules_test_nothing_database_specific(name):
    assert find_objections(name, SOURCES[name]) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("test_migrations", ""),
        ("test_intake_races", ""),
        ("test_gradebook_model", ""),
        ("test_a", "from concurrent.futures import ThreadPoolExecutor"),
        ("test_a", "import threading\n\nthreading.Thread(target=print)"),
        ("test_a", "import psycopg"),
        ("test_a", "def test_two_at_once(pool): ..."),
    ],
)
def test_module_that_needs_both_databases_is_detected(name, source):
    assert find_objections(name, source) != []


def test_one_database_declaration_is_its_own_line_set_to_true():
    for name, source in SOURCES.items():
        assert ("ONE_DATABASE" in source) == (name in DECLARED), name
