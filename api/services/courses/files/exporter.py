"""Course export: the same course always gives the same bytes."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Assignment, Course, ProblemVersion
from api.schemas.assignments.problems import ProblemSettings
from api.schemas.courses.course_files import AssignmentFile, CourseFile, ProblemEntry
from api.schemas.shared.setting import collect_declared_settings
from api.services.assignments.pinned_versions import PinnedProblem, load_pinned_problems
from api.services.assignments.settings import serialize_settings
from api.services.courses.files.yaml_text import dump_yaml
from api.services.courses.lifecycle import load_assignments
from api.services.courses.lifecycle import serialize_settings as course_settings
from api.services.problems.versions import BANK

COURSE_FILE: Final = "course.yaml"
ASSIGNMENTS_FOLDER: Final = "assignments"
PROBLEMS_FOLDER: Final = "problems"
VERSION_SEPARATOR: Final = "@"
"""Separator between the problem and its version number in a file name."""
FIRST_FIELDS: Final = ("slug", "title", "zone", "published", "category", "position", "timeline")
FIRST_ENTRY_FIELDS: Final = ("problem", "of", "version", "space")
LAST_FIELDS: Final = ("instructions", "problems")


def render_course_files(session: Session, course: Course) -> dict[str, str]:
    """Return the text of each file of a course by its path, in order."""
    rows = load_assignments(session, course)
    problems = load_pinned_problems(session, [row.id for row in rows])
    files = {COURSE_FILE: _dump_file(CourseFile.model_validate(course_settings(course)))}
    course_versions = {
        version.problem: version for version in load_newest_course_versions(session, course)
    }
    for row in sorted(rows, key=lambda row: row.slug):
        content = _build_assignment_file(row, problems[row.id], course_versions)
        files[f"{ASSIGNMENTS_FOLDER}/{row.slug}.yaml"] = _dump_file(content)
    for version in course_versions.values():
        files[f"{PROBLEMS_FOLDER}/{version.problem}.yaml"] = version.source
    return files | dict(
        _iterate_older_version_files(problems.values(), set(course_versions.values()))
    )


def _iterate_older_version_files(
    problems: Iterable[Iterable[PinnedProblem]], newest: Container[ProblemVersion]
) -> Iterator[tuple[str, str]]:
    """Yield the files of the course's own older versions that assignments still use."""
    versions = {one.version for each in problems for one in each if one.version.space != BANK}
    for version in sorted(versions, key=lambda item: (item.problem, item.number)):
        if version not in newest:
            yield (
                f"{PROBLEMS_FOLDER}/{version.problem}{VERSION_SEPARATOR}{version.number}.yaml",
                version.source,
            )


def load_newest_course_versions(session: Session, course: Course) -> list[ProblemVersion]:
    """Return the newest published version of each of the course's own problems."""
    rows = session.scalars(
        select(ProblemVersion)
        .where(ProblemVersion.space == str(course.id), ProblemVersion.status == "published")
        .order_by(ProblemVersion.problem, ProblemVersion.number)
    )
    return list({row.problem: row for row in rows}.values())


def _build_assignment_file(
    row: Assignment, problems: Iterable[PinnedProblem], course_problems: Container[str]
) -> AssignmentFile:
    settings = {name: value for name, value in serialize_settings(row).items() if name != "slug"}
    extra = {
        "published": row.published_at is not None,
        "problems": tuple(_build_entry(problem, course_problems) for problem in problems),
    }
    return AssignmentFile.model_validate(settings | extra)


def _build_entry(problem: PinnedProblem, course_problems: Container[str]) -> ProblemEntry:
    """Return a problem as an entry of its file, with its version if applying would pick another.

    Applying picks the newest version, of the course if the problem is among its *course_problems*.
    """
    row, version = problem.row, problem.version
    is_newest = version.status == "published" and version.number == problem.newest_number
    is_own = version.space != BANK
    return ProblemEntry(
        problem=row.slug,
        of=None if version.problem == row.slug else version.problem,
        version=None if is_newest else version.number,
        space=None
        if is_own == (version.problem in course_problems)
        else "course"
        if is_own
        else "bank",
        **{name: getattr(row, name) for name in collect_declared_settings(ProblemSettings)},
    )


def _dump_file(content: CourseFile | AssignmentFile) -> str:
    """Return the text of a file without default values, its fields in reading order."""
    data: dict[str, Any] = content.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    if "problems" in data:
        data["problems"] = [
            _order_fields(entry, first=FIRST_ENTRY_FIELDS) for entry in data["problems"]
        ]
    return dump_yaml(_order_fields(data, first=FIRST_FIELDS, last=LAST_FIELDS))


def _order_fields(
    data: Mapping[str, Any], *, first: Sequence[str], last: Sequence[str] = ()
) -> dict[str, Any]:
    middle = [name for name in data if name not in {*first, *last}]
    return {name: data[name] for name in (*first, *middle, *last) if name in data}
