"""What a student sees of a result before the release, and nothing else."""

from fractions import Fraction
from typing import NamedTuple

from grader.definitions.parts import KeyedPart, Part
from grader.definitions.problem import Status
from grader.grading.result import Result
from grader.values import Number

__all__ = ["StudentView", "before_release"]


class StudentView(NamedTuple):
    """What became of one part, as far as its student may know before the release.

    *say* is the verdict in words with the hint of a named mistake, or with a counter-example that
    has the student's own value alone. *cells* (each right or not) and *place* (the first that is
    not) are there only where the part says ``show: cells``. Two keys under which status, credit,
    hint and counter-example are the same give the same view.
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
    """Return what the student may see of the *result* of *part*.

    The key, the rule that decided (it tells how near the answer is), the ids of mistakes and what
    the answer looks like beside the key are for staff.
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
