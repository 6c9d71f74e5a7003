"""Counts sentences of the product that tests repeat as text; the number may only go down.

A test that quotes a sentence fails when somebody only improves the wording. Import the constant
instead, or assert an error code, a class, an id or a data attribute.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("api", "grader", "problems", "dlgrader", "clients/python/src")
RUN = 4
"""Number of words in a row from which a text counts as a sentence of the product."""
MOST_QUOTED = 2_270
"""Lower this number when you replace quoted sentences; never raise it."""
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
MARKUP = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", re.DOTALL)


def list_runs(text: str) -> Iterator[tuple[str, ...]]:
    words = [word.lower() for word in WORD.findall(text)]
    yield from (tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1))


def list_texts(path: Path) -> Iterator[str]:
    """Yield the string constants of a module but its docstrings, with the pieces of f-strings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in statements:
            yield node.value


def list_product_texts() -> Iterator[str]:
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*.py"):
            yield from list_texts(path)
    for path in (ROOT / "api" / "web" / "templates").rglob("*.html"):
        yield from MARKUP.split(path.read_text(encoding="utf-8"))


def test_tests_quote_no_more_product_sentences_than_before():
    said = {run for text in list_product_texts() for run in list_runs(text)}
    quoted = {
        str(path.relative_to(ROOT)): sum(
            any(run in said for run in list_runs(text)) for text in list_texts(path)
        )
        for path in sorted((ROOT / "tests").rglob("*.py"))
    }
    most = sorted(quoted.items(), key=lambda item: -item[1])[:10]
    assert sum(quoted.values()) <= MOST_QUOTED, most


def test_four_word_runs_ignore_punctuation():
    assert [*list_runs("Saved. No grade “changed”.")] == [("saved", "no", "grade", "changed")]
    assert [*list_runs("Saved, no grade")] == []
