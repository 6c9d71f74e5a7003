"""Tests that every formula of the bank converts to MathML, unchanged for each shape.

`formulas.json` holds the shortest formula of each shape with its MathML. Run this file
as a script to regenerate it.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bank_catalog import CATALOG

from api.markup.markdown import find_formula_errors, find_formulas
from api.markup.tex import tex_to_mathml
from grader.variants.variant import solve_variant
from problems.checks.texts import find_text_faults
from problems.mistakes import MISTAKES
from problems.registry import REGISTRY

GOLDEN = Path(__file__).with_name("formulas.json")
COMMAND = re.compile(r"\\(?:begin\{\w+\}|[A-Za-z]+|.)")
LEAST = 500


@cache
def texts() -> tuple[str, ...]:
    """Return every text of every problem, filled in with the original numbers."""
    seen: list[str] = []
    for name in CATALOG.ids:
        problem = CATALOG.get(name)
        variant = solve_variant(problem, None, REGISTRY)
        kept = find_text_faults(
            problem, [variant], registry=REGISTRY, validator=lambda text: seen.append(text) or ()
        )
        assert [*kept] == []
    return tuple(seen)


def shape(source: str, *, display: bool) -> tuple[object, ...]:
    """Return the features of a formula that determine how it is converted."""
    return display, frozenset(COMMAND.findall(source)), "^" in source, "_" in source


def shortest() -> Iterator[tuple[str, bool]]:
    """Yield the shortest formula of each shape, in order of first occurrence."""
    found: dict[tuple[object, ...], tuple[str, bool]] = {}
    for text in texts():
        for source, display in find_formulas(text):
            key = shape(source, display=display)
            found[key] = min(found.get(key, (source, display)), (source, display), key=_length)
    yield from found.values()


def _length(formula: tuple[str, bool]) -> tuple[int, str]:
    return len(formula[0]), formula[0]


def drawn() -> list[dict[str, object]]:
    """Return one formula of each shape with its MathML."""
    return [
        {"tex": source, "display": display, "mathml": tex_to_mathml(source, display=display)}
        for source, display in shortest()
    ]


def test_every_formula_in_bank_renders() -> None:
    assert [fault for text in texts() for fault in find_formula_errors(text)] == []
    assert sum(1 for text in texts() for _ in find_formulas(text)) > LEAST


def test_every_formula_in_hints_renders() -> None:
    assert [fault for one in MISTAKES.values() for fault in find_formula_errors(one.hint)] == []


def test_formula_rendering_matches_golden_file() -> None:
    assert drawn() == json.loads(GOLDEN.read_text(encoding="utf-8"))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(drawn(), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
