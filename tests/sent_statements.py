"""Pytest plugin: lists the statements that one test module alone sends to PostgreSQL.

A module none of whose statements of the service are listed may run on SQLite alone (see
`docs/decisions/0036-tests-on-one-database.md`):

    PYTHONPATH=tests .venv/bin/pytest -q -p sent_statements -k postgresql tests/api
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, event

LONGEST_LINE: Final = 160
ABOUT_ROWS: Final = re.compile(
    r"(?!.*alembic_version)\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.DOTALL
)
"""Statements of the service; the first test of a run also creates the tables."""
STATEMENTS: Final[defaultdict[str, set[str]]] = defaultdict(set)
"""Statements by module."""
CURRENT: Final = [""]
"""The module of the test that runs."""


def normalize(statement: str) -> str:
    """Return a statement without the names, types and number of its parameters.

    >>> normalize("SELECT x FROM t WHERE id IN (%(id_1)s::UUID, %(id_2)s::UUID)")
    'SELECT x FROM t WHERE id IN (%)'
    """
    bare = re.sub(r"%\(\w+\)s(::\w+(\[\])?)?", "%", statement)
    bare = re.sub(r"%(, %)+", "%", bare)
    return re.sub(r"\s+", " ", re.sub(r"\(%\)(, \(%\))+", "(%)", bare))


@event.listens_for(Engine, "before_cursor_execute")
def record_statement(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    """Add a statement about rows to those of the current module if it goes to PostgreSQL."""
    if connection.dialect.name == "postgresql" and ABOUT_ROWS.match(statement):
        STATEMENTS[CURRENT[0]].add(normalize(statement))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Remember the module of the test that runs."""
    CURRENT[0] = item.location[0]
    return (yield)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write how many statements each module alone sent, and the start of each."""
    modules = Counter(statement for sent in STATEMENTS.values() for statement in sent)
    for module, sent in sorted(STATEMENTS.items()):
        own = sorted(statement for statement in sent if modules[statement] == 1)
        terminalreporter.write_line(f"{module}: {len(own)} of {len(sent)} statements")
        for statement in own:
            terminalreporter.write_line(f"    {statement[:LONGEST_LINE]}")
