"""Tests of sizes: a file of product code has at most 300 lines, a function at most 45."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("dlgrader", "grader", "problems", "api", "migrations")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 45
"""Maximum number of lines from `def` to the last line, with the docstring."""


def product_files() -> Iterator[Path]:
    """Yield the modules of the product, without revisions, which never change."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.parent != ROOT / "migrations" / "versions":
                yield path


def long_functions(source: str) -> list[str]:
    """Return the functions of a module that are too long."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, functions))
    return [
        node.name for node in nodes if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES
    ]


def test_product_files_stay_below_the_line_limit():
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in product_files()}
    assert len(sizes) > 1_000
    assert {path: size for path, size in sizes.items() if size > MAX_FILE_LINES} == {}


def test_product_functions_stay_below_the_line_limit():
    sources = ((path, path.read_text(encoding="utf-8")) for path in product_files())
    assert [(path, name) for path, source in sources for name in long_functions(source)] == []


def test_planted_long_function_is_detected():
    body = "    pass\n" * (MAX_FUNCTION_LINES - 1)
    assert long_functions(f"def a():\n{body}") == []
    assert long_functions(f"class A:\n  async def a(self):\n{body}    pass\n") == ["a"]
