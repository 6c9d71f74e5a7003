"""A student's view of a result before the release."""

from fractions import Fraction
from typing import NamedTuple

from grader.definitions.parts import KeyedPart, Part
from grader.definitions.problem import Status
from grader.grading.result import PartResult
from grader.values import Number


class StudentResultView(NamedTuple):
    """Result of one part, limited to what its student may know before the release.

    *hint* is the result in words with the hint of a named mistake, or with a counterexample that
    contains only the student's own value. *cells* (each right or not) and *first_wrong* (the first
    that is not) are set only if the part has ``show: cells``. Two keys with the same status,
    credit, hint and counterexample give the same view.
    """

    part: str
    status: Status
    credit: Fraction | None
    points: Number
    read_as: str = ""
    notes: tuple[str, ...] = ()
    hint: str = ""
    position: int | None = None
    cells: tuple[bool, ...] = ()
    first_wrong: str = ""


def to_student_view(result: PartResult, part: Part) -> StudentResultView:
    """Return the *result* of *part* as its student may see it.

    The key, the deciding rule (it reveals how near the answer is), the ids of mistakes and the
    resemblance to the key are for staff.
    """
    shows_cells = isinstance(part, KeyedPart) and part.show == "cells"
    return StudentResultView(
        part=result.part,
        status=result.status,
        credit=result.credit,
        points=result.points,
        read_as=result.read_as,
        notes=result.notes,
        hint=result.hint,
        position=result.position,
        cells=result.cells if shows_cells else (),
        first_wrong=result.first_wrong if shows_cells else "",
    )
