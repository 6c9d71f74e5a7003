"""Views of assignments for staff and for students."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import to_micros
from api.core.errors import NotFound
from api.db.models import Assignment, Course
from api.schemas.assignments.assignments import StaffAssignment, StudentAssignment, StudentProblem
from api.services.assignments.pinned_versions import (
    PinnedProblem,
    load_pinned_problems,
    serialize_problem_settings,
)
from api.services.assignments.rules import build_base_timeline, load_student_rules
from api.services.assignments.settings import serialize_settings
from api.services.gradebook.gradebook_data import load_assigned_problems
from api.services.grades.assignment import VersionedProblem
from api.services.problems.versions import part_titles
from api.services.student.times import serialize_times
from grader.policy import SubmissionRules

NOT_FOUND_MESSAGE: Final = "There is no such assignment."
TITLES: Final = (
    select(Assignment.id, Assignment.title)
    .where(Assignment.course_id == bindparam("course"), Assignment.deleted_at.is_(None))
    .order_by(Assignment.position, Assignment.id)
)


def load_titles(session: Session, course_id: UUID) -> dict[UUID, str]:
    """Return the titles of all assignments of a course, for staff, in order."""
    rows = session.execute(TITLES, {"course": course_id})
    return {row[0]: row[1] for row in rows}


def list_assignments(
    session: Session, member: CourseMembership, *, category: str | None, now: datetime
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    """Return the assignments of a course that *member* may see, in order.

    The number of queries does not depend on the number of assignments.
    """
    query = select(Assignment).where(
        Assignment.course_id == member.course.id, Assignment.deleted_at.is_(None)
    )
    if category is not None:
        query = query.where(Assignment.category == category)
    if not member.is_staff:
        query = query.where(Assignment.published_at.is_not(None))
    rows = session.scalars(query.order_by(Assignment.position, Assignment.id)).all()
    return _build_views(session, member, rows, now=now)


def build_assignment_view(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> StaffAssignment | StudentAssignment:
    """Return an assignment as *member* sees it.

    Raises `NotFound` for a student before the release, unless staff view as the test student.
    """
    views = _build_views(session, member, [assignment], now=now, with_drafts=True)
    if not views:
        raise NotFound(NOT_FOUND_MESSAGE)
    return views[0][1]


def require_released(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> None:
    """Raise `NotFound` where `build_assignment_view` does, without the view."""
    if member.is_staff or member.previews_drafts:
        return
    rules = load_student_rules(session, member, [assignment])[assignment.id]
    if not rules.is_released(to_micros(now)):
        raise NotFound(NOT_FOUND_MESSAGE)


def _build_views(
    session: Session,
    member: CourseMembership,
    rows: Sequence[Assignment],
    *,
    now: datetime,
    with_drafts: bool = False,
) -> list[tuple[Assignment, StaffAssignment | StudentAssignment]]:
    ids = [row.id for row in rows]
    if member.is_staff:
        problems = load_pinned_problems(session, ids)
        return [
            (row, build_staff_view(row, member.course, problems[row.id], now=now)) for row in rows
        ]
    assigned, rules = (
        load_assigned_problems(session, ids),
        load_student_rules(session, member, rows),
    )
    zone = member.course.zone
    return [
        (row, _build_student_view(row, assigned.get(row.id, ()), rules[row.id], zone=zone, now=now))
        for row in rows
        if rules[row.id].is_released(to_micros(now)) or (with_drafts and member.previews_drafts)
    ]


def build_staff_view(
    row: Assignment, course: Course, problems: Iterable[PinnedProblem], *, now: datetime
) -> StaffAssignment:
    """Return an assignment with all its settings, for staff."""
    return StaffAssignment.model_validate(
        serialize_settings(row)
        | {
            "id": row.id,
            "course": row.course_id,
            "times": serialize_times(
                SubmissionRules((build_base_timeline(row, course),)), course.zone, now=now
            ),
            "results_released_at": row.results_released_at,
            "solutions_released_at": row.solutions_released_at,
            "published_at": row.published_at,
            "problems": tuple(serialize_problem_settings(problem) for problem in problems),
            "version": row.version,
        }
    )


def _build_student_view(
    row: Assignment,
    problems: Iterable[VersionedProblem],
    rules: SubmissionRules,
    *,
    zone: str,
    now: datetime,
) -> StudentAssignment:
    settings = serialize_settings(row)
    same = ("slug", "title", "instructions", "category", "results", "solutions", "extra")
    return StudentAssignment(
        id=row.id,
        course=row.course_id,
        times=serialize_times(rules, zone, now=now),
        late_days=row.timeline.get("late_days", 0),
        attempts=rules.attempts,
        cool_down_seconds=rules.cool_down // 1_000_000,
        by_attempt=rules.by_attempt,
        regrade_days=row.regrade_days,
        regrade_limit=row.regrade_limit,
        problems=tuple(_build_student_problem(problem) for problem in problems),
        **{name: settings[name] for name in same},
    )


def _build_student_problem(problem: VersionedProblem) -> StudentProblem:
    return StudentProblem(
        problem=problem.row.slug,
        title=problem.version.title,
        points=problem.points,
        extra=problem.row.extra,
        part_titles=part_titles(problem.version.parts),
    )
