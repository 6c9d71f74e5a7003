"""A student's view of a result before the release."""

from fractions import Fraction
from typing import NamedTuple

from grader.definitions.parts import KeyedPart, Part
from grader.definitions.problem import Status
from grader.grading.result import Result
from grader.values import Number

__all__ = ["StudentView", "before_release"]


class StudentView(NamedTuple):
    """Result of one part, limited to what its student may know before the release.

    *say* is the result in words with the hint of a named mistake, or with a counterexample that
    contains only the student's own value. *cells* (each right or not) and *place* (the first that
    is not) are set only if the part has ``show: cells``. Two keys with the same status, credit,
    hint and counterexample give the same view.
    """

    part: str
    status: Status
    credit: Fraction | None
    points: Number
    read_as: str = ""
    notes: tuple[str, ...] = ()
    say: str = ""
    position: int | None = None
    cells: tuple[bool, ...] = ()
    place: str = ""


def before_release(result: Result, part: Part) -> StudentView:
    """Return the *result* of *part* as its student may see it.

    The key, the deciding rule (it reveals how near the answer is), the ids of mistakes and the
    resemblance to the key are for staff.
    """
    shown = isinstance(part, KeyedPart) and part.show == "cells"
    return StudentView(
        part=result.part,
        status=result.status,
        credit=result.credit,
        points=result.points,
        read_as=result.read_as,
        notes=result.notes,
        say=result.say,
        position=result.position,
        cells=result.cells if shown else (),
        place=result.place if shown else "",
    )
