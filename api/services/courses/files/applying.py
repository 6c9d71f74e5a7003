"""Course import: applies files to a course, all or none, so that it matches them."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import unified_diff
from math import inf
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, Invalid
from api.db.models import Assignment, Course, ProblemVersion
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.courses.course_files import Applied, AssignmentFile, CourseFile, FileChange
from api.schemas.courses.courses import CourseIn
from api.services.assignments import editing
from api.services.assignments.settings import check, resolve_into, write
from api.services.audit import recorder
from api.services.audit.change_context import Act, hold
from api.services.courses import lifecycle
from api.services.courses.files.entries import put_entries
from api.services.courses.files.exporting import (
    ASSIGNMENTS,
    AT,
    COURSE,
    PROBLEMS,
    course_files,
    own_problems,
)
from api.services.courses.files.parsing import Read, Setup, located
from api.services.grades.effects import compared, marks_in, settle
from api.services.problems.publishing import Failed, Outcome, Published, Source
from api.services.problems.publishing_pool import Publish
from api.services.problems.versions import kept_variants, newest, store_version

__all__ = ["Due", "Solved", "apply", "new_course_of", "publish_all", "to_publish"]

TOO_MANY: Final = (
    "The new problems of these files take longer than {minutes:g} minutes to publish. Nothing was "
    "changed. Upload the problems one by one, or apply fewer at a time."
)


@dataclass(frozen=True, slots=True)
class Due:
    """Problem of the files to publish, as the version *number* or as the next one."""

    source: Source
    number: int | None = None

    @property
    def path(self) -> str:
        """Path of its file."""
        at = "" if self.number is None else f"{AT}{self.number}"
        return f"{PROBLEMS}/{self.source.id}{at}.yaml"


@dataclass(frozen=True, slots=True)
class Solved:
    """Published problem of the files."""

    published: Published
    due: Due


def to_publish(session: Session, course: Course | None, setup: Setup) -> tuple[Due, ...]:
    """Return the problems of the files that the course lacks or has with another text.

    Problems with a number come first, so that the next number follows theirs. Raises `Invalid` if
    the course has another text under the same number.
    """
    found = []
    for name, text in setup.problems.items():
        problem, _, number = name.partition(AT)
        due = Due(Source(problem, text), int(number) if number else None)
        stored = _stored(session, course, due) if course else None
        if stored is None or stored.source != text:
            kept = kept_variants(session, stored.id) if stored else ()
            found.append(replace(due, source=replace(due.source, kept=kept)))
    return tuple(sorted(found, key=lambda one: (one.number is None, one.number or 0)))


def _stored(session: Session, course: Course, due: Due) -> ProblemVersion | None:
    """Return the version of the course for which a file stands; None if there is none yet."""
    space = str(course.id)
    if due.number is None:
        return newest(session, due.source.id, space=space)
    found = session.scalar(
        select(ProblemVersion).where(
            ProblemVersion.space == space,
            ProblemVersion.problem == due.source.id,
            ProblemVersion.number == due.number,
        )
    )
    if found is not None and found.source != due.source.text:
        said = f"is not version {due.number} of the course; a version never changes"
        raise Invalid(f"{due.path} {said}.", errors=(FieldError("", said, due.path),))
    return found


def publish_all(
    dues: Sequence[Due], *, publish: Publish, seeds: int, within_seconds: float = inf
) -> tuple[Solved, ...]:
    """Publish *dues*; raise `Invalid` with the errors in their files.

    Each takes seconds, so call this outside of any transaction. The first problem that takes too
    long ends it, and so does the time limit *within_seconds* for all of them.
    """
    ends_at = time.monotonic() + within_seconds
    outcomes = []
    for one in dues:
        if time.monotonic() > ends_at:
            raise Invalid(TOO_MANY.format(minutes=within_seconds / 60), code="problem_too_slow")
        outcomes.append((one, _outcome(one, publish, seeds)))
    errors = [
        FieldError("", said, one.path)
        for one, outcome in outcomes
        if isinstance(outcome, Failed)
        for said in outcome.errors
    ]
    if errors:
        raise Invalid(
            f"{errors[0].file}: {errors[0].said}", code="invalid_problem", errors=tuple(errors)
        )
    return tuple(
        Solved(outcome, one) for one, outcome in outcomes if isinstance(outcome, Published)
    )


def _outcome(due: Due, publish: Publish, seeds: int) -> Outcome:
    """Return the outcome of publishing one problem; an error names its file."""
    try:
        return publish(due.source, seeds=seeds)
    except Invalid as error:
        errors = tuple(replace(one, file=due.path) for one in error.errors)
        raise Invalid(f"{due.path}: {error.detail}", code=error.code, errors=errors) from error


def new_course_of(session: Session, read: Read[CourseFile], *, slug: str, now: datetime) -> Course:
    """Create the course that ``course.yaml`` describes, under *slug*."""
    with located(read):
        row = lifecycle.new_course(CourseIn(**{**dict(read.told), "slug": slug}), now=now)
    session.add(row)
    session.flush()
    recorder.record(
        session, None, "course.created", now=now, target=("course", row.id), course_id=row.id
    )
    return row


def apply(
    session: Session, act: Act, setup: Setup, solved: Sequence[Solved], *, prune: bool
) -> Applied:
    """Make the course match the files; *prune* also removes what the files lack."""
    with act.trial(session):
        before = course_files(session, act.course)
        rows = lifecycle.assignments_of(session, act.course)
        for row in rows:
            hold(session, row)
        marks = marks_in(session, rows)
        inside = replace(act, dry_run=False)
        notes = _put_all(session, inside, setup, solved, prune=prune)
        after = course_files(session, act.course)
        _settle_changed(session, inside, before, after)
        effect = compared(
            session, act, marks, marks_in(session, rows), seen=len({one for _, one in marks})
        )
        _record(session, act, before, after)
        return Applied(
            changes=tuple(_changes(before, after)),
            left=tuple(path for path in after if path not in setup.paths),
            notes=tuple(notes),
            effect=effect,
        )


def _put_all(
    session: Session, act: Act, setup: Setup, solved: Sequence[Solved], *, prune: bool
) -> list[str]:
    """Write the content of the files; return notes on what could not change at once."""
    _store(session, act, solved)
    if setup.course is not None:
        _put_course(session, act, setup.course)
    notes = [note for read in setup.assignments.values() for note in _put(session, act, read)]
    if prune:
        _prune(session, act, setup)
    session.flush()
    with located(setup.course) if setup.course else nullcontext():
        lifecycle.check_used(act.course, lifecycle.assignments_of(session, act.course))
    return notes


def _put_course(session: Session, act: Act, read: Read[CourseFile]) -> None:
    before = lifecycle.settings_of(act.course)
    with located(read):
        lifecycle.put(session, act.course, {**dict(read.told), "slug": act.course.slug})
    if lifecycle.settings_of(act.course) == before:
        return
    act.course.version += 1
    for row in lifecycle.assignments_of(session, act.course):
        resolve_into(row, act.course)


def _settle_changed(
    session: Session, act: Act, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Increment the version of each assignment whose file changed, and recompute its grades."""
    moved = before[COURSE] != after[COURSE]
    for row in lifecycle.assignments_of(session, act.course):
        path = f"{ASSIGNMENTS}/{row.slug}.yaml"
        if not moved and before.get(path) == after.get(path):
            continue
        if path in before:
            editing.touch(row)
        settle(session, act, [row], cause=act.cause("settings", row.id))


