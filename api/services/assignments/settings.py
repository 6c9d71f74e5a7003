"""Settings of an assignment: validate, write to its row, and read back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from api.core.clock import from_micros
from api.core.errors import FieldError, Invalid
from api.db.models import Assignment, Course
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.assignments.timeline import TimelineSpec
from api.services.assignments import timeline
from api.services.assignments.pinned_versions import posed_in
from api.services.courses.stored_settings import read_settings, write_settings

__all__ = ["check", "resolve_into", "settings_of", "write"]


def settings_of(row: Assignment) -> dict[str, Any]:
    """Return the settings of an assignment as JSON data that `AssignmentIn` accepts."""
    return read_settings(AssignmentIn, row)


def check(session: Session, course: Course, values: AssignmentIn, row: Assignment | None) -> None:
    """Raise `Invalid`, naming each field, if settings contradict each other."""
    errors = (*_errors(course, values), *_group_errors(session, values, row))
    if errors:
        raise Invalid.named(errors)


def _errors(course: Course, values: AssignmentIn) -> Iterator[FieldError]:
    known = [one["id"] for one in course.categories]
    if values.category and values.category not in known:
        there = f"there are {', '.join(known)}" if known else "the course has none"
        yield FieldError("category", f"is no category of the course; {there}")
    if (values.variants == "each_after") != (values.new_after is not None):
        said = "says after how many attempts new numbers may be had; give it with each_after only"
        yield FieldError("new_after", said)
    for at, (one, two) in enumerate(zip(values.by_attempt, values.by_attempt[1:], strict=False)):
        if two > one:
            yield FieldError(f"by_attempt[{at + 1}]", "must not be more than the attempt before")
    yield from _never(values)
    names = [one.id for one in values.groups]
    if len(set(names)) < len(names):
        yield FieldError("groups", "must have different names")


def _never(values: AssignmentIn) -> Iterator[FieldError]:
    """Yield an error if results wait for a time that the timeline does not have."""
    due, close = values.timeline.due, values.timeline.close
    ends = {"after_due": due, "after_close": close or due}
    if values.results in ends and ends[values.results] is None:
        end = values.results.removeprefix("after_")
        said = f"waits for {end}, which the timeline does not have; add it, or choose another"
        yield FieldError("results", said)


def _group_errors(
    session: Session, values: AssignmentIn, row: Assignment | None
) -> Iterator[FieldError]:
    if row is None:
        return
    names = {"", *(one.id for one in values.groups)}
    for problem in posed_in(session, row.id):
        if problem.group not in names:
            yield FieldError("groups", f"must keep {problem.group}, where {problem.slug} is")


def write(row: Assignment, values: AssignmentIn, course: Course) -> None:
    """Write settings to *row*, and resolve its timeline in the course's time zone."""
    given = dict(values)
    if values.position is None:
        del given["position"]  # keeps its position
    given["timeline"] = timeline.localized(values.timeline, timeline.zone(course.zone))
    write_settings(AssignmentIn, row, given)
    resolve_into(row, course)


def resolve_into(row: Assignment, course: Course) -> None:
    """Write the instants of the timeline of *row*, in the zone of *course*, to its columns."""
    spec = TimelineSpec.model_validate(row.timeline)
    found = timeline.resolve(spec, timeline.zone(course.zone))
    row.release_at = None if found.release is None else from_micros(found.release)
    row.due_at = None if found.due is None else from_micros(found.due)
    row.closes_at = None if found.closes_at is None else from_micros(found.closes_at)
