"""Comparison of the assignments of a course: grades and times of submission."""

from collections import Counter, defaultdict
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.db.models import Answer, Assignment, AssignmentProblem, Course, Draw, Grade, Standing
from api.schemas.analytics.assignment import AssignmentSummary, CourseAnalytics, HandedIn
from api.schemas.analytics.figures import DistributionOut
from api.services.analytics.overview import PERCENT, grades_asked, how_many
from api.services.analytics.queries.answers import Students, check_section, counted
from api.services.analytics.queries.distributions import spread_of
from api.services.analytics.queries.query_batch import Rows, ask, hex_of, micros_of

__all__ = ["course_analytics"]

HOURS: Final = (-168, -72, -24, -12, -6, -3, -1, 0, 24, 72)
"""The ends of the spans in which hand-ins are counted: hours after the time that it was due."""
Column: TypeAlias = InstrumentedAttribute[UUID]
LATER: Final = 1_000
HOUR: Final = 3_600_000_000
"""In microseconds, in which moments are stored."""


def course_analytics(session: Session, course: Course, *, section: UUID | None) -> CourseAnalytics:
    """Return a summary of each published assignment, with a fixed number of queries."""
    check_section(session, course.id, section)
    students = counted(course.id, section)
    assignments = session.scalars(
        select(Assignment)
        .where(
            Assignment.course_id == course.id,
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
        )
        .order_by(Assignment.position, Assignment.id)
    ).all()
    read = _Read(session, course, students)
    return CourseAnalytics(
        course=course.id,
        section=section,
        students=how_many(session, students),
        assignments=tuple(read.summary(one) for one in assignments),
    )


class _Read:
    """Data of all assignments of a course, loaded with one query per kind of figure."""

    def __init__(self, session: Session, course: Course, students: Students) -> None:
        self.session, self.course, self.students = session, course, students
        self.opened = self._opened()
        self.penalised = self._penalised()
        self.grades = self._grades()
        self.times = self._times()

    def summary(self, one: Assignment) -> AssignmentSummary:
        """Return the summary of one assignment."""
        times = self.times.get(one.id, Counter())
        handed_in = sum(times.values())
        after = sum(count for end, count in times.items() if end > 0 and one.due_at is not None)
        return AssignmentSummary(
            assignment=one.id,
            slug=one.slug,
            title=one.title,
            due_at=one.due_at,
            opened=self.opened.get(one.id, 0),
            handed_in=handed_in,
            grades=DistributionOut.model_validate(
                spread_of("grades", self.grades, PERCENT, one.id.hex)
            ),
            times=() if one.due_at is None else tuple(_rows(times)),
            after_due=after,
            late_share=after / handed_in if handed_in else None,
            penalised=self.penalised.get(one.id, 0),
        )

    def _opened(self) -> dict[UUID, int]:
        return self._count(Draw.student_id, Draw.problem_id)

    def _penalised(self) -> dict[UUID, int]:
        return self._count(Answer.student_id, Answer.problem_id, Answer.late != 1)

    def _count(
        self, student: Column, problem: Column, *more: ColumnElement[bool]
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

    def _grades(self) -> dict[str, Rows]:
        own = select(hex_of(Grade.assignment_id).label("key")).where(
            Grade.assignment_id == Assignment.id,
            Assignment.course_id == self.course.id,
            Grade.student_id.in_(self.students),
        )
        return ask(self.session, grades_asked(own))

    def _times(self) -> dict[UUID, Counter[int]]:
        """Count students by the span of hours of their last submission, for each assignment."""
        last = (
            select(
                AssignmentProblem.assignment_id,
                Standing.student_id,
                func.max(Standing.last_at).label("last_at"),
            )
            .join(AssignmentProblem, AssignmentProblem.id == Standing.problem_id)
            .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
            .where(
                Assignment.course_id == self.course.id,
                AssignmentProblem.removed_at.is_(None),
                Standing.student_id.in_(self.students),
                Standing.last_at.is_not(None),
            )
            .group_by(AssignmentProblem.assignment_id, Standing.student_id)
            .subquery()
        )
        late = micros_of(last.c.last_at) - micros_of(Assignment.due_at)
        ends = [(late <= hours * HOUR, hours) for hours in HOURS]
        span = case(*ends, else_=LATER).label("span")
        rows = self.session.execute(
            select(last.c.assignment_id, span, func.count())
            .join(Assignment, Assignment.id == last.c.assignment_id)
            .group_by(last.c.assignment_id, span)
        )
        found: defaultdict[UUID, Counter[int]] = defaultdict(Counter)
        for assignment, end, count in rows:
            found[assignment][end] = count
        return found


def _rows(times: Counter[int]) -> list[HandedIn]:
    rows = [HandedIn(hours=hours, count=times[hours]) for hours in HOURS]
    return [*rows, HandedIn(hours=None, count=times[LATER])]
