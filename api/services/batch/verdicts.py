"""Verdicts on questions: plain data that can be sent between processes.

Most questions have one of a few outcomes. Each distinct outcome is stored once, as JSON text.
"""

import json
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from api.services.engine.single_answer import decimal, number_in_json
from grader.grading.result import Result
from grader.json_values import to_json
from grader.values import Number

__all__ = ["SEPARATOR", "Outcome", "Telling", "Verdicts", "failures", "joined"]

NUMBERS_KEPT: Final = 4096
SEPARATOR: Final = "|"


class Outcome(NamedTuple):
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
    """Verdicts on questions, in order: *which* is the index into *outcomes* (JSON text) for each.

    *read_as* is the reading of each answer, *carries* the value that later parts carry (JSON text,
    empty for none).
    """

    outcomes: tuple[str, ...]
    which: tuple[int, ...]
    read_as: tuple[str, ...]
    carries: tuple[str, ...]


def failures(errors: Iterable[str]) -> Verdicts:
    """Return the verdicts on questions without a result."""
    told = Telling()
    for error in errors:
        told.fail(error)
    return told.verdicts()


def joined(pieces: Iterable[Verdicts]) -> Verdicts:
    """Concatenate verdicts."""
    found = Verdicts((), (), (), ())
    for one in pieces:
        behind = len(found.outcomes)
        found = Verdicts(
            found.outcomes + one.outcomes,
            found.which + tuple(behind + at for at in one.which),
            found.read_as + one.read_as,
            found.carries + one.carries,
        )
    return found


class Telling:
    """Builder of `Verdicts` from results."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}
        self._outcomes: list[str] = []
        self._which: list[int] = []
        self._read_as: list[str] = []
        self._carries: list[str] = []

    def add(self, result: Result, *, carries: bool) -> None:
        """Add the result of an answer; *carries*: later parts may carry its value."""
        value = result.carries if carries else None
        told = "" if value is None else json.dumps(to_json(value))
        ratio = None if result.credit is None else result.credit.as_integer_ratio()
        key = (result.status, ratio, result.points, result.mistakes, result.say, result.notes)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._number(_outcome(result))
        self._append(number, result.read_as, told)

    def fail(self, error: str) -> None:
        """Add an answer without a result, with its error."""
        number = self._numbers.get((error,))
        if number is None:
            number = self._numbers[(error,)] = self._number(_failure(error))
        self._append(number, "", "")

    def verdicts(self) -> Verdicts:
        """Return all verdicts."""
        return Verdicts(
            tuple(self._outcomes), tuple(self._which), tuple(self._read_as), tuple(self._carries)
        )

    def _number(self, outcome: Outcome) -> int:
        self._outcomes.append(json.dumps(outcome))
        return len(self._outcomes) - 1

    def _append(self, number: int, read_as: str, carries: str) -> None:
        self._which.append(number)
        self._read_as.append(read_as)
        self._carries.append(carries)


def _failure(error: str) -> Outcome:
    return Outcome("", "", "", "", "", "", error, None, "null", "null", costs=False)


def _outcome(result: Result) -> Outcome:
    credit, score, points, exact, score_json, points_json = _numbers(result.credit, result.points)
    return Outcome(
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


@lru_cache(maxsize=NUMBERS_KEPT)
def _numbers(credit: Fraction | None, points: Number) -> tuple[Any, ...]:
    """Return credit, score and points as decimals, the exact credit, and both others as JSON."""
    score = None if credit is None else credit * points
    return (
        decimal(credit),
        decimal(score),
        decimal(points),
        None if credit is None else str(credit),
        json.dumps(number_in_json(score)),
        json.dumps(number_in_json(points)),
    )
