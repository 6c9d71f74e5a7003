"""One's own grades, each number with its steps, and what happened to each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.pages.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.walls import Wall
from api.pages.wording import part_name
from api.routes import assignments, grades
from api.schemas.grade_history import GradeEvent
from api.schemas.grades import GradeHidden, GradeLine, GradeShown, MyGrades, OverrideShown
from api.schemas.my_assignments import Moment

__all__ = ["router"]

router = PageRouter()

LINES: Final = 150
"""So many steps stand on the page at once; of more, those of one assignment at a time."""
PER_PAGE: Final = 50
NAMES: Final[Mapping[str, str]] = {
    "submission": "Handed in",
    "grading": "Marked",
    "override": "Points by a person",
    "override_withdrawn": "Points taken back",
    "excuse": "Excused",
    "excuse_withdrawn": "Excuse taken back",
    "grade": "Score",
}


@dataclass(frozen=True, slots=True)
class Step:
    """How one number came about: what it is, and the way to it."""

    about: str
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """Points that a person gave: for what, by whom, when and why."""

    about: str
    override: OverrideShown
    at: Moment


@dataclass(frozen=True, slots=True)
class Row:
    """A grade with its steps (none: they stand on a page of their own); *late* counts late days."""

    grade: GradeShown
    steps: tuple[Step, ...] | None
    given: tuple[Given, ...]
    late: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """An assignment whose results are not shown yet; *since* is when they will be."""

    grade: GradeHidden
    since: Moment | None


@router.get("/courses/{course}/grades")
def my_grades(
    course: UUID, here: PageDep, steps: Annotated[UUID | None, Query()] = None
) -> Response:
    """Return one's own grades; *steps* names the assignment whose steps are wanted."""
    told = grades.get_my_grades(course, here)
    wall = Wall.of(here)
    rows = [_row(one, told, wall, steps) for one in told.assignments]
    return page(
        here,
        "student/grades.html",
        title="My grades",
        crumbs=(Crumb(told.course_title, f"/courses/{course}"),),
        tab="grades",
        told=told,
        total=[_step(one, {}) for one in told.explain],
        rows=rows,
    )


def _row(
    one: GradeShown | GradeHidden, told: MyGrades, wall: Wall, wanted: UUID | None
) -> Row | Hidden:
    if isinstance(one, GradeHidden):
        since = one.not_released_until
        return Hidden(one, None if since is None else wall(since))
    titles = {each.problem: each.title for each in one.problems}
    lines = sum(len(each.explain) for each in _shown(told.assignments))
    is_here = lines <= LINES or wanted == one.assignment
    return Row(
        one,
        tuple(_step(each, titles) for each in one.explain) if is_here else None,
        tuple(Given(_about(each, titles), each, wall(each.at)) for each in one.overrides),
        sum(each.days for each in told.late_days.spent if each.assignment == one.assignment),
    )


def _shown(found: Iterable[GradeShown | GradeHidden]) -> Iterable[GradeShown]:
    return (one for one in found if isinstance(one, GradeShown))


def _step(line: GradeLine, titles: Mapping[str, str]) -> Step:
    """Return a line by the title of its problem, which it names by id."""
    slug, comma, part = line.about.partition(", ")
    words = line.words.removeprefix(f"{line.about}: ")
    return Step(f"{titles.get(slug, slug)}{comma}{part_name(part)}", words)


def _about(one: OverrideShown, titles: Mapping[str, str]) -> str:
    if one.problem is None:
        return "The whole assignment"
    title = titles.get(one.problem, one.problem)
    return title if one.part is None else f"{title}, {part_name(one.part)}"


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened at one time: events with their names and what is said of them."""

    at: Moment
    events: tuple[tuple[str, str, GradeEvent], ...]

    @property
    def has_score(self) -> bool:
        """Whether the score changed."""
        return any(one.kind == "grade" for *_, one in self.events)


@router.get("/assignments/{assignment}/history")
def my_history(
    assignment: UUID, here: PageDep, cursor: Annotated[str, Query(max_length=2_000)] = ""
) -> Response:
    """Return what happened to one's own grade in an assignment, from the start."""
    told = grades.get_my_history(assignment, here, window(here, limit=PER_PAGE, cursor=cursor))
    found = assignments.get_assignment(assignment, here, Response())
    wall = Wall.of(here)
    titles = {one.problem: one.title for one in found.problems}
    return page(
        here,
        "student/grade_history.html",
        title=f"What happened to {found.title}",
        crumbs=(
            Crumb(wall.course.title, f"/courses/{found.course}"),
            Crumb(found.title, f"/assignments/{assignment}"),
        ),
        tab="grades",
        times=[
            Happened(wall(at), tuple((NAMES[one.kind], _said(one, titles), one) for one in events))
            for at, events in groupby(told.items, key=attrgetter("at"))
        ],
        next=told.next,
    )


def _said(event: GradeEvent, titles: Mapping[str, str]) -> str:
    """Return what is said of an event, with the names that people know problem and parts by."""
    slug = event.problem or ""
    title = titles.get(slug, slug)
    if event.kind == "submission":
        head, _, parts = event.said.partition(f" to {slug}: ")
        named = map(part_name, parts.removesuffix(".").split(", "))
        return f"{head} to {title}: {', '.join(named)}."
    about = f"{slug}, {event.part}" if event.part else slug
    if not slug or not event.said.startswith(about):
        return event.said
    named_part = f", {part_name(event.part)}" if event.part else ""
    return f"{title}{named_part}{event.said.removeprefix(about)}"
