"""Lifecycle of assignments: create, change, publish, release, delete."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, InvalidInput
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, Enrolment, Grade, Submission
from api.http.validation_errors import to_field_errors
from api.schemas.assignments.assignments import (
    AssignmentChanged,
    AssignmentIn,
    AssignmentPatch,
    Released,
    ReleaseIn,
    StaffAssignment,
)
from api.schemas.shared.patch_schemas import changed_fields
from api.schemas.shared.setting import list_grade_affecting_settings
from api.services.assignments.pinned_versions import load_pinned_problems
from api.services.assignments.settings import (
    apply_settings,
    change_points,
    check_settings,
    derive_free_slug,
    serialize_settings,
)
from api.services.assignments.views import build_staff_view
from api.services.audit.change_context import ChangeContext, diff_values
from api.services.courses.active_students import ACTIVE_PEOPLE
from api.services.grades.effects import recompute_grades
from api.services.review.readiness import assess_release_readiness


def serialize_assignment(session: Session, act: ChangeContext, row: Assignment) -> StaffAssignment:
    """Return an assignment with all its current settings."""
    session.flush()
    return build_staff_view(
        row, act.course, load_pinned_problems(session, [row.id])[row.id], now=act.now
    )


def increment_version(row: Assignment) -> None:
    """Increment the version of an assignment."""
    row.version += 1


def create_assignment(session: Session, act: ChangeContext, values: AssignmentIn) -> Assignment:
    """Create an unpublished assignment."""
    if not values.slug:
        values = values.model_copy(
            update={"slug": derive_free_slug(session, act.course, values.title)}
        )
    check_settings(session, act.course, values, None)
    _check_assignment_slug_free(session, act, values.slug, None)
    row = Assignment(
        id=new_id(),
        course_id=act.course.id,
        position=_next_position(session, act.course.id),
        created_at=act.now,
        version=1,
    )
    apply_settings(row, values, act.course)
    session.add(row)
    session.flush()
    act.record(
        session, "assignment.created", ("assignment", row.id), change=({}, serialize_settings(row))
    )
    return row


def _next_position(session: Session, course_id: UUID) -> int:
    last = session.scalar(
        select(func.max(Assignment.position)).where(
            Assignment.course_id == course_id, Assignment.deleted_at.is_(None)
        )
    )
    return 0 if last is None else last + 1


def _check_assignment_slug_free(
    session: Session, act: ChangeContext, slug: str, row: Assignment | None
) -> None:
    """Raise `Conflict` if another assignment of the course has the slug."""
    other = session.scalar(
        select(Assignment.id).where(Assignment.course_id == act.course.id, Assignment.slug == slug)
    )
    if other is not None and (row is None or other != row.id):
        raise Conflict("The course already has an assignment with this short name. Choose another.")


def update_assignment(
    session: Session, act: ChangeContext, row: Assignment, body: AssignmentPatch
) -> AssignmentChanged:
    """Change settings of an assignment and recompute all grades that depend on them."""
    changes = changed_fields(body)
    points = changes.pop("points", {})
    with act.rollback_if_dry_run(session):
        before = serialize_settings(row)
        values = _merge_settings(row, changes)
        check_settings(session, act.course, values, row)
        _check_assignment_slug_free(session, act, values.slug, row)
        apply_settings(row, values, act.course)
        difference = diff_values(before, serialize_settings(row))
        has_new_points = change_points(session, act, row, points)
        if any(difference):
            act.record(session, "assignment.changed", ("assignment", row.id), change=difference)
        if any(difference) or has_new_points:
            increment_version(row)
        affects_grades = (
            has_new_points or list_grade_affecting_settings(AssignmentIn) & difference[1].keys()
        )
        moves = [row] if affects_grades else []
        effect = recompute_grades(session, act, moves, cause=act.to_grade_cause("settings", row.id))
        return AssignmentChanged(assignment=serialize_assignment(session, act, row), effect=effect)


def _merge_settings(row: Assignment, changes: dict[str, object]) -> AssignmentIn:
    """Return the settings of *row* with the values of *changes* in place of the old ones."""
    try:
        return AssignmentIn.model_validate(serialize_settings(row) | changes)
    except ValidationError as error:
        details = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise InvalidInput.for_fields(to_field_errors(details)) from error


def publish_assignment(session: Session, act: ChangeContext, row: Assignment) -> None:
    """Publish an assignment, so that students see it from its release on."""
    if row.published_at is not None:
        return
    problems = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == row.id, AssignmentProblem.removed_at.is_(None)
    )
    if session.scalar(problems.limit(1)) is None:
        raise Conflict("The assignment has no problems. Add one before you publish it.")
    row.published_at = act.now
    increment_version(row)
    act.record(session, "assignment.published", ("assignment", row.id))


def unpublish_assignment(session: Session, act: ChangeContext, row: Assignment) -> None:
    """Hide an assignment from students.

    Raises `Conflict` if a student has submitted to it.
    """
    if row.published_at is None:
        return
    if has_submissions(session, row.id):
        raise Conflict(
            "Students have submitted work to this assignment, so it cannot be unpublished."
        )
    row.published_at = None
    increment_version(row)
    act.record(session, "assignment.unpublished", ("assignment", row.id))


def has_submissions(session: Session, assignment_id: UUID) -> bool:
    """Return whether a student has submitted to an assignment."""
    submission_id = session.scalar(
        select(Submission.id)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .where(AssignmentProblem.assignment_id == assignment_id)
        .limit(1)
    )
    return submission_id is not None


def delete_assignment(
    session: Session, act: ChangeContext, row: Assignment, *, confirmed: bool
) -> None:
    """Delete an assignment: submissions are kept, and its slug becomes free."""
    if not confirmed and has_submissions(session, row.id):
        raise Conflict(
            "Students have submitted work to this assignment. If you delete it, their submissions "
            "are kept but no longer count. Send confirm=true to delete it."
        )
    act.record(
        session, "assignment.deleted", ("assignment", row.id), change=(serialize_settings(row), {})
    )
    row.deleted_at = act.now
    row.slug = f"{row.slug}~{row.id.hex[-12:]}"
    increment_version(row)


def restore_assignment(session: Session, act: ChangeContext, row: Assignment) -> None:
    """Undo the deletion of an assignment; its submissions count again.

    Raises `Conflict` if another assignment has taken its short name.
    """
    if row.deleted_at is None:
        return
    slug = row.slug.removesuffix(f"~{row.id.hex[-12:]}")
    _check_assignment_slug_free(session, act, slug, row)
    row.deleted_at, row.slug = None, slug
    increment_version(row)
    act.record(session, "assignment.restored", ("assignment", row.id))


def set_results_and_solutions_released(
    session: Session, act: ChangeContext, row: Assignment, body: ReleaseIn
) -> Released:
    """Release results or solutions now, or return them to the rule of the assignment."""
    before = _serialize_release_times(row)
    if body.results is None and body.solutions is None:
        message = "states whether results are visible from now on; send it or solutions"
        raise InvalidInput.for_field("results", message)
    if body.results is not None:
        row.results_released_at = act.now if body.results else None
    if body.solutions is not None:
        row.solutions_released_at = act.now if body.solutions else None
    increment_version(row)
    difference = before, _serialize_release_times(row)
    act.record(session, "assignment.released", ("assignment", row.id), change=difference)
    releaser = act.member if body.results or body.solutions else None
    warnings = (
        assess_release_readiness(session, releaser, row, now=act.now).warnings if releaser else ()
    )
    return Released(
        assignment=serialize_assignment(session, act, row),
        waiting=_count_students_with_ungraded_work(session, row),
        warnings=warnings,
    )


def _count_students_with_ungraded_work(session: Session, row: Assignment) -> int:
    """Return the number of students of the course who wait for a person to grade their work."""
    count = session.scalar(
        select(func.count())
        .select_from(Grade)
        .join(Enrolment, Enrolment.user_id == Grade.student_id)
        .where(
            Grade.assignment_id == row.id,
            Grade.waiting,
            Enrolment.course_id == row.course_id,
            *ACTIVE_PEOPLE,
        )
    )
    return count or 0


def _serialize_release_times(row: Assignment) -> dict[str, str | None]:
    times = {"results": row.results_released_at, "solutions": row.solutions_released_at}
    return {name: at.isoformat() if at else None for name, at in times.items()}
