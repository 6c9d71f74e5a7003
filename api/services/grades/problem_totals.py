"""Totals of a student in the problems of an assignment, and the grade that they sum up to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from api.services.grades.assignment import (
    GradingContext,
    VersionedProblem,
    build_drop_groups,
    build_problem_line,
)
from grader.policy import (
    ComputedGrade,
    PartProgress,
    ProblemLine,
    combine_problem_grades,
    compute_problem_grade,
)


@dataclass(frozen=True, slots=True)
class ProblemTotal:
    """Total of a student in one problem, without its parts and the steps of the computation.

    *begun*: the student has an answer that counts. *late*: lateness reduced the credit of such an
    answer.
    """

    line: ProblemLine
    graded: ComputedGrade
    begun: bool
    late: bool


def compute_problem_total(
    context: GradingContext,
    problem: VersionedProblem,
    student: UUID,
    parts: Mapping[str, PartProgress],
) -> ProblemTotal:
    """Return a student's total in a problem from the progress in its parts.

    Equal progress shares one cached total, unless the assignment has overrides or excuses.
    """
    if context.overrides or context.excused:
        return _compute_problem_total_uncached(context, problem, student, parts)
    cache_key = tuple([_progress_cache_key(part, one) for part, one in parts.items()])
    total: ProblemTotal = problem.total_cache.get_or_create(
        cache_key, lambda: _compute_problem_total_uncached(context, problem, student, parts)
    )
    return total


def _progress_cache_key(part: str, progress: PartProgress) -> tuple[object, ...]:
    """Return the cache key of the progress in a part, as integers that compare fast."""
    credit = None if progress.credit is None else progress.credit.as_integer_ratio()
    return (
        part,
        credit,
        progress.waiting,
        progress.counts is None,
        progress.late_factor.as_integer_ratio(),
    )


def _compute_problem_total_uncached(
    context: GradingContext,
    problem: VersionedProblem,
    student: UUID,
    parts: Mapping[str, PartProgress],
) -> ProblemTotal:
    line = build_problem_line(context, problem, student, parts)
    graded = compute_problem_grade(line)
    counting = [part for part in parts.values() if part.counts is not None]
    return ProblemTotal(
        replace(line, parts=()),
        ComputedGrade(graded.score, graded.possible, graded.waiting, pending=graded.pending),
        begun=bool(counting),
        late=any(one.late_factor != 1 for one in counting),
    )


def combine_problem_totals(
    context: GradingContext, student: UUID, totals: Collection[ProblemTotal]
) -> ComputedGrade:
    """Return the grade of a student from the totals in all problems, in assignment order."""
    return combine_problem_grades(
        {total.line.problem: total.graded for total in totals},
        [total.line for total in totals],
        build_drop_groups(context),
        override=context.overrides.get((student, None, None)) if context.overrides else None,
        excused=bool(context.excused) and (student, None) in context.excused,
    )


def build_grade_values(
    context: GradingContext, student: UUID, totals_by_problem: Mapping[UUID, ProblemTotal]
) -> dict[str, Any]:
    """Return the columns of a student's grade; *totals_by_problem* are in assignment order."""
    totals = totals_by_problem.values()
    graded = combine_problem_totals(context, student, totals)
    begun = any(total.begun for total in totals)
    return {
        "score": graded.score if begun or _has_granted_points(context, student) else None,
        "possible": graded.possible,
        "waiting": graded.waiting,
        "pending_score": graded.pending.score,
        "pending_possible": graded.pending.possible,
        "begun": begun,
        "late": any(total.late for total in totals),
    }


def _has_granted_points(context: GradingContext, student: UUID) -> bool:
    """Tell whether a student has points without a submission: by an override or a voided part."""
    has_override = any(override[0] == student for override in context.overrides)
    return has_override or any(
        "full" in problem.row.voided.values() for problem in context.problems
    )
