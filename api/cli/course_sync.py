"""Export and import of a course as a folder, directly in the database."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.admin_operations import opened
from api.config.settings import Settings
from api.core.clock import system_clock
from api.core.errors import FileError, ServiceError
from api.db.models import Course
from api.schemas.courses.course_files import Applied
from api.services.audit.change_context import Act, hold
from api.services.courses.files.applying import apply, new_course_of, publish_all, to_publish
from api.services.courses.files.exporting import ASSIGNMENTS, COURSE, PROBLEMS, course_files
from api.services.courses.files.parsing import Setup, read_setup
from api.services.files.csv_rows import read_text
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from api.services.problems.publishing_pool import PublishingPool

__all__ = ["apply_folder", "export_course"]


def export_course(settings: Settings, slug: str, folder: Path) -> tuple[int, list[str]]:
    """Write the files of a course to *folder*; return their number and the stale files there."""
    with opened(settings) as db, db.reading() as session:
        files = course_files(session, _course(session, slug))
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return len(files), [path for path in _paths(folder) if path not in files]


def _course(session: Session, slug: str) -> Course:
    found = session.scalar(select(Course).where(Course.slug == slug))
    if found is None:
        raise FileError(f"there is no course {slug!r}")
    return found


def _paths(folder: Path) -> list[str]:
    """Return the relative paths of the course files in *folder*."""
    found = [folder / COURSE] if (folder / COURSE).exists() else []
    for name in (ASSIGNMENTS, PROBLEMS):
        found += sorted((folder / name).glob("*.yaml"))
    return [path.relative_to(folder).as_posix() for path in found]


def apply_folder(
    settings: Settings, folder: Path, slug: str, *, prune: bool, dry_run: bool
) -> Applied:
    """Make a course match the files in *folder*; return the changes."""
    files = {path: read_text(folder / path) for path in _paths(folder)}
    if not files:
        raise FileError(f"there is no {COURSE} in {folder}")
    with opened(settings) as db:
        try:
            setup = read_setup(files)
            name = slug or _named(setup)
            with db.reading() as session:
                course = session.scalar(select(Course).where(Course.slug == name))
                sources = to_publish(session, course, setup)
            with closing(PublishingPool(1, deadline_seconds=OPERATOR_DEADLINE_SECONDS)) as pool:
                solved = publish_all(sources, publish=pool.publish, seeds=settings.seeds)
            with db.transaction() as session:
                course = _found_or_made(session, setup, name)
                act = Act(course, None, system_clock(), dry_run=dry_run)
                done = apply(session, act, setup, solved, prune=prune)
                if dry_run:
                    session.rollback()  # it may have created the course just for this
        except ServiceError as error:
            raise FileError(_told(error)) from error
    return done


def _named(setup: Setup) -> str:
    if setup.course is None:
        raise FileError(f"there is no {COURSE}, so say which course: --course SLUG")
    return setup.course.told.slug


def _found_or_made(session: Session, setup: Setup, slug: str) -> Course:
    """Return the course with the slug, created if missing, locked until the transaction ends."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        if setup.course is None:
            raise FileError(f"there is no course {slug!r}, and no {COURSE} to make it of")
        course = new_course_of(session, setup.course, slug=slug, now=system_clock())
    hold(session, course)
    return course


def _told(error: ServiceError) -> str:
    """Return every error with its file and line."""
    if not error.errors:
        return error.detail
    return "\n".join(
        ": ".join(
            piece
            for piece in (
                ":".join(str(at) for at in (one.file, one.line) if at),
                one.field,
                one.said,
            )
            if piece
        )
        for one in error.errors
    )
