"""Settings of an assignment: validate, write to its row, and read back."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import count
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros
from api.core.errors import FieldError, InvalidInput
from api.db.models import Assignment, Course
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.assignments.timeline import TimelineSpec
from api.services.assignments import timeline
from api.services.assignments.pinned_versions import load_problems
from api.services.audit.change_context import ChangeContext
from api.services.courses.stored_settings import read_settings, write_settings
from api.services.courses.time_zones import get_zone

MAX_DERIVED_SLUG_LENGTH: Final = 50
"""Length limit of a derived short name, which leaves room for a number behind it."""


def derive_slug(title: str) -> str:
    """Return the short name that a title suggests: its letters and digits in plain ASCII.

    >>> derive_slug("Homework 1"), derive_slug("Übung: Faltung & Pooling"), derive_slug("第一")
    ('homework-1', 'ubung-faltung-pooling', 'assignment')
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))
    return words[:MAX_DERIVED_SLUG_LENGTH].rstrip("-") or "assignment"


def derive_free_slug(session: Session, course: Course, title: str) -> str:
    """Return the short name for *title*, with a number behind it if the course has used it."""
    used = {*session.scalars(select(Assignment.slug).where(Assignment.course_id == course.id))}
    slug = derive_slug(title)
    candidates = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in used)


def serialize_settings(row: Assignment) -> dict[str, Any]:
    """Return the settings of an assignment as JSON data that `AssignmentIn` accepts."""
    return read_settings(AssignmentIn, row)


def check_settings(
    session: Session, course: Course, values: AssignmentIn, row: Assignment | None
) -> None:
    """Raise `InvalidInput`, naming each field, if settings contradict each other."""
    errors = (*_find_errors(course, values), *_find_group_errors(session, values, row))
    if errors:
        raise InvalidInput.for_fields(errors)


def _find_errors(course: Course, values: AssignmentIn) -> Iterator[FieldError]:
    known = [category["id"] for category in course.categories]
    if values.category and values.category not in known:
        existing = f"there are {', '.join(known)}" if known else "the course has none"
        yield FieldError("category", f"is not a category of the course; {existing}")
    if (values.variants == "each_after") != (values.new_after is not None):
        message = (
            "sets after how many attempts new numbers are possible; use it with each_after only"
        )
        yield FieldError("new_after", message)
    for index, (credit, next_credit) in enumerate(
        zip(values.by_attempt, values.by_attempt[1:], strict=False)
    ):
        if next_credit > credit:
            yield FieldError(f"by_attempt[{index + 1}]", "must not be more than the attempt before")
    yield from _find_release_errors(values)
    names = [group.id for group in values.groups]
    if len(set(names)) < len(names):
        yield FieldError("groups", "must have different names")


def _find_release_errors(values: AssignmentIn) -> Iterator[FieldError]:
    """Yield an error if results wait for a time that the timeline does not have."""
    due, close = values.timeline.due, values.timeline.close
    ends = {"after_due": due, "after_close": close or due}
    if values.results in ends and ends[values.results] is None:
        end = values.results.removeprefix("after_")
        message = f"waits for {end}, which the timeline lacks; add it, or choose another"
        yield FieldError("results", message)


def _find_group_errors(
    session: Session, values: AssignmentIn, row: Assignment | None
) -> Iterator[FieldError]:
    if row is None:
        return
    names = {"", *(group.id for group in values.groups)}
    for problem in load_problems(session, row.id):
        if problem.group not in names:
            yield FieldError("groups", f"must keep {problem.group}, where {problem.slug} is")


def apply_settings(row: Assignment, values: AssignmentIn, course: Course) -> None:
    """Write settings to *row*, and resolve its timeline in the course's time zone."""
    settings = dict(values)
    if values.position is None:
        del settings["position"]  # keeps its position
    settings["timeline"] = timeline.to_naive_local_times(values.timeline, get_zone(course.zone))
    write_settings(AssignmentIn, row, settings)
    update_resolved_times(row, course)


def update_resolved_times(row: Assignment, course: Course) -> None:
    """Write the instants of the timeline of *row*, in the zone of *course*, to its columns."""
    spec = TimelineSpec.model_validate(row.timeline)
    resolved = timeline.resolve_timeline(spec, get_zone(course.zone))
    row.release_at = None if resolved.release is None else from_micros(resolved.release)
    row.due_at = None if resolved.due is None else from_micros(resolved.due)
    row.closes_at = None if resolved.closes_at is None else from_micros(resolved.closes_at)


def change_points(
    session: Session,
    act: ChangeContext,
    assignment: Assignment,
    points: Mapping[str, Fraction | None],
) -> bool:
    """Set the points of problems by name, and return whether any of them changed.

    None is the sum of the problem's parts. Raises `InvalidInput` for a problem that the assignment
    does not have.
    """
    rows = {row.slug: row for row in load_problems(session, assignment.id)} if points else {}
    unknown = points.keys() - rows.keys()
    if unknown:
        message = "is not a problem of the assignment"
        raise InvalidInput.for_fields(
            [FieldError(f"points.{name[:80]}", message) for name in sorted(unknown)]
        )
    changed = [rows[name] for name, value in points.items() if rows[name].points != value]
    for row in changed:
        before = {"points": read_settings(ProblemSettings, row)["points"]}
        write_settings(ProblemSettings, row, {"points": points[row.slug]})
        row.version += 1
        after = {"points": read_settings(ProblemSettings, row)["points"]}
        act.record(session, "problem.changed", ("problem", row.id), change=(before, after))
    return bool(changed)
