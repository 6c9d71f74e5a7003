"""Comparison of formulas at sample points: with the key, and with each other in an equation."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Final

from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.formula_equality import BoundFormula, Counterexample, find_counterexample
from grader.expressions.tree import Node
from grader.expressions.vectorized_eval import PointSample
from grader.kinds.base import RIGHT_BY_RULE, WRONG_BY_RULE, Judgement
from grader.kinds.comparison.arrays import judge_cells
from grader.reading import read_formula
from grader.reading.equations.numbers import refuse_false_formula_equations
from grader.values import Number, Value

MAX_VALUE_LENGTH: Final = 40
"""Maximum length of a value of a student's formula that is shown in full."""


def refuse_false_equations(typed: str, variables: tuple[str, ...], sample: PointSample) -> None:
    """Raise `AnswerError` if *typed* has an equation of two formulas that differ in *sample*."""

    def differ(left: Node, right: Node) -> bool:
        try:
            return find_counterexample(BoundFormula(left), BoundFormula(right), sample) is not None
        except SolverError:
            return False  # a side without any value

    refuse_false_formula_equations(typed, lambda side: read_formula(side, variables).value, differ)


def formula_lookup_key(value: object, sample: PointSample) -> Hashable | None:
    """Return the values of one or more formulas at the points of *sample*.

    Return None if any value is undefined or inexact; then only `find_counterexample` can decide.
    """
    values = tuple(one.evaluate_sample(sample) for one in collect_formulas(value))
    whole = values and all(None not in one.tops and not one.inexact for one in values)
    return values if whole else None


def judge_formulas(
    answers: Sequence[BoundFormula],
    keys: tuple[Value, ...],
    sample: PointSample,
    *,
    noun: str,
    partial: bool,
) -> Judgement:
    """Return the judgement of as many formulas as *keys*, with the first counterexample."""
    counterexamples: list[Counterexample | None] = []
    for answer, key in zip(answers, keys, strict=True):
        if not isinstance(key, BoundFormula):
            return WRONG_BY_RULE["points"]
        counterexamples.append(find_counterexample(answer, key, sample))
    marks = tuple(differs is None for differs in counterexamples)
    if all(marks):
        return RIGHT_BY_RULE["points"]
    first_wrong = f"{noun} {marks.index(False) + 1}"
    first = next(filter(None, counterexamples))
    remark = describe_counterexample(first, first_wrong)
    return replace(
        judge_cells(marks, partial=partial), remark=remark, rule="points", first_wrong=first_wrong
    )


def collect_formulas(value: object) -> tuple[BoundFormula, ...]:
    """Return the formulas in *value*: one, those of a tuple, or none."""
    items = value if isinstance(value, tuple) else (value,)
    return tuple(item for item in items if isinstance(item, BoundFormula))


def describe_counterexample(differs: Counterexample, location: str = "") -> str:
    """Return the value of the student's own formula at a point, without revealing the key."""
    point = ", ".join(f"{name} = {to_text(value)}" for name, value in differs.point.items())
    start = f"{location.capitalize()}: at" if location else "At"
    outcome = _describe_value(differs.student_value)
    return f"{start} {point} your formula {outcome}, which is incorrect there."


def _describe_value(student_value: Number | None) -> str:
    if student_value is None:
        return "has no value"
    text = to_text(student_value)
    return f"gives {text}" if len(text) <= MAX_VALUE_LENGTH else "gives a number with many digits"
