"""Course import: applies files to a course, all or none, so that it matches them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from difflib import unified_diff

from sqlalchemy.orm import Session

from api.db.models import Assignment, Course
from api.schemas.assignments.assignments import AssignmentIn
from api.schemas.courses.course_files import Applied, AssignmentFile, CourseFile, FileChange
from api.schemas.courses.courses import CourseIn
from api.services.assignments import assignment_lifecycle
from api.services.assignments.settings import apply_settings, check_settings, update_resolved_times
from api.services.audit import recorder
from api.services.audit.change_context import ChangeContext, lock_and_refresh
from api.services.courses import lifecycle
from api.services.courses.files.entries import apply_entries
from api.services.courses.files.exporter import (
    ASSIGNMENTS_FOLDER,
    COURSE_FILE,
    load_newest_course_versions,
    render_course_files,
)
from api.services.courses.files.parser import CourseSetup, ParsedFile, locate_errors
from api.services.courses.files.problem_files import PublishedProblemFile
from api.services.grades.effects import compare_grades, load_grades, recompute_grades
from api.services.problems.versions import load_newest_version, store_version


def create_course_from_file(
    session: Session, parsed: ParsedFile[CourseFile], *, slug: str, now: datetime
) -> Course:
    """Create the course that ``course.yaml`` describes, under *slug*."""
    with locate_errors(parsed):
        row = lifecycle.build_course(CourseIn(**{**dict(parsed.content), "slug": slug}), now=now)
    session.add(row)
    session.flush()
    recorder.record_action(
        session, None, "course.created", now=now, target=("course", row.id), course_id=row.id
    )
    return row


def apply_setup(
    session: Session,
    act: ChangeContext,
    setup: CourseSetup,
    solved: Sequence[PublishedProblemFile],
    *,
    prune: bool,
) -> Applied:
    """Make the course match the files; *prune* also removes what the files lack."""
    with act.rollback_if_dry_run(session):
        before = render_course_files(session, act.course)
        rows = lifecycle.load_assignments(session, act.course)
        for row in rows:
            lock_and_refresh(session, row)
        scores = load_grades(session, rows)
        applied = replace(act, dry_run=False)
        notes = _write_setup(session, applied, setup, solved, prune=prune)
        after = render_course_files(session, act.course)
        _recompute_changed(session, applied, before, after)
        effect = compare_grades(
            session,
            act,
            scores,
            load_grades(session, rows),
            recomputed_count=len({score for _, score in scores}),
        )
        _record_changes(session, act, before, after)
        return Applied(
            changes=tuple(_diff_files(before, after)),
            left=tuple(path for path in after if path not in setup.paths),
            notes=tuple(notes),
            effect=effect,
        )


def _write_setup(
    session: Session,
    act: ChangeContext,
    setup: CourseSetup,
    solved: Sequence[PublishedProblemFile],
    *,
    prune: bool,
) -> list[str]:
    """Write the content of the files; return notes on what could not change at once."""
    _store_versions(session, act, solved)
    if setup.course is not None:
        _write_course(session, act, setup.course)
    notes = [
        note
        for read in setup.assignments.values()
        for note in _write_assignment(session, act, read)
    ]
    if prune:
        _remove_objects_missing_from_setup(session, act, setup)
    session.flush()
    with locate_errors(setup.course) if setup.course else nullcontext():
        lifecycle.check_assignment_categories_exist(
            act.course, lifecycle.load_assignments(session, act.course)
        )
    return notes


def _write_course(session: Session, act: ChangeContext, parsed: ParsedFile[CourseFile]) -> None:
    before = lifecycle.serialize_settings(act.course)
    with locate_errors(parsed):
        lifecycle.apply_settings(
            session, act.course, {**dict(parsed.content), "slug": act.course.slug}
        )
    if lifecycle.serialize_settings(act.course) == before:
        return
    act.course.version += 1
    for row in lifecycle.load_assignments(session, act.course):
        update_resolved_times(row, act.course)


def _recompute_changed(
    session: Session, act: ChangeContext, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Increment the version of each assignment whose file changed, and recompute its grades."""
    course_changed = before[COURSE_FILE] != after[COURSE_FILE]
    for row in lifecycle.load_assignments(session, act.course):
        path = f"{ASSIGNMENTS_FOLDER}/{row.slug}.yaml"
        if not course_changed and before.get(path) == after.get(path):
            continue
        if path in before:
            assignment_lifecycle.increment_version(row)
        recompute_grades(session, act, [row], cause=act.to_grade_cause("settings", row.id))


def _store_versions(
    session: Session, act: ChangeContext, solved: Sequence[PublishedProblemFile]
) -> None:
    space = str(act.course.id)
    for problem in solved:
        last = load_newest_version(session, problem.published.id, space=space)
        version = store_version(
            session,
            problem.published,
            problem.file.source.text,
            now=act.now,
            space=space,
            created_by=act.author_id,
            note="from the files of the course",
            based_on=last.id if last and problem.published.rekeyed else None,
        )
        if problem.file.number is not None:
            version.number = problem.file.number
            session.flush()


def _write_assignment(
    session: Session, act: ChangeContext, parsed: ParsedFile[AssignmentFile]
) -> Iterator[str]:
    """Make an assignment match its file; yield notes on what could not change at once."""
    slug = parsed.path.removeprefix(f"{ASSIGNMENTS_FOLDER}/").removesuffix(".yaml")
    settings = {
        name: value for name, value in parsed.content if name not in {"published", "problems"}
    }
    values = AssignmentIn.model_validate(settings | {"slug": slug})
    rows = {row.slug: row for row in lifecycle.load_assignments(session, act.course)}
    with locate_errors(parsed):
        row = rows.get(slug) or assignment_lifecycle.create_assignment(session, act, values)
        check_settings(session, act.course, values, None)
        apply_settings(row, values, act.course)
        notes = apply_entries(session, act, row, parsed.content.problems)
        check_settings(session, act.course, values, row)
        _set_published(session, act, row, published=parsed.content.published)
    yield from (f"{parsed.path}: {note}" for note in notes)


def _set_published(
    session: Session, act: ChangeContext, row: Assignment, *, published: bool
) -> None:
    if published:
        assignment_lifecycle.publish_assignment(session, act, row)
    else:
        assignment_lifecycle.unpublish_assignment(session, act, row)


def _remove_objects_missing_from_setup(
    session: Session, act: ChangeContext, setup: CourseSetup
) -> None:
    """Delete the assignments and retire the problems that the files lack.

    Raises `Conflict` if such an assignment has submissions.
    """
    for row in lifecycle.load_assignments(session, act.course):
        if row.slug not in setup.assignments:
            assignment_lifecycle.delete_assignment(session, act, row, confirmed=False)
    for version in load_newest_course_versions(session, act.course):
        if version.problem not in setup.problems:
            _retire_versions(session, act, version.problem)


def _retire_versions(session: Session, act: ChangeContext, problem: str) -> None:
    while (version := load_newest_version(session, problem, space=str(act.course.id))) is not None:
        version.status, version.retired_at = "retired", act.now
        session.flush()


def _diff_files(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FileChange]:
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


def _record_changes(
    session: Session, act: ChangeContext, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    """Record which files changed, with their old and new text."""
    paths = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    if not paths:
        return
    snapshots = [{path: one[path] for path in paths if path in one} for one in (before, after)]
    act.record(
        session, "course.applied", ("course", act.course.id), change=(snapshots[0], snapshots[1])
    )
