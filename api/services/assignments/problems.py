"""Problems of an assignment: add, change, void, order, remove."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Posed
from api.core.errors import Conflict, FieldError, Invalid
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, ProblemVersion
from api.schemas.assignments.problems import (
    PosedChanged,
    PosedIn,
    PosedPatch,
    PosedSettings,
    ProblemSettings,
)
from api.schemas.shared.effects import Effect
from api.schemas.shared.patching import changed
from api.services.assignments.editing import touch
from api.services.assignments.pinned_versions import (
    is_answered,
    is_opened,
    pinned,
    posed_in,
    posed_settings,
    version_to_pin,
)
from api.services.audit.change_context import Act
from api.services.courses.stored_settings import json_values, read_settings, write_settings
from api.services.grades.effects import settle

__all__ = ["add", "change", "check", "order", "remove", "settings", "state", "write"]

Row: TypeAlias = AssignmentProblem


def settings(session: Session, assignment: Assignment, row: Row) -> PosedSettings:
    """Return a problem with its settings in an assignment."""
    found = pinned(session, [assignment.id])[assignment.id]
    return next(posed_settings(one) for one in found if one.row.id == row.id)


def add(session: Session, act: Act, assignment: Assignment, body: PosedIn) -> PosedChanged:
    """Add a problem to an assignment, or restore a removed one with its submissions.

    Does nothing if the problem is there with the same settings; raises `Conflict` if they differ.
    """
    row = _named(session, assignment.id, body.problem)
    version = _chosen(session, act, row, body)
    with act.trial(session):
        if row is not None and row.removed_at is None:
            if state(row) != _wanted(row, version, body):
                raise Conflict(
                    "The assignment has a problem of this name; change that with PATCH, or remove "
                    "it first."
                )
            return _changed(session, assignment, row, _nothing(session, act))
        row = row or Row(
            id=new_id(), assignment_id=assignment.id, slug=body.problem, voided={}, version=0
        )
        row.position = _place(session, assignment.id, body.position)
        row.version_id = version.id
        write(row, dict(body))
        check(assignment, row, version)
        row.removed_at = None
        session.add(row)
        session.flush()
        return _finish(session, act, assignment, row, action="problem.added", before={})


def _named(session: Session, assignment_id: UUID, slug: str) -> Row | None:
    """Return the problem of this name, even if it was removed; None if there is none."""
    return session.scalar(select(Row).where(Row.assignment_id == assignment_id, Row.slug == slug))


def _chosen(session: Session, act: Act, row: Row | None, body: PosedIn) -> ProblemVersion:
    """Return the version that a problem gets; an opened problem keeps its version."""
    stays = row is not None and is_opened(session, row)
    if row is not None and (stays or row.removed_at is None):
        if body.version in {None, row.version_id}:
            return session.get_one(ProblemVersion, row.version_id)
        if stays:
            raise Conflict(OPENED)
    return version_to_pin(
        session,
        act.course,
        version_id=body.version,
        of=body.of or body.problem,
        field="of" if body.of else "problem",
    )


OPENED: Final = (
    "This problem has been opened, so its version stays; a regrade of the problem changes it."
)


def _place(session: Session, assignment_id: UUID, position: int | None) -> int:
    if position is not None:
        return position
    rows = posed_in(session, assignment_id)
    return rows[-1].position + 1 if rows else 0


def write(row: Row, values: Mapping[str, Any]) -> None:
    """Write those of *values* that are settings of a problem into *row*."""
    write_settings(ProblemSettings, row, values)


def _wanted(row: Row, version: ProblemVersion, body: PosedIn) -> dict[str, Any]:
    """Return what `state` would return for *row* with the settings of *body*."""
    position = row.position if body.position is None else body.position
    settings = json_values(ProblemSettings, body)
    return settings | {"version": str(version.id), "position": position}


def state(row: Row) -> dict[str, Any]:
    """Return the settings, version and position of a problem as JSON data."""
    settings = read_settings(ProblemSettings, row)
    return settings | {"version": str(row.version_id), "position": row.position}


def check(assignment: Assignment, row: Row, version: ProblemVersion) -> None:
    """Raise `Invalid` if *row* names a group or a part that the assignment or the version lacks."""
    groups = [one["id"] for one in assignment.groups]
    parts = [one["id"] for one in version.parts]
    errors = []
    if row.group and row.group not in groups:
        there = f"there are {', '.join(groups)}" if groups else "it has none"
        errors.append(FieldError("group", f"is no group of the assignment; {there}"))
    if not row.voided.keys() <= {*parts}:
        said = f"names a part that the problem does not have; there are {', '.join(parts)}"
        errors.append(FieldError("voided", said))
    if errors:
        raise Invalid.named(errors)


def change(session: Session, act: Act, posed: Posed, body: PosedPatch) -> PosedChanged:
    """Change settings of a problem and recompute all grades that depend on them."""
    row, version, given = posed.problem, posed.version, changed(body)
    with act.trial(session):
        before = state(row)
        if "version" in given and given["version"] != version.id:
            if is_opened(session, row):
                raise Conflict(OPENED)
            version = version_to_pin(session, act.course, version_id=given["version"])
            row.version_id = version.id
        write(row, given)
        check(posed.assignment, row, version)
        session.flush()
        return _finish(session, act, posed.assignment, row, action="problem.changed", before=before)


def remove(session: Session, act: Act, posed: Posed, *, confirmed: bool) -> PosedChanged:
    """Remove a problem from an assignment; its submissions are kept."""
    row = posed.problem
    if not confirmed and is_answered(session, row):
        raise Conflict(
            "Students have handed in to this problem. What they handed in is kept, but it counts "
            "no more; send confirm=true to remove it."
        )
    with act.trial(session):
        before = state(row)
        row.removed_at = act.now
        return _finish(session, act, posed.assignment, row, action="problem.removed", before=before)


def _finish(
    session: Session,
    act: Act,
    assignment: Assignment,
    row: Row,
    *,
    action: str,
    before: dict[str, Any],
) -> PosedChanged:
    """Record a change, recompute the grades, and return the problem with the effect."""
    after = state(row) if row.removed_at is None else {}
    if before == after:
        return _changed(session, assignment, row, _nothing(session, act))
    row.version += 1
    touch(assignment)
    act.record(session, action, ("problem", row.id), change=(before, after))
    effect = settle(session, act, [assignment], cause=act.cause("settings", row.id))
    return _changed(session, assignment, row, effect)


def _changed(session: Session, assignment: Assignment, row: Row, effect: Effect) -> PosedChanged:
    session.flush()
    problem = settings(session, assignment, row) if row.removed_at is None else None
    return PosedChanged(problem=problem, effect=effect)


def _nothing(session: Session, act: Act) -> Effect:
    return settle(session, act, [], cause=act.cause("settings"))


def order(session: Session, act: Act, assignment: Assignment, slugs: Sequence[str]) -> None:
    """Order the problems of an assignment as in *slugs*, which names each of them once."""
    rows = {row.slug: row for row in posed_in(session, assignment.id)}
    if sorted(slugs) != sorted(rows):
        raise Invalid.of("problems", "must name each problem of the assignment once")
    before = list(rows)
    for position, slug in enumerate(slugs):
        rows[slug].position = position
    touch(assignment)
    target = "assignment", assignment.id
    told = {"problems": before}, {"problems": list(slugs)}
    act.record(session, "assignment.ordered", target, change=told)
