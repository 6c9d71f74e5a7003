"""Course totals of the gradebook, computed from its cells."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from api.db.models import Assignment
from api.db.models.base import parse_exact
from api.services.gradebook.cells import GradeCell, StoredNumbers, parse_score
from api.services.gradebook.gradebook_data import GradebookData, parse_categories
from grader.policy import NO_SCORE, AssignmentLine, GradeCategory, Score, compute_course_grade

TOTAL_CACHE_SIZE: Final = 20_000


class CourseTotal(NamedTuple):
    """Percentage in a course so far; None if nothing counts yet.

    It excludes *waiting_points*, which wait for grading.
    """

    percent: Fraction | None
    waiting: bool
    waiting_points: Fraction = Fraction(0)


def to_assignment_line(assignment: Assignment, cell: GradeCell) -> AssignmentLine:
    """Return the line of an assignment in the course grade."""
    return AssignmentLine(
        id=str(assignment.id),
        title=assignment.title,
        category=assignment.category,
        score=cell.score,
        possible=cell.possible,
        extra=assignment.extra,
        excused=cell.excused,
        waiting=cell.waiting,
        pending=cell.pending,
    )


def compute_totals(
    book: GradebookData, cells: Mapping[UUID, Sequence[GradeCell]]
) -> dict[UUID, CourseTotal]:
    """Return the total of each student, with drops and weights.

    The percentage is None if assignments are withheld, because it would reveal their scores.
    """
    assignment_fields = tuple(
        (str(assignment.id), assignment.category, assignment.extra)
        for assignment in book.assignments
    )
    categories = parse_categories(book.course)
    totals = {
        student: _compute_total(
            assignment_fields,
            tuple((one.stored_numbers, one.waiting, one.excused) for one in row),
            categories,
        )
        for student, row in cells.items()
    }
    if book.withheld:
        return {student: total._replace(percent=None) for student, total in totals.items()}
    return totals


@lru_cache(maxsize=TOTAL_CACHE_SIZE)
def _compute_total(
    assignment_fields: tuple[tuple[str, str, bool], ...],
    cell_fields: tuple[tuple[StoredNumbers, bool, bool], ...],
    categories: tuple[GradeCategory, ...],
) -> CourseTotal:
    """Return a total; cached, because every page needs a class's totals and few change."""
    lines = [
        _build_assignment_line(field, *mark)
        for field, mark in zip(assignment_fields, cell_fields, strict=True)
    ]
    graded = compute_course_grade(lines, categories)
    percent = graded.score if graded.possible else None
    return CourseTotal(percent, graded.waiting, graded.pending.possible)


def _build_assignment_line(
    assignment_fields: tuple[str, str, bool],
    stored_numbers: StoredNumbers,
    waiting: bool,  # noqa: FBT001 - the columns of a stored row
    excused: bool,  # noqa: FBT001
) -> AssignmentLine:
    name, category, extra = assignment_fields
    score, possible, pending_score, pending_possible = stored_numbers
    pending_share = (
        Score(parse_exact(pending_score), parse_exact(pending_possible)) if waiting else NO_SCORE
    )
    return AssignmentLine(
        name,
        "",
        category,
        parse_score(score),
        parse_exact(possible),
        extra,
        excused,
        waiting,
        pending_share,
    )
