"""Course totals of the gradebook, computed from its cells."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import to_micros
from api.db.models import Assignment
from api.db.models.base import parse_exact
from api.services.assignments.release import compute_results_visibility
from api.services.gradebook.cells import GradeCell, StoredNumbers, load_cells, parse_score
from api.services.gradebook.gradebook_data import GradebookData, load_gradebook, parse_categories
from api.services.gradebook.students import load_student
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
        is_due=cell.is_due,
    )


def load_my_total(session: Session, member: CourseMembership, *, now: datetime) -> CourseTotal:
    """Return the total of a student from the assignments with released results.

    It is that of the student's page of grades, without what that page needs besides.
    """
    student = load_student(session, member.course.id, member.student_id)
    book = load_gradebook(session, member.course, [student], reader=member)
    cells = load_cells(session, book, now=now)[student.id]
    lines = []
    for assignment, cell in zip(book.assignments, cells, strict=True):
        rules = book.rules_for(assignment, student)
        results = compute_results_visibility(assignment, rules, now=now)
        if results.now and rules.is_released(to_micros(now)):
            lines.append(to_assignment_line(assignment, cell))
    graded = compute_course_grade(lines, parse_categories(book.course))
    percent = graded.score if graded.possible else None
    return CourseTotal(percent, graded.waiting, graded.pending.possible)


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
            tuple((one.stored_numbers, one.waiting, one.excused, one.is_due) for one in row),
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
    cell_fields: tuple[tuple[StoredNumbers, bool, bool, bool], ...],
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
    is_due: bool,  # noqa: FBT001
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
        is_due,
    )
