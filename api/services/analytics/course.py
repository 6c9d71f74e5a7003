"""Comparison of the assignments of a course: grades and times of submission."""

from collections import Counter, defaultdict
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Course,
    Draw,
    Grade,
    ProblemProgress,
)
from api.schemas.analytics.assignment import AssignmentSummary, CourseAnalytics, HandedIn
from api.schemas.analytics.statistics import DistributionOut
from api.services.analytics.overview import (
    PERCENT,
    build_grade_distribution_queries,
    count_students,
)
from api.services.analytics.queries.answer_filters import StudentQuery, select_students
from api.services.analytics.queries.distributions import read_distribution
from api.services.analytics.queries.query_batch import (
    ResultRows,
    cast_id_to_hex,
    cast_timestamp_to_micros,
    run_queries,
)
from api.services.analytics.summary import load_course_mistakes
from api.services.enrolment.sections import check_section_exists

LATENESS_BINS_HOURS: Final = (-168, -72, -24, -12, -6, -3, -1, 0, 24, 72)
"""Upper ends of the bins that count submissions, in hours after the due time."""
UuidColumn: TypeAlias = InstrumentedAttribute[UUID]
LATER_BIN: Final = 1_000
MICROSECONDS_PER_HOUR: Final = 3_600_000_000
"""Microseconds per hour; timestamps are stored in microseconds."""


def compute_course_analytics(
    session: Session, course: Course, *, section: UUID | None
) -> CourseAnalytics:
    """Return a summary of each published assignment, with a fixed number of queries."""
    check_section_exists(session, course.id, section)
    students = select_students(course.id, section)
    assignments = session.scalars(
        select(Assignment)
        .where(
            Assignment.course_id == course.id,
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
        )
        .order_by(Assignment.position, Assignment.id)
    ).all()
    statistics = _CourseStatistics(session, course, students)
    summaries = tuple(statistics.summarize(assignment) for assignment in assignments)
    return CourseAnalytics(
        course=course.id,
        section=section,
        students=count_students(session, students),
        assignments=summaries,
        mistakes=load_course_mistakes(session, students, summaries),
    )


class _CourseStatistics:
    """Data of all assignments of a course, loaded with one query per kind of figure."""

    def __init__(self, session: Session, course: Course, students: StudentQuery) -> None:
        self.session, self.course, self.students = session, course, students
        self.opened_counts = self._count_students_who_opened()
        self.penalized_counts = self._count_late_penalized_students()
        self.grade_rows = self._load_grade_rows()
        self.lateness_counts = self._count_students_by_lateness()

    def summarize(self, assignment: Assignment) -> AssignmentSummary:
        """Return the summary of one assignment."""
        times = self.lateness_counts.get(assignment.id, Counter())
        handed_in = sum(times.values())
        after = sum(
            count for end, count in times.items() if end > 0 and assignment.due_at is not None
        )
        return AssignmentSummary(
            assignment=assignment.id,
            slug=assignment.slug,
            title=assignment.title,
            due_at=assignment.due_at,
            opened=self.opened_counts.get(assignment.id, 0),
            handed_in=handed_in,
            grades=DistributionOut.model_validate(
                read_distribution("grades", self.grade_rows, PERCENT, assignment.id.hex)
            ),
            times=() if assignment.due_at is None else tuple(_serialize_lateness(times)),
            after_due=after,
            late_share=after / handed_in if handed_in else None,
            penalised=self.penalized_counts.get(assignment.id, 0),
        )

    def _count_students_who_opened(self) -> dict[UUID, int]:
        return self._count_students_by_assignment(Draw.student_id, Draw.problem_id)

    def _count_late_penalized_students(self) -> dict[UUID, int]:
        return self._count_students_by_assignment(
            Answer.student_id, Answer.problem_id, Answer.late != 1
        )

    def _count_students_by_assignment(
        self, student: UuidColumn, problem: UuidColumn, *more: ColumnElement[bool]
    ) -> dict[UUID, int]:
        """Return the number of students with at least one row, by assignment."""
        rows = self.session.execute(
            select(Assignment.id, func.count(student.distinct()))
            .join(AssignmentProblem, AssignmentProblem.assignment_id == Assignment.id)
            .where(
                problem == AssignmentProblem.id,
                Assignment.course_id == self.course.id,
                AssignmentProblem.removed_at.is_(None),
                student.in_(self.students),
                *more,
            )
            .group_by(Assignment.id)
        )
        return {row[0]: row[1] for row in rows}

    def _load_grade_rows(self) -> dict[str, ResultRows]:
        grade_keys = select(cast_id_to_hex(Grade.assignment_id).label("key")).where(
            Grade.assignment_id == Assignment.id,
            Assignment.course_id == self.course.id,
            Grade.student_id.in_(self.students),
        )
        return run_queries(self.session, build_grade_distribution_queries(grade_keys))

    def _count_students_by_lateness(self) -> dict[UUID, Counter[int]]:
        """Count students by the span of hours of their last submission, for each assignment."""
        last = (
            select(
                AssignmentProblem.assignment_id,
                ProblemProgress.student_id,
                func.max(ProblemProgress.last_at).label("last_at"),
            )
            .join(AssignmentProblem, AssignmentProblem.id == ProblemProgress.problem_id)
            .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
            .where(
                Assignment.course_id == self.course.id,
                AssignmentProblem.removed_at.is_(None),
                ProblemProgress.student_id.in_(self.students),
                ProblemProgress.last_at.is_not(None),
            )
            .group_by(AssignmentProblem.assignment_id, ProblemProgress.student_id)
            .subquery()
        )
        late = cast_timestamp_to_micros(last.c.last_at) - cast_timestamp_to_micros(
            Assignment.due_at
        )
        ends = [(late <= hours * MICROSECONDS_PER_HOUR, hours) for hours in LATENESS_BINS_HOURS]
        span = case(*ends, else_=LATER_BIN).label("span")
        rows = self.session.execute(
            select(last.c.assignment_id, span, func.count())
            .join(Assignment, Assignment.id == last.c.assignment_id)
            .group_by(last.c.assignment_id, span)
        )
        counts: defaultdict[UUID, Counter[int]] = defaultdict(Counter)
        for assignment, end, count in rows:
            counts[assignment][end] = count
        return counts


def _serialize_lateness(times: Counter[int]) -> list[HandedIn]:
    rows = [HandedIn(hours=hours, count=times[hours]) for hours in LATENESS_BINS_HOURS]
    return [*rows, HandedIn(hours=None, count=times[LATER_BIN])]
