"""Grading of a single answer: the data of `grader mark`."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from api.core.errors import FileError
from grader.errors import ProblemError
from grader.grading.grade import grade
from grader.grading.record import to_record
from grader.grading.result import Result
from grader.grading.student_view import before_release
from grader.reading import Typed
from grader.reading.grammar.number_styles import Style
from grader.values import Number
from grader.variants.variant import Variant, solve
from problems.book import BOOK
from problems.catalogue import Catalogue

__all__ = [
    "Marker",
    "decimal",
    "mark_record",
    "number_in_json",
    "open_bank",
    "points_of",
    "result_record",
    "student_record",
]

CACHED_VARIANTS: Final = 4096
PLACES: Final = 6


def open_bank(folder: Path | None) -> Catalogue:
    """Open the problems of *folder*, or the shipped bank; raise `FileError` if there are none."""
    try:
        catalogue = Catalogue.of(folder)
    except ProblemError as error:
        raise FileError(str(error)) from error
    if not catalogue.ids:
        raise FileError(f"there is no problem file (*.yaml) in {folder}")
    return catalogue


class Marker:
    """Grader for the problems of a catalogue, with an LRU cache of solved variants."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.variant = lru_cache(maxsize=CACHED_VARIANTS)(self._solve)

    def _solve(self, problem: str, seed: int | None) -> Variant:
        return solve(self.catalogue.get(problem), seed, BOOK)

    def mark(
        self,
        problem: str,
        part: str,
        typed: Typed,
        *,
        seed: int | None = None,
        carried: Mapping[str, Any] | None = None,
        numbers: Style | None = None,
    ) -> Result:
        """Grade one answer; raise `ProblemError` for an unknown problem or part."""
        variant = self.variant(problem, seed)
        self.catalogue.check_part(problem, part)
        results = grade(variant, {part: typed}, book=BOOK, carried=carried, numbers=numbers)
        return next(result for result in results if result.part == part)


def decimal(number: Number | None) -> str:
    """Format *number* with six decimals, "" for None.

    >>> decimal(Fraction(1, 3)), decimal(2), decimal(None)
    ('0.333333', '2.000000', '')
    """
    if number is None:
        return ""
    scaled = round(Fraction(number) * 10**PLACES)
    sign, digits = "-" * (scaled < 0), f"{abs(scaled):0{PLACES + 1}}"
    return f"{sign}{digits[:-PLACES]}.{digits[-PLACES:]}"


def mark_record(
    result: Result, variant: Variant, *, numbers: Style | None = None
) -> dict[str, object]:
    """Serialize a result as ``grader mark --json`` prints it, with all data that a replay needs."""
    told = result_record(result)
    order = dict.fromkeys(("problem", "part", "seed", *told))
    return {**order, **to_record(result, variant, numbers=numbers), **told}


def student_record(result: Result, variant: Variant) -> dict[str, object]:
    """Serialize the part of a result that the student sees before the release."""
    seen = before_release(result, variant.problem.part(result.part))
    score = None if seen.credit is None else seen.credit * seen.points
    return {
        "part": seen.part,
        "status": seen.status,
        "credit": _credit(seen.credit),
        "points": number_in_json(seen.points),
        "read_as": seen.read_as,
        "notes": list(seen.notes),
        "say": seen.say,
        "position": seen.position,
        "cells": list(seen.cells),
        "place": seen.place,
        "score": number_in_json(score),
        "feedback": " ".join((seen.say, *seen.notes)),
    }


def result_record(result: Result) -> dict[str, object]:
    """Serialize a result; the credit is an exact fraction as text."""
    return {
        "status": result.status,
        "credit": _credit(result.credit),
        "points": number_in_json(result.points),
        "score": number_in_json(result.score),
        "read_as": result.read_as,
        "mistakes": list(result.mistakes),
        "feedback": result.feedback,
    }


def points_of(record: Mapping[str, Any], said: Mapping[str, Any]) -> Fraction:
    """Return the points of a part in a grading: exact in its *record*, rounded in *said*."""
    return Fraction(str(record.get("points", said.get("points", 0))))


def _credit(credit: Fraction | None) -> str | None:
    return None if credit is None else str(credit)


def number_in_json(value: Number | None) -> int | float | None:
    """Return a number for JSON: integers as they are, others rounded to six decimals."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.denominator == 1 else float(decimal(value))
