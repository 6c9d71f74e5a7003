"""Problems of an assignment: add, change, void, order, remove."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.errors import Conflict, FieldError, InvalidInput
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, ProblemVersion
from api.schemas.assignments.problems import (
    AssignedProblemChanged,
    AssignedProblemIn,
    AssignedProblemPatch,
    AssignedProblemSettings,
    ProblemSettings,
)
from api.schemas.shared.effects import Effect
from api.schemas.shared.patch_schemas import changed_fields
from api.schemas.shared.setting import collect_declared_settings, list_grade_affecting_settings
from api.services.assignments.assignment_lifecycle import increment_version
from api.services.assignments.pinned_versions import (
    find_version_to_pin,
    has_been_opened,
    has_submissions,
    load_pinned_problems,
    load_problems,
    serialize_problem_settings,
)
from api.services.audit.change_context import ChangeContext
from api.services.courses.stored_settings import dump_settings, read_settings, write_settings
from api.services.grades.effects import recompute_grades
from api.services.regrades.rewording import VERSION_IS_FIXED, reword_opened_problem
from grader.reports.labels import parse_labels

ProblemRow: TypeAlias = AssignmentProblem


def load_problem_settings(
    session: Session, assignment: Assignment, row: ProblemRow
) -> AssignedProblemSettings:
    """Return a problem with its settings in an assignment."""
    pinned_problems = load_pinned_problems(session, [assignment.id])[assignment.id]
    return next(
        serialize_problem_settings(problem)
        for problem in pinned_problems
        if problem.row.id == row.id
    )


def add_problem(
    session: Session, act: ChangeContext, assignment: Assignment, body: AssignedProblemIn
) -> AssignedProblemChanged:
    """Add a problem to an assignment, or restore a removed one with its submissions.

    Does nothing if the problem is there with the same settings; raises `Conflict` if they differ.
    """
    row = _find_problem(session, assignment.id, body.problem)
    version = _choose_version(session, act, row, body)
    with act.rollback_if_dry_run(session):
        if row is not None and row.removed_at is None:
            if serialize_problem_state(row) != _serialize_requested_state(row, version, body):
                raise Conflict(
                    "The assignment already has a problem with this name. Change it with PATCH, "
                    "or remove it first."
                )
            return _build_response(session, assignment, row, _build_empty_effect(session, act))
        row = row or ProblemRow(
            id=new_id(), assignment_id=assignment.id, slug=body.problem, voided={}, version=0
        )
        row.position = _choose_position(session, assignment.id, body.position)
        row.version_id = version.id
        write_problem_settings(row, dict(body))
        check_problem_settings(assignment, row, version)
        row.removed_at = None
        session.add(row)
        session.flush()
        return _record_and_recompute(
            session, act, assignment, row, action="problem.added", before={}
        )


def _find_problem(session: Session, assignment_id: UUID, slug: str) -> ProblemRow | None:
    """Return the problem of this name, even if it was removed; None if there is none."""
    return session.scalar(
        select(ProblemRow).where(ProblemRow.assignment_id == assignment_id, ProblemRow.slug == slug)
    )


def _choose_version(
    session: Session, act: ChangeContext, row: ProblemRow | None, body: AssignedProblemIn
) -> ProblemVersion:
    """Return the version that a problem gets; an opened problem keeps its version."""
    is_fixed = row is not None and has_been_opened(session, row)
    if row is not None and (is_fixed or row.removed_at is None):
        if body.version in {None, row.version_id}:
            return session.get_one(ProblemVersion, row.version_id)
        if is_fixed:
            raise Conflict(VERSION_IS_FIXED)
    return find_version_to_pin(
        session,
        act.course,
        version_id=body.version,
        of=body.of or body.problem,
        field="of" if body.of else "problem",
    )


def _choose_position(session: Session, assignment_id: UUID, position: int | None) -> int:
    if position is not None:
        return position
    rows = load_problems(session, assignment_id)
    return rows[-1].position + 1 if rows else 0


def write_problem_settings(row: ProblemRow, values: Mapping[str, Any]) -> None:
    """Write those of *values* that are settings of a problem into *row*."""
    write_settings(ProblemSettings, row, values)


def _serialize_requested_state(
    row: ProblemRow, version: ProblemVersion, body: AssignedProblemIn
) -> dict[str, Any]:
    """Return what `serialize_problem_state` would return for *row* with the settings of *body*."""
    position = row.position if body.position is None else body.position
    settings = dump_settings(ProblemSettings, body)
    return settings | {"version": str(version.id), "position": position}


def serialize_problem_state(row: ProblemRow) -> dict[str, Any]:
    """Return the settings, version and position of a problem as JSON data."""
    settings = read_settings(ProblemSettings, row)
    return settings | {"version": str(row.version_id), "position": row.position}


def check_problem_settings(
    assignment: Assignment, row: ProblemRow, version: ProblemVersion
) -> None:
    """Raise `InvalidInput` if the settings of *row* do not fit the assignment or the version.

    They may name groups and parts that exist, and have one label, or one for each part.
    """
    groups = [group["id"] for group in assignment.groups]
    parts = [part["id"] for part in version.parts]
    errors = []
    if row.group and row.group not in groups:
        existing = f"there are {', '.join(groups)}" if groups else "it has none"
        errors.append(FieldError("group", f"is not a group of the assignment; {existing}"))
    if not row.voided.keys() <= {*parts}:
        message = f"names a part that the problem does not have; there are {', '.join(parts)}"
        errors.append(FieldError("voided", message))
    label_count = len(parse_labels(row.labels or ""))
    if label_count > 1 and label_count != len(parts):
        message = f"has {label_count} labels; give one for the problem, or {len(parts)}"
        errors.append(FieldError("labels", message))
    if errors:
        raise InvalidInput.for_fields(errors)


def update_problem(
    session: Session, act: ChangeContext, assigned: AssignedProblem, body: AssignedProblemPatch
) -> AssignedProblemChanged:
    """Change settings of a problem and recompute all grades that depend on them.

    An opened problem takes only a version that differs in its wording.
    """
    row, version, changes = assigned.problem, assigned.version, changed_fields(body)
    action = "problem.changed"
    with act.rollback_if_dry_run(session):
        before = serialize_problem_state(row)
        if "version" in changes and changes["version"] != version.id:
            before_version = version
            version = find_version_to_pin(session, act.course, version_id=changes["version"])
            if has_been_opened(session, row):
                reword_opened_problem(session, row, before_version, version)
                action = "problem.reworded"
            row.version_id = version.id
        write_problem_settings(row, changes)
        check_problem_settings(assigned.assignment, row, version)
        session.flush()
        return _record_and_recompute(
            session, act, assigned.assignment, row, action=action, before=before
        )


def remove_problem(
    session: Session, act: ChangeContext, assigned: AssignedProblem, *, confirmed: bool
) -> AssignedProblemChanged:
    """Remove a problem from an assignment; its submissions are kept."""
    row = assigned.problem
    if not confirmed and has_submissions(session, row):
        raise Conflict(
            "Students have submitted work to this problem. If you remove it, their submissions are "
            "kept but no longer count. Send confirm=true to remove it."
        )
    with act.rollback_if_dry_run(session):
        before = serialize_problem_state(row)
        row.removed_at = act.now
        return _record_and_recompute(
            session, act, assigned.assignment, row, action="problem.removed", before=before
        )


def _record_and_recompute(
    session: Session,
    act: ChangeContext,
    assignment: Assignment,
    row: ProblemRow,
    *,
    action: str,
    before: dict[str, Any],
) -> AssignedProblemChanged:
    """Record a change, recompute the grades, and return the problem with the effect."""
    after = serialize_problem_state(row) if row.removed_at is None else {}
    if before == after:
        return _build_response(session, assignment, row, _build_empty_effect(session, act))
    row.version += 1
    increment_version(assignment)
    act.record(session, action, ("problem", row.id), change=(before, after))
    moved = [assignment] if _affects_grades(before, after) else []
    effect = recompute_grades(session, act, moved, cause=act.to_grade_cause("settings", row.id))
    return _build_response(session, assignment, row, effect)


def _affects_grades(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a change of a problem may change grades: labels alone may not."""
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    without_effect = collect_declared_settings(
        ProblemSettings
    ).keys() - list_grade_affecting_settings(ProblemSettings)
    return not before or not after or bool(changed - without_effect)


def _build_response(
    session: Session, assignment: Assignment, row: ProblemRow, effect: Effect
) -> AssignedProblemChanged:
    session.flush()
    problem = load_problem_settings(session, assignment, row) if row.removed_at is None else None
    return AssignedProblemChanged(problem=problem, effect=effect)


def _build_empty_effect(session: Session, act: ChangeContext) -> Effect:
    return recompute_grades(session, act, [], cause=act.to_grade_cause("settings"))


def reorder_problems(
    session: Session, act: ChangeContext, assignment: Assignment, slugs: Sequence[str]
) -> None:
    """Order the problems of an assignment as in *slugs*, which names each of them once."""
    rows = {row.slug: row for row in load_problems(session, assignment.id)}
    if sorted(slugs) != sorted(rows):
        raise InvalidInput.for_field("problems", "must name each problem of the assignment once")
    before = list(rows)
    for position, slug in enumerate(slugs):
        rows[slug].position = position
    increment_version(assignment)
    target = "assignment", assignment.id
    difference = {"problems": before}, {"problems": list(slugs)}
    act.record(session, "assignment.ordered", target, change=difference)
