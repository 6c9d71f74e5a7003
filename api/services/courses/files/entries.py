"""Import of the problems of an assignment from its file."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, FieldError, Invalid
from api.core.ids import new_id
from api.db.models import Assignment, AssignmentProblem, ProblemVersion
from api.schemas.courses.course_files import Entry
from api.services.assignments import problems
from api.services.assignments.pinned_versions import is_answered, is_opened, version_to_pin
from api.services.audit.change_context import Act
from api.services.problems.versions import BANK, space_of

__all__ = ["put_entries"]

Row: TypeAlias = AssignmentProblem


def put_entries(
    session: Session, act: Act, assignment: Assignment, entries: Sequence[Entry]
) -> list[str]:
    """Give an assignment the problems of *entries*, in their order; return notes for the user.

    Raises `Conflict` instead of removing a problem with submissions. An opened problem keeps its
    version.
    """
    names = [one.problem for one in entries]
    if len(set(names)) < len(names):
        said = "must name each problem once; give one of them another name, with `of`"
        raise Invalid.of("problems", said)
    rows = session.scalars(select(Row).where(Row.assignment_id == assignment.id)).all()
    there = {row.slug: row for row in rows}
    for row in rows:
        if row.slug not in names and row.removed_at is None:
            _take_out(session, act, row)
    notes = []
    for at, entry in enumerate(entries):
        field = f"problems[{at}]"
        notes += _put(session, act, assignment, there, entry=entry, position=at, field=field)
    session.flush()
    return notes


def _take_out(session: Session, act: Act, row: Row) -> None:
    if is_answered(session, row):
        said = f"must keep {row.slug}, to which students have handed in; remove it over REST"
        raise Conflict(f"problems {said}.", errors=(FieldError("problems", said),))
    row.removed_at = act.now
    row.version += 1


def _put(
    session: Session,
    act: Act,
    assignment: Assignment,
    there: Mapping[str, Row],
    *,
    entry: Entry,
    position: int,
    field: str,
) -> list[str]:
    row = there.get(entry.problem)
    opened = row is not None and is_opened(session, row)
    version = _version(session, act, row, entry, opened=opened, field=field)
    if row is None:
        row = Row(id=new_id(), assignment_id=assignment.id, slug=entry.problem, version=0)
        session.add(row)
    before = problems.state(row) if row.version and row.removed_at is None else None
    row.position, row.version_id, row.removed_at = position, version.id, None
    problems.write(row, dict(entry))
    try:
        problems.check(assignment, row, version)
    except Invalid as error:
        fields = tuple(FieldError(f"{field}.{one.field}", one.said) for one in error.errors)
        raise Invalid(error.detail, errors=fields) from error
    if problems.state(row) != before:
        row.version += 1
    return _notes(session, act, version, entry) if opened else []


def _version(
    session: Session, act: Act, row: Row | None, entry: Entry, *, opened: bool, field: str
) -> ProblemVersion:
    """Return the version that an entry means: by its number, the newest, or the opened one.

    A version that the problem already has may be retired.
    """
    kept = session.get_one(ProblemVersion, row.version_id) if row is not None else None
    if kept is not None and _is_meant(kept, entry) and (opened or entry.version is not None):
        return kept
    if kept is not None and opened:
        said = f"must stay {kept.number} of the {space_of(kept)}: it has been opened; a regrade "
        place = FieldError(f"{field}.version", f"{said}changes it")
        raise Conflict(f"version {place.said}.", errors=(place,))
    try:
        found = _newest(session, act, entry)
    except Invalid as error:
        said = error.errors[0].said
        raise Invalid(error.detail, errors=(FieldError(f"{field}.problem", said),)) from error
    if entry.version in {None, found.number}:
        return found
    return _numbered(session, act, found, entry, field=field)


def _is_meant(version: ProblemVersion, entry: Entry) -> bool:
    return entry.version in {None, version.number} and entry.space in {None, space_of(version)}


def _spaces(act: Act, entry: Entry) -> tuple[str, ...]:
    """Return the spaces to search for an entry's version, in order."""
    spaces = {"course": str(act.course.id), "bank": BANK}
    return (spaces[entry.space],) if entry.space else tuple(spaces.values())


def _newest(session: Session, act: Act, entry: Entry) -> ProblemVersion:
    of = entry.of or entry.problem
    return version_to_pin(session, act.course, of=of, spaces=_spaces(act, entry))


def _numbered(
    session: Session, act: Act, like: ProblemVersion, entry: Entry, *, field: str
) -> ProblemVersion:
    found = session.scalar(
        select(ProblemVersion)
        .where(
            ProblemVersion.problem == like.problem,
            ProblemVersion.number == entry.version,
            ProblemVersion.space.in_(_spaces(act, entry)),
            ProblemVersion.status == "published",
        )
        .order_by(ProblemVersion.space == BANK)
        .limit(1)
    )
    if found is None:
        said = "is not published here; leave it out for the newest"
        raise Invalid(f"version {said}.", errors=(FieldError(f"{field}.version", said),))
    return found


def _notes(session: Session, act: Act, version: ProblemVersion, entry: Entry) -> list[str]:
    """Return a note if a newer version needs a regrade, otherwise nothing."""
    if entry.version is not None:
        return []
    newer = _newest(session, act, entry)
    if newer.id == version.id:
        return []
    said = f"stays at version {version.number}, which has been opened; a regrade brings version"
    return [f"{entry.problem} {said} {newer.number}"]
