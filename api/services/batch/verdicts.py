"""Verdicts on questions: plain data that can be sent between processes.

Most questions have one of a few outcomes. Each distinct outcome is stored once, as JSON text.
"""

import json
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from api.services.engine.single_answer import format_decimal, to_json_number
from grader.grading.result import PartResult
from grader.json_values import to_json
from grader.values import Number

MAX_CACHED_NUMBERS: Final = 4096
SEPARATOR: Final = "|"


class QuestionOutcome(NamedTuple):
    """Outcome of a question, as text; *error* is the reason if there is no result.

    *exact*, *score_json* and *points_json* are for JSON. *costs*: the answer uses an attempt.
    """

    status: str
    credit: str
    score: str
    points: str
    mistakes: str
    feedback: str
    error: str
    exact: str | None
    score_json: str
    points_json: str
    costs: bool


class Verdicts(NamedTuple):
    """Verdicts on questions: an index into *outcomes* (JSON text) for each, in order.

    *read_as* is the reading of each answer, *carries* the value that later parts carry (JSON text,
    empty for none).
    """

    outcomes: tuple[str, ...]
    outcome_indices: tuple[int, ...]
    read_as: tuple[str, ...]
    carries: tuple[str, ...]


def build_failed_verdicts(errors: Iterable[str]) -> Verdicts:
    """Return the verdicts on questions without a result."""
    builder = VerdictsBuilder()
    for error in errors:
        builder.add_failure(error)
    return builder.build()


def join_verdicts(pieces: Iterable[Verdicts]) -> Verdicts:
    """Concatenate verdicts."""
    result = Verdicts((), (), (), ())
    for piece in pieces:
        offset = len(result.outcomes)
        result = Verdicts(
            result.outcomes + piece.outcomes,
            result.outcome_indices + tuple(offset + at for at in piece.outcome_indices),
            result.read_as + piece.read_as,
            result.carries + piece.carries,
        )
    return result


class VerdictsBuilder:
    """Builder of `Verdicts` from results."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._outcomes: list[str] = []
        self._outcome_indices: list[int] = []
        self._read_as: list[str] = []
        self._carries: list[str] = []

    def add(self, result: PartResult, *, carries: bool) -> None:
        """Add the result of an answer; *carries*: later parts may carry its value."""
        value = result.carries if carries else None
        carried_text = "" if value is None else json.dumps(to_json(value))
        ratio = None if result.credit is None else result.credit.as_integer_ratio()
        key = (result.status, ratio, result.points, result.mistakes, result.hint, result.notes)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._add_outcome(_build_outcome(result))
        self._append_verdict(number, result.read_as, carried_text)

    def add_failure(self, error: str) -> None:
        """Add an answer without a result, with its error."""
        number = self._numbers.get((error,))
        if number is None:
            number = self._numbers[(error,)] = self._add_outcome(
                QuestionOutcome("", "", "", "", "", "", error, None, "null", "null", costs=False)
            )
        self._append_verdict(number, "", "")

    def build(self) -> Verdicts:
        """Return all verdicts."""
        return Verdicts(
            tuple(self._outcomes),
            tuple(self._outcome_indices),
            tuple(self._read_as),
            tuple(self._carries),
        )

    def _add_outcome(self, outcome: QuestionOutcome) -> int:
        self._outcomes.append(json.dumps(outcome))
        return len(self._outcomes) - 1

    def _append_verdict(self, number: int, read_as: str, carries: str) -> None:
        self._outcome_indices.append(number)
        self._read_as.append(read_as)
        self._carries.append(carries)


def _build_outcome(result: PartResult) -> QuestionOutcome:
    credit, score, points, exact, score_json, points_json = _format_credit_and_points(
        result.credit, result.points
    )
    return QuestionOutcome(
        result.status,
        credit,
        score,
        points,
        SEPARATOR.join(result.mistakes),
        result.feedback,
        "",
        exact,
        score_json,
        points_json,
        result.costs_attempt,
    )


@lru_cache(maxsize=MAX_CACHED_NUMBERS)
def _format_credit_and_points(credit: Fraction | None, points: Number) -> tuple[Any, ...]:
    """Return credit, score and points as decimals, the exact credit, and both others as JSON."""
    score = None if credit is None else credit * points
    return (
        format_decimal(credit),
        format_decimal(score),
        format_decimal(points),
        None if credit is None else str(credit),
        json.dumps(to_json_number(score)),
        json.dumps(to_json_number(points)),
    )
