"""Import of the problems of an assignment from its file."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, FieldError, InvalidInput
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, ProblemVersion
from api.schemas.courses.course_files import ProblemEntry
from api.services.assignments import problems
from api.services.assignments.pinned_versions import (
    find_version_to_pin,
    has_been_opened,
    has_submissions,
)
from api.services.audit.change_context import ChangeContext
from api.services.problems.versions import BANK, space_kind

ProblemRow: TypeAlias = AssignmentProblem


def apply_entries(
    session: Session, act: ChangeContext, assignment: Assignment, entries: Sequence[ProblemEntry]
) -> list[str]:
    """Give an assignment the problems of *entries*, in their order; return notes for the user.

    Raises `Conflict` instead of removing a problem with submissions. An opened problem keeps its
    version.
    """
    names = [one.problem for one in entries]
    if len(set(names)) < len(names):
        message = "must name each problem once; give one of them another name with `of`"
        raise InvalidInput.for_field("problems", message)
    rows = session.scalars(
        select(ProblemRow).where(ProblemRow.assignment_id == assignment.id)
    ).all()
    existing = {row.slug: row for row in rows}
    for row in rows:
        if row.slug not in names and row.removed_at is None:
            _mark_problem_removed(session, act, row)
    notes = []
    for position, entry in enumerate(entries):
        field = f"problems[{position}]"
        notes += _apply_entry(
            session, act, assignment, existing, entry=entry, position=position, field=field
        )
    session.flush()
    return notes


def _mark_problem_removed(session: Session, act: ChangeContext, row: ProblemRow) -> None:
    if has_submissions(session, row):
        message = (
            f"must keep {row.slug}, because students have submitted work to it; remove it by REST"
        )
        raise Conflict(f"problems {message}.", errors=(FieldError("problems", message),))
    row.removed_at = act.now
    row.version += 1


def _apply_entry(
    session: Session,
    act: ChangeContext,
    assignment: Assignment,
    existing: Mapping[str, ProblemRow],
    *,
    entry: ProblemEntry,
    position: int,
    field: str,
) -> list[str]:
    row = existing.get(entry.problem)
    opened = row is not None and has_been_opened(session, row)
    version = _choose_version(session, act, row, entry, opened=opened, field=field)
    if row is None:
        row = ProblemRow(id=new_id(), assignment_id=assignment.id, slug=entry.problem, version=0)
        session.add(row)
    before = (
        problems.serialize_problem_state(row) if row.version and row.removed_at is None else None
    )
    row.position, row.version_id, row.removed_at = position, version.id, None
    problems.write_problem_settings(row, dict(entry))
    try:
        problems.check_problem_settings(assignment, row, version)
    except InvalidInput as error:
        fields = tuple(FieldError(f"{field}.{one.field}", one.message) for one in error.errors)
        raise InvalidInput(error.detail, errors=fields) from error
    if problems.serialize_problem_state(row) != before:
        row.version += 1
    return _describe_newer_version(session, act, version, entry) if opened else []


def _choose_version(
    session: Session,
    act: ChangeContext,
    row: ProblemRow | None,
    entry: ProblemEntry,
    *,
    opened: bool,
    field: str,
) -> ProblemVersion:
    """Return the version that an entry means: by its number, the newest, or the opened one.

    A version that the problem already has may be retired.
    """
    current = session.get_one(ProblemVersion, row.version_id) if row is not None else None
    if (
        current is not None
        and _matches_entry(current, entry)
        and (opened or entry.version is not None)
    ):
        return current
    if current is not None and opened:
        stays = f"must stay {current.number} of the {space_kind(current)}"
        message = f"{stays}: students have opened it; a regrade changes it"
        field_error = FieldError(f"{field}.version", message)
        raise Conflict(f"version {field_error.message}.", errors=(field_error,))
    try:
        newest = _load_newest_version(session, act, entry)
    except InvalidInput as error:
        message = error.errors[0].message
        raise InvalidInput(
            error.detail, errors=(FieldError(f"{field}.problem", message),)
        ) from error
    if entry.version in {None, newest.number}:
        return newest
    return _load_numbered_version(session, act, newest, entry, field=field)


def _matches_entry(version: ProblemVersion, entry: ProblemEntry) -> bool:
    return entry.version in {None, version.number} and entry.space in {None, space_kind(version)}


def _spaces_to_search(act: ChangeContext, entry: ProblemEntry) -> tuple[str, ...]:
    """Return the spaces to search for an entry's version, in order."""
    spaces = {"course": str(act.course.id), "bank": BANK}
    return (spaces[entry.space],) if entry.space else tuple(spaces.values())


def _load_newest_version(
    session: Session, act: ChangeContext, entry: ProblemEntry
) -> ProblemVersion:
    problem = entry.of or entry.problem
    return find_version_to_pin(
        session, act.course, of=problem, spaces=_spaces_to_search(act, entry)
    )


def _load_numbered_version(
    session: Session, act: ChangeContext, newest: ProblemVersion, entry: ProblemEntry, *, field: str
) -> ProblemVersion:
    version = session.scalar(
        select(ProblemVersion)
        .where(
            ProblemVersion.problem == newest.problem,
            ProblemVersion.number == entry.version,
            ProblemVersion.space.in_(_spaces_to_search(act, entry)),
            ProblemVersion.status == "published",
        )
        .order_by(ProblemVersion.space == BANK)
        .limit(1)
    )
    if version is None:
        message = "is not published here; omit it for the newest"
        raise InvalidInput(f"version {message}.", errors=(FieldError(f"{field}.version", message),))
    return version


def _describe_newer_version(
    session: Session, act: ChangeContext, version: ProblemVersion, entry: ProblemEntry
) -> list[str]:
    """Return a note if a newer version needs a regrade, otherwise nothing."""
    if entry.version is not None:
        return []
    newer = _load_newest_version(session, act, entry)
    if newer.id == version.id:
        return []
    message = (
        f"stays at version {version.number}, which students have opened; a regrade "
        "updates it to version"
    )
    return [f"{entry.problem} {message} {newer.number}"]
