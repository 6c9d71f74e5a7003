"""Tests of the documentation's tables and reference: every row and part is tried.

Markers of the tested parts of a page (``test_docs_console.py`` runs its commands):

- ``<!-- answers {a part} -->`` or ``<!-- answers a-problem -->`` precedes a table of
  answers to grade; ``expressions``, ``yaml`` and ``params`` precede tables to compute,
  load and draw. In a table, a cell in back quotes is code, ⏎ a new line and ⇥ a tab;
- the block ``yaml head`` is the beginning of a problem, each block ``yaml part`` one of
  its parts.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.definitions.problem import Problem
from grader.display.text import to_text
from grader.errors import AnswerError, GraderError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.grading.grade import grade
from grader.kinds import KINDS
from grader.variants.variant import Variant, draw_values, solve_variant
from problems.catalog import ProblemCatalog
from problems.checks.checker import check_problem
from problems.files.loader import load_problem
from problems.files.yaml_document import load_document
from problems.registry import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
REFERENCE = PAGES["write-a-problem.md"]
TABLE = re.compile(r"^<!-- (\w+)(?: (.*?))? -->\n((?:^\|.*\n)+)", re.MULTILINE)
PIECE = re.compile(r"^```yaml (head|part)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

Rows = list[dict[str, str]]


def cells(line: str) -> list[str]:
    """Return the cells of a table row; code loses its quotes and gets its line breaks."""
    pieces = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [_cell(piece.strip().replace(r"\|", "|")) for piece in pieces]


def _cell(text: str) -> str:
    code = re.fullmatch(r"(`+)(.*)\1", text)
    return code[2].replace("⏎", "\n").replace("⇥", "\t") if code else text


def tables(kind: str) -> list[Any]:
    """Return the settings and rows of each table of a *kind*, on all pages."""
    found = []
    for name, page in PAGES.items():
        for table in TABLE.finditer(page):
            if table[1] == kind:
                head, _, *rows = map(cells, table[3].splitlines())
                line = page.count("\n", 0, table.start()) + 1
                records = [dict(zip(head, row, strict=True)) for row in rows]
                found.append(pytest.param(table[2] or "", records, id=f"{name}:{line}"))
    assert found
    return found


# Keys for the tables that only show how an answer is read.
DEFAULT_KEYS: Mapping[str, object] = {
    "integer": 1,
    "number": 1,
    "percent": 1,
    "shape": "(1, 1, 1)",
    "vector": "(1, 2, 3)",
    "matrix": "((1, 2), (3, 5))",
    "tensor": "((1, 2), (3, 5))",
}


@cache
def asked(settings: str) -> Variant:
    """Return the solved problem of the bank, or one with the part that *settings* spell."""
    if not settings.startswith("{"):
        return solve_variant(ProblemCatalog().get(settings), None, REGISTRY)
    part = load_document(settings, file="the page").data
    assert isinstance(part, dict)
    if "key" not in part and part["kind"] in DEFAULT_KEYS:
        part |= {"key": DEFAULT_KEYS[str(part["kind"])], "reason": "an example"}
    fields = {"id": "p", "title": "An example", "topic": "t", "difficulty": 1, "statement": "Try."}
    fields |= {"numbers": part.pop("numbers")} if "numbers" in part else {}
    return solve_variant(
        Problem.model_validate({**fields, "parts": [{"id": "a", **part}]}), None, REGISTRY
    )


def outcomes(settings: str, rows: Rows) -> Rows:
    """Return *rows* with their results; rows that name a part form one submission."""
    variant = asked(settings)
    together = {row["part"]: row["typed"] for row in rows if "part" in row}
    found = []
    for row in rows:
        results = grade(variant, together or {"a": row["typed"]}, registry=REGISTRY)
        result = next(one for one in results if one.part == row.get("part", "a"))
        found.append(
            {
                **row,
                "read as": result.read_as,
                "note": " ".join(notes(variant, result.part, row["typed"])),
                "error": result.feedback if result.status == "unreadable" else "",
                "status": result.status,
                "credit": "" if result.credit is None else str(result.credit),
                "mistakes": ", ".join(result.mistakes),
                "feedback": result.feedback,
            }
        )
    return found


def notes(variant: Variant, name: str, typed: str) -> tuple[str, ...]:
    part = variant.problem.get_part(name)
    try:
        scope = variant.student_scope(REGISTRY)
        return KINDS[part.kind].normalize_and_read(typed, None, part, scope).notes
    except AnswerError:
        return ()


@pytest.mark.parametrize(("settings", "rows"), tables("answers"))
def test_documented_answers_are_read_and_graded_as_stated(settings: str, rows: Rows) -> None:
    found = outcomes(settings, rows)
    assert rows == [{name: one[name] for name in rows[0]} for one in found]


def pieces(kind: str) -> Iterator[str]:
    return (found[2] for found in PIECE.finditer(REFERENCE) if found[1] == kind)


@cache
def reference(parts: str = "  - {id: a, kind: integer, key: W}\n") -> Problem:
    """Return a problem that begins as the reference shows and has *parts*."""
    (head,) = pieces("head")
    return load_problem(f"{head}parts:\n{parts}", file="reference.yaml")


def computed(expression: str) -> str:
    scope = Scope(draw_values(reference(), None, REGISTRY), {**FUNCTIONS, **REGISTRY.functions})
    try:
        return to_text(evaluate(parse(expression).tree, scope))
    except GraderError as error:
        return str(error)


@pytest.mark.parametrize(("settings", "rows"), tables("expressions"))
def test_documented_expressions_give_stated_values(settings: str, rows: Rows) -> None:
    assert not settings
    assert rows == [{**row, "gives": computed(row["written"])} for row in rows]


def loaded(text: str) -> str:
    try:
        data = load_document(text, file="").data
    except GraderError as error:
        return re.sub(r"^1: (W: )?", "", str(error))
    assert isinstance(data, dict)
    return repr(data["W"]) if isinstance(data["W"], str) else to_text(data["W"])


@pytest.mark.parametrize(("settings", "rows"), tables("yaml"))
def test_documented_yaml_has_stated_meaning(settings: str, rows: Rows) -> None:
    assert not settings
    assert rows == [{**row, "means": loaded(row["written"])} for row in rows]


PARAMS = """\
id: p
title: One
topic: t
difficulty: 1
statement: S
parts: [{id: a, kind: integer, key: 1, reason: an example}]
"""


@pytest.mark.parametrize(("settings", "rows"), tables("params"))
def test_documented_parameters_can_be_drawn(settings: str, rows: Rows) -> None:
    assert not settings
    for row in rows:
        problem = load_problem(f"{PARAMS}params: {{{row['written']}}}", file="params.yaml")
        assert len(draw_values(problem, 0, REGISTRY)) == 1


@pytest.mark.parametrize("text", list(pieces("part")), ids=lambda text: text.split("\n")[0])
def test_parts_in_reference_pass_the_checker(text: str) -> None:
    problem = reference("".join(f"  {line}\n" for line in text.splitlines()))
    assert check_problem(problem, file="part.yaml", registry=REGISTRY, seeds=2).errors == ()