def _store(session: Session, act: Act, solved: Sequence[Solved]) -> None:
    space = str(act.course.id)
    for one in solved:
        last = newest(session, one.published.id, space=space)
        version = store_version(
            session,
            one.published,
            one.due.source.text,
            now=act.now,
            space=space,
            created_by=act.author_id,
            note="from the files of the course",
            based_on=last.id if last and one.published.rekeyed else None,
        )
        if one.due.number is not None:
            version.number = one.due.number
            session.flush()


def _put(session: Session, act: Act, read: Read[AssignmentFile]) -> Iterator[str]:
    """Make an assignment match its file; yield notes on what could not change at once."""
    slug = read.path.removeprefix(f"{ASSIGNMENTS}/").removesuffix(".yaml")
    told = {name: value for name, value in read.told if name not in {"published", "problems"}}
    values = AssignmentIn.model_validate(told | {"slug": slug})
    rows = {row.slug: row for row in lifecycle.assignments_of(session, act.course)}
    with located(read):
        row = rows.get(slug) or editing.create(session, act, values)
        check(session, act.course, values, None)
        write(row, values, act.course)
        notes = put_entries(session, act, row, read.told.problems)
        check(session, act.course, values, row)
        _publish(session, act, row, published=read.told.published)
    yield from (f"{read.path}: {note}" for note in notes)


def _publish(session: Session, act: Act, row: Assignment, *, published: bool) -> None:
    if published:
        editing.publish(session, act, row)
    else:
        editing.unpublish(session, act, row)


def _prune(session: Session, act: Act, setup: Setup) -> None:
    """Delete the assignments and retire the problems that the files lack.

    Raises `Conflict` if such an assignment has submissions.
    """
    for row in lifecycle.assignments_of(session, act.course):
        if row.slug not in setup.assignments:
            editing.delete(session, act, row, confirmed=False)
    for version in own_problems(session, act.course):
        if version.problem not in setup.problems:
            _retire(session, act, version.problem)


def _retire(session: Session, act: Act, problem: str) -> None:
    while (version := newest(session, problem, space=str(act.course.id))) is not None:
        version.status, version.retired_at = "retired", act.now
        session.flush()


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FileChange]:
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        lines = unified_diff((old or "").splitlines(), (new or "").splitlines(), lineterm="", n=0)
        yield FileChange(
            path=path,
            kind="added" if old is None else "removed" if new is None else "changed",
            diff=tuple(line for line in list(lines)[2:] if not line.startswith("@@")),
        )


def _record(
    session: Session, act: Act, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Record which files changed, with their old and new text."""
    paths = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    if not paths:
        return
    told = [{path: one[path] for path in paths if path in one} for one in (before, after)]
    act.record(session, "course.applied", ("course", act.course.id), change=(told[0], told[1]))
