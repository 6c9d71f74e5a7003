"""Views of assignments for staff and for students."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.clock import to_micros
from api.core.errors import NotFound
from api.db.models import Assignment, Course
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment, StudentProblem
from api.services.assignments.pinned_versions import Pinned, pinned, posed_settings
from api.services.assignments.rules import own_timeline, rules_of
from api.services.assignments.settings import settings_of
from api.services.gradebook.book import posed_problems
from api.services.grades.assignment import PosedProblem
from api.services.problems.versions import titles_of_parts
from api.services.student.times import times
from grader.policy import Rules

__all__ = ["in_course", "one_for", "staff_view", "titles_in"]

TITLES: Final = (
    select(Assignment.id, Assignment.title)
    .where(Assignment.course_id == bindparam("course"), Assignment.deleted_at.is_(None))
    .order_by(Assignment.position, Assignment.id)
)


def titles_in(session: Session, course_id: UUID) -> dict[UUID, str]:
    """Return the titles of all assignments of a course, for staff, in order."""
    rows = session.execute(TITLES, {"course": course_id})
    return {row[0]: row[1] for row in rows}


def in_course(
    session: Session, member: Member, *, category: str | None, now: datetime
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    """Return the assignments of a course that *member* may see, in order.

    The number of queries does not depend on the number of assignments.
    """
    found = select(Assignment).where(
        Assignment.course_id == member.course.id, Assignment.deleted_at.is_(None)
    )
    if category is not None:
        found = found.where(Assignment.category == category)
    if not member.is_staff:
        found = found.where(Assignment.published_at.is_not(None))
    rows = session.scalars(found.order_by(Assignment.position, Assignment.id)).all()
    return _shown(session, member, rows, now=now)


def one_for(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> StaffAssignment | StudentAssignment:
    """Return an assignment as *member* sees it.

    Raises `NotFound` for a student before the release.
    """
    shown = _shown(session, member, [assignment], now=now)
    if not shown:
        raise NotFound("There is no such assignment.")
    return shown[0][1]


def _shown(
    session: Session, member: Member, rows: Sequence[Assignment], *, now: datetime
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    ids = [row.id for row in rows]
    if member.is_staff:
        problems = pinned(session, ids)
        return [(row, staff_view(row, member.course, problems[row.id], now=now)) for row in rows]
    posed, held = posed_problems(session, ids), rules_of(session, member, rows)
    zone = member.course.zone
    return [
        (row, _student_view(row, posed.get(row.id, ()), held[row.id], zone=zone, now=now))
        for row in rows
        if held[row.id].released(to_micros(now))
    ]


def staff_view(
    row: Assignment, course: Course, problems: Iterable[Pinned], *, now: datetime
) -> StaffAssignment:
    """Return an assignment with all its settings, for staff."""
    return StaffAssignment.model_validate(
        settings_of(row)
        | {
            "id": row.id,
            "course": row.course_id,
            "times": times(Rules((own_timeline(row, course),)), course.zone, now=now),
            "results_released_at": row.results_released_at,
            "solutions_released_at": row.solutions_released_at,
            "published_at": row.published_at,
            "problems": tuple(posed_settings(one) for one in problems),
            "version": row.version,
        }
    )


def _student_view(
    row: Assignment, problems: Iterable[PosedProblem], held: Rules, *, zone: str, now: datetime
) -> StudentAssignment:
    told = settings_of(row)
    same = ("slug", "title", "instructions", "category", "results", "solutions", "extra")
    return StudentAssignment(
        id=row.id,
        course=row.course_id,
        times=times(held, zone, now=now),
        late_days=row.timeline.get("late_days", 0),
        attempts=held.attempts,
        cool_down_seconds=held.cool_down // 1_000_000,
        by_attempt=held.by_attempt,
        regrade_days=row.regrade_days,
        regrade_limit=row.regrade_limit,
        problems=tuple(_student_problem(one) for one in problems),
        **{name: told[name] for name in same},
    )


def _student_problem(one: PosedProblem) -> StudentProblem:
    return StudentProblem(
        problem=one.row.slug,
        title=one.version.title,
        points=one.points,
        extra=one.row.extra,
        part_titles=titles_of_parts(one.version.parts),
    )
