"""Lifecycle of assignments: create, change, publish, release, delete."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, Invalid
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Enrolment, Grade, Submission
from api.http.validation_errors import wrong_fields
from api.schemas.assignments.assignments import (
    AssignmentChanged,
    AssignmentIn,
    AssignmentPatch,
    Released,
    ReleaseIn,
    StaffAssignment,
)
from api.schemas.shared.patching import changed
from api.schemas.shared.setting import grade_settings
from api.services.assignments.pinned_versions import pinned
from api.services.assignments.settings import check, settings_of, write
from api.services.assignments.viewing import staff_view
from api.services.audit.change_context import Act, differences
from api.services.courses.active_students import PRESENT
from api.services.grades.effects import settle
from api.services.review.readiness import readiness

__all__ = ["change", "create", "delete", "publish", "release", "shown", "touch", "unpublish"]


def shown(session: Session, act: Act, row: Assignment) -> StaffAssignment:
    """Return an assignment with all its current settings."""
    session.flush()
    return staff_view(row, act.course, pinned(session, [row.id])[row.id], now=act.now)


def touch(row: Assignment) -> None:
    """Increment the version of an assignment."""
    row.version += 1


def create(session: Session, act: Act, values: AssignmentIn) -> Assignment:
    """Create an unpublished assignment."""
    check(session, act.course, values, None)
    _check_slug(session, act, values.slug, None)
    row = Assignment(
        id=new_id(),
        course_id=act.course.id,
        position=_end(session, act.course.id),
        created_at=act.now,
        version=1,
    )
    write(row, values, act.course)
    session.add(row)
    session.flush()
    act.record(session, "assignment.created", ("assignment", row.id), change=({}, settings_of(row)))
    return row


def _end(session: Session, course_id: UUID) -> int:
    last = session.scalar(
        select(func.max(Assignment.position)).where(
            Assignment.course_id == course_id, Assignment.deleted_at.is_(None)
        )
    )
    return 0 if last is None else last + 1


def _check_slug(session: Session, act: Act, slug: str, row: Assignment | None) -> None:
    """Raise `Conflict` if another assignment of the course has the slug."""
    other = session.scalar(
        select(Assignment.id).where(Assignment.course_id == act.course.id, Assignment.slug == slug)
    )
    if other is not None and (row is None or other != row.id):
        raise Conflict("The course has an assignment of this short name; choose another.")


def change(session: Session, act: Act, row: Assignment, body: AssignmentPatch) -> AssignmentChanged:
    """Change settings of an assignment and recompute all grades that depend on them."""
    given = changed(body)
    with act.trial(session):
        before = settings_of(row)
        values = _merged(row, given)
        check(session, act.course, values, row)
        _check_slug(session, act, values.slug, row)
        write(row, values, act.course)
        told = differences(before, settings_of(row))
        if any(told):
            touch(row)
            act.record(session, "assignment.changed", ("assignment", row.id), change=told)
        moves = [row] if grade_settings(AssignmentIn) & told[1].keys() else []
        effect = settle(session, act, moves, cause=act.cause("settings", row.id))
        return AssignmentChanged(assignment=shown(session, act, row), effect=effect)


def _merged(row: Assignment, given: dict[str, object]) -> AssignmentIn:
    """Return the settings of *row* with the values of *given* in place of the old ones."""
    try:
        return AssignmentIn.model_validate(settings_of(row) | given)
    except ValidationError as error:
        places = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise Invalid.named(wrong_fields(places)) from error


def publish(session: Session, act: Act, row: Assignment) -> None:
    """Publish an assignment, so that students see it from its release on."""
    if row.published_at is not None:
        return
    there = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == row.id, AssignmentProblem.removed_at.is_(None)
    )
    if session.scalar(there.limit(1)) is None:
        raise Conflict("The assignment has no problem; add one before you publish it.")
    row.published_at = act.now
    touch(row)
    act.record(session, "assignment.published", ("assignment", row.id))


def unpublish(session: Session, act: Act, row: Assignment) -> None:
    """Hide an assignment from students.

    Raises `Conflict` if a student has submitted to it.
    """
    if row.published_at is None:
        return
    if _is_answered(session, row.id):
        raise Conflict("Students have handed in to this assignment, so it cannot be hidden again.")
    row.published_at = None
    touch(row)
    act.record(session, "assignment.unpublished", ("assignment", row.id))


def _is_answered(session: Session, assignment_id: UUID) -> bool:
    found = session.scalar(
        select(Submission.id)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .where(AssignmentProblem.assignment_id == assignment_id)
        .limit(1)
    )
    return found is not None


def delete(session: Session, act: Act, row: Assignment, *, confirmed: bool) -> None:
    """Delete an assignment: submissions are kept, and its slug becomes free."""
    if not confirmed and _is_answered(session, row.id):
        raise Conflict(
            "Students have handed in to this assignment. What they handed in is kept, but it "
            "counts no more; send confirm=true to delete it."
        )
    act.record(session, "assignment.deleted", ("assignment", row.id), change=(settings_of(row), {}))
    row.deleted_at = act.now
    row.slug = f"{row.slug}~{row.id.hex[-12:]}"
    touch(row)


def release(session: Session, act: Act, row: Assignment, body: ReleaseIn) -> Released:
    """Release results or solutions now, or return them to the rule of the assignment."""
    before = _released(row)
    if body.results is None and body.solutions is None:
        said = "says whether results are shown from now on; give it or solutions"
        raise Invalid.of("results", said)
    if body.results is not None:
        row.results_released_at = act.now if body.results else None
    if body.solutions is not None:
        row.solutions_released_at = act.now if body.solutions else None
    touch(row)
    told = before, _released(row)
    act.record(session, "assignment.released", ("assignment", row.id), change=told)
    asked = act.member if body.results or body.solutions else None
    warnings = readiness(session, asked, row, now=act.now).warnings if asked else ()
    return Released(
        assignment=shown(session, act, row), waiting=_waiting(session, row), warnings=warnings
    )


def _waiting(session: Session, row: Assignment) -> int:
    """Return how many students of the course wait for a person to grade their work."""
    found = session.scalar(
        select(func.count())
        .select_from(Grade)
        .join(Enrolment, Enrolment.user_id == Grade.student_id)
        .where(
            Grade.assignment_id == row.id,
            Grade.waiting,
            Enrolment.course_id == row.course_id,
            *PRESENT,
        )
    )
    return found or 0


def _released(row: Assignment) -> dict[str, str | None]:
    given = {"results": row.results_released_at, "solutions": row.solutions_released_at}
    return {name: at.isoformat() if at else None for name, at in given.items()}
