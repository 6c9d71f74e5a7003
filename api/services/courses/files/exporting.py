"""Course export: the same course always gives the same bytes."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Assignment, Course, ProblemVersion
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.courses.course_files import AssignmentFile, CourseFile, Entry
from api.schemas.shared.setting import settings_in
from api.services.assignments.pinned_versions import Pinned, pinned
from api.services.assignments.settings import settings_of
from api.services.courses.files.yaml_text import yaml_text
from api.services.courses.lifecycle import assignments_of
from api.services.courses.lifecycle import settings_of as course_settings
from api.services.problems.versions import BANK

__all__ = ["ASSIGNMENTS", "AT", "COURSE", "PROBLEMS", "course_files"]

COURSE: Final = "course.yaml"
ASSIGNMENTS: Final = "assignments"
PROBLEMS: Final = "problems"
AT: Final = "@"
"""Stands between a problem and the number of its version, in the name of a file."""
FIRST: Final = ("slug", "title", "zone", "published", "category", "position", "timeline")
ENTRY_FIRST: Final = ("problem", "of", "version", "space")
LAST: Final = ("instructions", "problems")


def course_files(session: Session, course: Course) -> dict[str, str]:
    """Return the text of each file of a course by its path, in order."""
    rows = assignments_of(session, course)
    problems = pinned(session, [row.id for row in rows])
    files = {COURSE: _written(CourseFile.model_validate(course_settings(course)))}
    own = {version.problem: version for version in own_problems(session, course)}
    for row in sorted(rows, key=lambda row: row.slug):
        told = _assignment(row, problems[row.id], own)
        files[f"{ASSIGNMENTS}/{row.slug}.yaml"] = _written(told)
    for version in own.values():
        files[f"{PROBLEMS}/{version.problem}.yaml"] = version.source
    return files | dict(_older(problems.values(), set(own.values())))


def _older(
    problems: Iterable[Iterable[Pinned]], newest: Container[ProblemVersion]
) -> Iterator[tuple[str, str]]:
    """Yield the files of the course's own older versions that assignments still use."""
    versions = {one.version for each in problems for one in each if one.version.space != BANK}
    for version in sorted(versions, key=lambda one: (one.problem, one.number)):
        if version not in newest:
            yield f"{PROBLEMS}/{version.problem}{AT}{version.number}.yaml", version.source


def own_problems(session: Session, course: Course) -> list[ProblemVersion]:
    """Return the newest published version of each of the course's own problems."""
    rows = session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.space == str(course.id), ProblemVersion.status == "published")
        .order_by(ProblemVersion.problem, ProblemVersion.number)
    )
    return list({row.problem: row for row in rows}.values())


def _assignment(row: Assignment, problems: Iterable[Pinned], own: Container[str]) -> AssignmentFile:
    settings = {name: value for name, value in settings_of(row).items() if name != "slug"}
    told = {
        "published": row.published_at is not None,
        "problems": tuple(_entry(one, own) for one in problems),
    }
    return AssignmentFile.model_validate(settings | told)


def _entry(one: Pinned, own: Container[str]) -> Entry:
    """Return a problem as an entry of its file, with its version if applying would pick another.

    Applying picks the newest version, of the course if the problem is among its *own*.
    """
    row, version = one.row, one.version
    is_newest = version.status == "published" and version.number == one.newest
    is_own = version.space != BANK
    return Entry(
        problem=row.slug,
        of=None if version.problem == row.slug else version.problem,
        version=None if is_newest else version.number,
        space=None if is_own == (version.problem in own) else "course" if is_own else "bank",
        **{name: getattr(row, name) for name in settings_in(ProblemSettings)},
    )


def _written(told: CourseFile | AssignmentFile) -> str:
    """Return the text of a file without default values, its fields in reading order."""
    data: dict[str, Any] = told.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    if "problems" in data:
        data["problems"] = [_ordered(entry, first=ENTRY_FIRST) for entry in data["problems"]]
    return yaml_text(_ordered(data, first=FIRST, last=LAST))


def _ordered(
    data: Mapping[str, Any], *, first: Sequence[str], last: Sequence[str] = ()
) -> dict[str, Any]:
    middle = [name for name in data if name not in {*first, *last}]
    return {name: data[name] for name in (*first, *middle, *last) if name in data}
