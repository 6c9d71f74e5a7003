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
from grader.grading.result import PartResult
from grader.grading.student_view import to_student_view
from grader.reading import RawAnswer
from grader.reading.grammar.number_styles import NumberStyle
from grader.values import Number
from grader.variants.variant import Variant, solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

VARIANT_CACHE_SIZE: Final = 4096
DECIMAL_PLACES: Final = 6


def open_bank(folder: Path | None) -> ProblemCatalog:
    """Open the problems of *folder*, or the shipped bank; raise `FileError` if there are none."""
    try:
        catalogue = ProblemCatalog.from_folder(folder)
    except ProblemError as error:
        raise FileError(str(error)) from error
    if not catalogue.ids:
        raise FileError(f"there is no problem file (*.yaml) in {folder}")
    return catalogue


class SingleAnswerGrader:
    """Grader for the problems of a catalogue, with an LRU cache of solved variants."""

    def __init__(self, catalogue: ProblemCatalog) -> None:
        self.catalogue = catalogue
        self.get_variant = lru_cache(maxsize=VARIANT_CACHE_SIZE)(self._solve_variant)

    def _solve_variant(self, problem: str, seed: int | None) -> Variant:
        return solve_variant(self.catalogue.get(problem), seed, REGISTRY)

    def grade(
        self,
        problem: str,
        part: str,
        typed: RawAnswer,
        *,
        seed: int | None = None,
        carried: Mapping[str, Any] | None = None,
        numbers: NumberStyle | None = None,
    ) -> PartResult:
        """Grade one answer; raise `ProblemError` for an unknown problem or part."""
        variant = self.get_variant(problem, seed)
        self.catalogue.require_part(problem, part)
        results = grade(variant, {part: typed}, registry=REGISTRY, carried=carried, numbers=numbers)
        return next(result for result in results if result.part == part)


def format_decimal(number: Number | None) -> str:
    """Format *number* with six decimals, "" for None.

    >>> format_decimal(Fraction(1, 3)), format_decimal(2), format_decimal(None)
    ('0.333333', '2.000000', '')
    """
    if number is None:
        return ""
    scaled = round(Fraction(number) * 10**DECIMAL_PLACES)
    sign, digits = "-" * (scaled < 0), f"{abs(scaled):0{DECIMAL_PLACES + 1}}"
    return f"{sign}{digits[:-DECIMAL_PLACES]}.{digits[-DECIMAL_PLACES:]}"


def serialize_full_result(
    result: PartResult, variant: Variant, *, numbers: NumberStyle | None = None
) -> dict[str, object]:
    """Serialize a result as ``grader mark --json`` prints it, with all data that a replay needs."""
    fields = serialize_result(result)
    order = dict.fromkeys(("problem", "part", "seed", *fields))
    return {**order, **to_record(result, variant, numbers=numbers), **fields}


def serialize_student_result(result: PartResult, variant: Variant) -> dict[str, object]:
    """Serialize the part of a result that the student sees before the release."""
    visible = to_student_view(result, variant.problem.get_part(result.part))
    score = None if visible.credit is None else visible.credit * visible.points
    return {
        "part": visible.part,
        "status": visible.status,
        "credit": _format_credit(visible.credit),
        "points": to_json_number(visible.points),
        "read_as": visible.read_as,
        "notes": list(visible.notes),
        "say": visible.hint,
        "position": visible.position,
        "cells": list(visible.cells),
        "place": visible.first_wrong,
        "score": to_json_number(score),
        "feedback": " ".join((visible.hint, *visible.notes)),
    }


def serialize_result(result: PartResult) -> dict[str, object]:
    """Serialize a result; the credit is an exact fraction as text."""
    return {
        "status": result.status,
        "credit": _format_credit(result.credit),
        "points": to_json_number(result.points),
        "score": to_json_number(result.score),
        "read_as": result.read_as,
        "mistakes": list(result.mistakes),
        "feedback": result.feedback,
    }


def read_points(record: Mapping[str, Any], student_result: Mapping[str, Any]) -> Fraction:
    """Return the points of a part: exact in its *record*, rounded in *student_result*."""
    return Fraction(str(record.get("points", student_result.get("points", 0))))


def _format_credit(credit: Fraction | None) -> str | None:
    return None if credit is None else str(credit)


def to_json_number(value: Number | None) -> int | float | None:
    """Return a number for JSON: integers as they are, others rounded to six decimals."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.denominator == 1 else float(format_decimal(value))
