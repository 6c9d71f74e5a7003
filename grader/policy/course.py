"""Course grade, in percent."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from grader.policy.drops import NO_SCORE, Score, select_lowest_to_drop, sum_fractions, sum_scores
from grader.policy.score_breakdown import (
    BreakdownStep,
    ComputedGrade,
    ScoreBreakdown,
    build_remark_breakdown,
    format_factor,
    format_maximum,
    format_rounded_number,
    format_ungraded_points,
)
from grader.policy.timeline import ZERO
from grader.policy.totals import TOTAL

NOTHING_GRADED: Final = "nothing is graded yet"
ONLY_EXTRA_WORK: Final = "only extra work so far, which needs other work to add to"


@dataclass(frozen=True, slots=True)
class AssignmentLine:
    """An assignment in the course; *score* is None if there is nothing to grade yet.

    An *extra* assignment adds to the score, not to the maximum; an *excused* one to neither.
    *pending* are the points that a person has yet to grade: they count neither way until then.
    An assignment that is not due counts neither way, so that beginning it lowers no total.
    """

    id: str
    title: str
    category: str
    score: Fraction | None
    possible: Fraction
    extra: bool = False
    excused: bool = False
    waiting: bool = False
    pending: Score = NO_SCORE
    is_due: bool = True

    @property
    def is_counted(self) -> bool:
        """Whether the assignment enters the total."""
        return self.score is not None and not self.excused and self.is_due

    @property
    def ungraded_score(self) -> Score:
        """The points left out until graded; none for extra work, which is in no maximum."""
        return NO_SCORE if self.extra or not self.is_counted else self.pending

    @property
    def graded_score(self) -> Score:
        """The score and maximum that count now."""
        return Score(self.score or ZERO, self.possible).subtract(self.ungraded_score)


@dataclass(frozen=True, slots=True)
class GradeCategory:
    """Assignments that count together with a *weight*; the lowest *drop_lowest* are dropped."""

    id: str
    weight: Fraction
    drop_lowest: int = 0


@dataclass(frozen=True, slots=True)
class _AssignmentTotal:
    """The total of the assignments of a category; *percent* is None if nothing counts yet."""

    percent: Fraction | None
    lines: Sequence[AssignmentLine]
    breakdowns: tuple[ScoreBreakdown, ...]


def compute_course_grade(
    assignments: Sequence[AssignmentLine], categories: Sequence[GradeCategory] = ()
) -> ComputedGrade:
    """Return the course grade so far out of 100 percent; 0 out of 0 if nothing counts yet.

    Categories without a graded assignment leave their weight to the others, in proportion. Without
    categories the points are added up. An assignment outside the categories does not count, nor do
    points that wait for grading; an assignment with such points is never dropped as the lowest.
    """
    excused = [
        _build_exclusion_remark(assignment, "excused")
        for assignment in assignments
        if assignment.excused
    ]
    not_due = [
        _build_exclusion_remark(assignment, "it is not due yet")
        for assignment in assignments
        if assignment.score is not None and not assignment.excused and not assignment.is_due
    ]
    excluded = [*excused, *not_due]
    if not categories:
        only = _compute_assignments_total(TOTAL, assignments, 0)
        return _build_course_grade(only.percent, [*excluded, *only.breakdowns], assignments)
    ids = {category.id for category in categories}
    outside = [
        _build_exclusion_remark(assignment, "it is in no category")
        for assignment in assignments
        if assignment.category not in ids and not assignment.excused
    ]
    sums = [(category, _compute_category_total(category, assignments)) for category in categories]
    percent, total = _compute_weighted_mean(sums)
    below = [breakdown for _, summed in sums for breakdown in summed.breakdowns]
    lines = [line for _, summed in sums for line in summed.lines]
    return _build_course_grade(percent, [*excluded, *outside, *below, total], lines)


def _build_course_grade(
    percent: Fraction | None, breakdowns: Sequence[ScoreBreakdown], lines: Sequence[AssignmentLine]
) -> ComputedGrade:
    """Return the grade of a course with these *lines*, with the points in them that wait."""
    possible = ZERO if percent is None else Fraction(100)
    waiting = any(line.waiting and not line.excused and line.is_due for line in lines)
    pending = sum_scores(line.ungraded_score for line in lines if line.waiting)
    return ComputedGrade(percent or ZERO, possible, waiting, lambda: tuple(breakdowns), pending)


def _compute_category_total(
    category: GradeCategory, assignments: Sequence[AssignmentLine]
) -> _AssignmentTotal:
    lines = [assignment for assignment in assignments if assignment.category == category.id]
    return _compute_assignments_total(category.id, lines, category.drop_lowest)


def _compute_assignments_total(
    about: str, lines: Sequence[AssignmentLine], drop_lowest: int
) -> _AssignmentTotal:
    """Return the total of graded, not excused assignments without the *drop_lowest* lowest."""
    graded = {line.id: (line, line.graded_score) for line in lines if line.is_counted}
    droppable = {name: mark for name, (line, mark) in graded.items() if not line.extra}
    dropped = select_lowest_to_drop(
        droppable, drop_lowest, waiting=[line.id for line in lines if line.waiting]
    )
    remaining = {name: pair for name, pair in graded.items() if name not in dropped}
    total = Score(
        sum_fractions(mark.score for _, mark in remaining.values()),
        sum_fractions(mark.possible for name, (_, mark) in remaining.items() if name in droppable),
    )
    drops = [
        _build_exclusion_remark(graded[name][0], f"the lowest of {about}")
        for name in droppable
        if name in dropped
    ]
    if not total.possible:
        why = (
            ONLY_EXTRA_WORK if any(line.extra for line, _ in remaining.values()) else NOTHING_GRADED
        )
        return _AssignmentTotal(None, lines, (*drops, build_remark_breakdown(about, "empty", why)))
    steps = [
        BreakdownStep("assignment", mark.score, _describe_assignment(line), "plus")
        for line, mark in remaining.values()
    ]
    steps += [
        BreakdownStep("score", total.score, format_maximum(total.possible), "total"),
        BreakdownStep("percent", total.percent, "%", "total"),
    ]
    return _AssignmentTotal(total.percent, lines, (*drops, ScoreBreakdown(about, tuple(steps))))


def _compute_weighted_mean(
    sums: Sequence[tuple[GradeCategory, _AssignmentTotal]],
) -> tuple[Fraction | None, ScoreBreakdown]:
    """Return the weighted mean of the categories that have a percentage, and its breakdown."""
    shares = [
        (category, summed.percent)
        for category, summed in sums
        if summed.percent is not None and category.weight > 0
    ]
    whole = sum_fractions(category.weight for category, _ in shares)
    if not shares:
        return None, build_remark_breakdown(TOTAL, "empty", NOTHING_GRADED)
    steps = [
        BreakdownStep(
            "category",
            percent * category.weight / whole,
            f"{category.id}: {format_rounded_number(percent)} % "
            f"× {format_factor(category.weight / whole)}",
            "plus",
        )
        for category, percent in shares
    ]
    total = sum_fractions(step.value for step in steps)
    return total, ScoreBreakdown(TOTAL, (*steps, BreakdownStep("percent", total, "%", "total")))


def _build_exclusion_remark(line: AssignmentLine, why: str) -> ScoreBreakdown:
    return build_remark_breakdown(line.title, "left_out", f"does not count: {why}")


def _describe_assignment(line: AssignmentLine) -> str:
    """Return the title, and how the assignment counts if not as usual."""
    if line.extra:
        return f"{line.title}, extra"
    waits = line.ungraded_score.possible
    return f"{line.title}, without {format_ungraded_points(waits)}" if waits else line.title
