"""Export and import of a course as a folder, directly in the database."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.cli.operations.admin import open_database
from api.config.settings import ServiceSettings
from api.core.clock import system_clock
from api.core.errors import FileError, ServiceError
from api.db.models import Course
from api.schemas.courses.course_files import Applied
from api.services.audit.change_context import ChangeContext, lock_and_refresh
from api.services.courses.files.exporter import (
    ASSIGNMENTS_FOLDER,
    COURSE_FILE,
    PROBLEMS_FOLDER,
    render_course_files,
)
from api.services.courses.files.importer import apply_setup, create_course_from_file
from api.services.courses.files.parser import CourseSetup, parse_setup
from api.services.courses.files.problem_files import find_problems_to_publish, publish_files
from api.services.files.csv_rows import read_text
from api.services.problems.publishing import OPERATOR_DEADLINE_SECONDS
from api.services.problems.publishing_pool import PublishingPool


def export_course(settings: ServiceSettings, slug: str, folder: Path) -> tuple[int, list[str]]:
    """Write the files of a course to *folder*; return their number and the stale files there."""
    with open_database(settings) as db, db.reading() as session:
        files = render_course_files(session, _load_course(session, slug))
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    return len(files), [path for path in _find_course_files(folder) if path not in files]


def _load_course(session: Session, slug: str) -> Course:
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        raise FileError(f"there is no course {slug!r}")
    return course


def _find_course_files(folder: Path) -> list[str]:
    """Return the relative paths of the course files in *folder*."""
    paths = [folder / COURSE_FILE] if (folder / COURSE_FILE).exists() else []
    for name in (ASSIGNMENTS_FOLDER, PROBLEMS_FOLDER):
        paths += sorted((folder / name).glob("*.yaml"))
    return [path.relative_to(folder).as_posix() for path in paths]


def apply_folder(
    settings: ServiceSettings, folder: Path, slug: str, *, prune: bool, dry_run: bool
) -> Applied:
    """Make a course match the files in *folder*; return the changes."""
    files = {path: read_text(folder / path) for path in _find_course_files(folder)}
    if not files:
        raise FileError(f"there is no {COURSE_FILE} in {folder}")
    with open_database(settings) as db:
        try:
            setup = parse_setup(files)
            name = slug or _require_slug(setup)
            with db.reading() as session:
                course = session.scalar(select(Course).where(Course.slug == name))
                sources = find_problems_to_publish(session, course, setup)
            with closing(PublishingPool(1, deadline_seconds=OPERATOR_DEADLINE_SECONDS)) as pool:
                solved = publish_files(sources, publish=pool.publish, seeds=settings.seeds)
            with db.transaction() as session:
                course = _get_or_create_course(session, setup, name)
                act = ChangeContext(course, None, system_clock(), dry_run=dry_run)
                applied = apply_setup(session, act, setup, solved, prune=prune)
                if dry_run:
                    session.rollback()  # it may have created the course just for this
        except ServiceError as error:
            raise FileError(_format_service_error(error)) from error
    return applied


def _require_slug(setup: CourseSetup) -> str:
    if setup.course is None:
        raise FileError(f"there is no {COURSE_FILE}. Name the course: --course SLUG")
    return setup.course.content.slug


def _get_or_create_course(session: Session, setup: CourseSetup, slug: str) -> Course:
    """Return the course with the slug, created if missing, locked until the transaction ends."""
    course = session.scalar(select(Course).where(Course.slug == slug))
    if course is None:
        if setup.course is None:
            raise FileError(f"there is no course {slug!r}, and no {COURSE_FILE} to create it from")
        course = create_course_from_file(session, setup.course, slug=slug, now=system_clock())
    lock_and_refresh(session, course)
    return course


def _format_service_error(error: ServiceError) -> str:
    """Return every error with its file and line."""
    if not error.errors:
        return error.detail
    return "\n".join(
        ": ".join(
            piece
            for piece in (
                ":".join(str(at) for at in (one.file, one.line) if at),
                one.field,
                one.message,
            )
            if piece
        )
        for one in error.errors
    )
