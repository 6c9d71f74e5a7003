"""Assignments as staff and as students see them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.clock import to_micros
from api.errors import NotFound
from api.schemas.assignments import StaffAssignment, StudentAssignment, StudentProblem
from api.schemas.timeline import ExtensionSpec
from api.services.access import Member
from api.services.assignments.pinned import Pinned, pinned, posed_settings
from api.services.assignments.values import settings_of
from api.services.rules import Granted, own_timeline, rules
from api.services.student.times import times
from api.tables import Assignment, Course, Extension, LateDays
from grader.policy import Rules

__all__ = ["in_course", "one_for", "rules_of_student", "staff_view"]


def in_course(
    session: Session, member: Member, *, category: str | None, now: datetime
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    """Return the assignments of a course that *member* may see, in their order.

    A number of queries that does not grow with them.
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
    """Return an assignment as *member* sees it; `NotFound` for a student before its release."""
    shown = _shown(session, member, [assignment], now=now)
    if not shown:
        raise NotFound("There is no such assignment.")
    return shown[0][1]


def _shown(
    session: Session, member: Member, rows: Sequence[Assignment], *, now: datetime
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    problems = pinned(session, [row.id for row in rows])
    if member.is_staff:
        return [(row, staff_view(row, member.course, problems[row.id], now=now)) for row in rows]
    held = rules_of_student(session, member, rows)
    zone = member.course.zone
    return [
        (row, _student_view(row, problems[row.id], held[row.id], zone=zone, now=now))
        for row in rows
        if held[row.id].released(to_micros(now))
    ]


def staff_view(
    row: Assignment, course: Course, problems: Iterable[Pinned], *, now: datetime
) -> StaffAssignment:
    """Return an assignment with all its settings."""
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
    row: Assignment, problems: Iterable[Pinned], held: Rules, *, zone: str, now: datetime
) -> StudentAssignment:
    told = settings_of(row)
    same = ("slug", "title", "instructions", "category", "results", "solutions", "extra")
    return StudentAssignment(
        id=row.id,
        course=row.course_id,
        times=times(held, zone, now=now),
        attempts=held.attempts,
        cool_down_seconds=held.cool_down // 1_000_000,
        by_attempt=held.by_attempt,
        regrade_days=row.regrade_days,
        regrade_limit=row.regrade_limit,
        problems=tuple(_student_problem(one) for one in problems),
        **{name: told[name] for name in same},
    )


def _student_problem(one: Pinned) -> StudentProblem:
    shown = posed_settings(one)
    return StudentProblem(
        problem=shown.problem, title=shown.title, points=shown.points, extra=shown.extra
    )


def rules_of_student(
    session: Session, member: Member, rows: Sequence[Assignment]
) -> Mapping[UUID, Rules]:
    """Return the rules for whose work it is in each of *rows*, by two queries for all of them."""
    specs: defaultdict[UUID | None, list[ExtensionSpec]] = defaultdict(list)
    for one in _extensions(session, member):
        specs[one.assignment_id].append(ExtensionSpec.model_validate(one.spec))
    found = session.execute(
        select(LateDays.assignment_id, LateDays.days)
        .join(Assignment, Assignment.id == LateDays.assignment_id)
        .where(
            Assignment.course_id == member.course.id,
            Assignment.deleted_at.is_(None),
            LateDays.student_id == member.student_id,
        )
    )
    days = {row[0]: row[1] for row in found}
    spent = sum(days.values())
    return {
        row.id: rules(
            row,
            member.course,
            Granted((*specs[None], *specs[row.id]), days.get(row.id, 0), spent),
        )
        for row in rows
    }


def _extensions(session: Session, member: Member) -> Iterable[Extension]:
    whose = Extension.student_id == member.student_id
    if member.section_id is not None:
        whose = or_(whose, Extension.section_id == member.section_id)
    return session.scalars(
        select(Extension).where(
            Extension.course_id == member.course.id, Extension.withdrawn_at.is_(None), whose
        )
    )
