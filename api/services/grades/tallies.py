"""Totals of a student in the problems of an assignment, and the grade that they sum up to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from api.services.grades.assignment import (
    PosedProblem,
    WholeAssignment,
    groups_of,
    problem_line,
)
from grader.policy import Graded, PartStanding, ProblemLine, problem_grade, total_grade

__all__ = ["Tally", "grade_values", "tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Total of a student in one problem, without its parts and the steps of the computation.

    *begun*: the student has an answer that counts. *late*: lateness reduced the credit of such an
    answer.
    """

    line: ProblemLine
    graded: Graded
    begun: bool
    late: bool


def tally(
    here: WholeAssignment, problem: PosedProblem, student: UUID, parts: Mapping[str, PartStanding]
) -> Tally:
    """Return a student's total in a problem from the progress in its parts.

    Equal progress shares one cached total, unless the assignment has overrides or excuses.
    """
    if here.overrides or here.excused:
        return _tally(here, problem, student, parts)
    alike = tuple([_figures(part, one) for part, one in parts.items()])
    found: Tally = problem.tallied.get(alike, lambda: _tally(here, problem, student, parts))
    return found


def _figures(part: str, one: PartStanding) -> tuple[object, ...]:
    """Return the cache key of the progress in a part, as integers that compare fast."""
    credit = None if one.credit is None else one.credit.as_integer_ratio()
    return part, credit, one.waiting, one.counts is None, one.late_factor.as_integer_ratio()


def _tally(
    here: WholeAssignment, problem: PosedProblem, student: UUID, parts: Mapping[str, PartStanding]
) -> Tally:
    line = problem_line(here, problem, student, parts)
    graded = problem_grade(line)
    counting = [one for one in parts.values() if one.counts is not None]
    return Tally(
        replace(line, parts=()),
        Graded(graded.score, graded.possible, graded.waiting, pending=graded.pending),
        begun=bool(counting),
        late=any(one.late_factor != 1 for one in counting),
    )


def grade_values(
    here: WholeAssignment, student: UUID, tallies: Mapping[UUID, Tally]
) -> dict[str, Any]:
    """Return the columns of a student's grade in an assignment; *tallies* are in order."""
    own = tallies.values()
    graded = total_grade(
        {one.line.problem: one.graded for one in own},
        [one.line for one in own],
        groups_of(here),
        override=here.overrides.get((student, None, None)) if here.overrides else None,
        excused=bool(here.excused) and (student, None) in here.excused,
    )
    begun = any(one.begun for one in own)
    return {
        "score": graded.score if begun or _was_granted(here, student) else None,
        "possible": graded.possible,
        "waiting": graded.waiting,
        "pending_score": graded.pending.score,
        "pending_possible": graded.pending.possible,
        "begun": begun,
        "late": any(one.late for one in own),
    }


def _was_granted(here: WholeAssignment, student: UUID) -> bool:
    """Tell whether a student has points without a submission: by an override or a voided part."""
    given = any(one[0] == student for one in here.overrides)
    return given or any("full" in one.row.voided.values() for one in here.problems)
