"""One's own grades, each number with its steps, and what happened to each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.pages.layout.frame import Crumb, page
from api.pages.layout.grade_steps import Names, Step
from api.pages.layout.local_time import Wall
from api.pages.router import PageDep, PageRouter, window
from api.routes.assignments import assignments
from api.routes.grades import grades
from api.schemas.grades.grades import GradeHidden, GradeShown, MyGrades, OverrideShown
from api.schemas.grades.history import GradeEvent
from api.schemas.student.assignments import Moment

__all__ = ["router"]

router = PageRouter()

LINES: Final = 150
"""So many steps stand on the page at once; of more, those of one assignment at a time."""
PER_PAGE: Final = 50
WHOLE: Final = "The whole assignment"
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
        total=[Names().step(one) for one in told.explain],
        rows=rows,
    )


def _row(
    one: GradeShown | GradeHidden, told: MyGrades, wall: Wall, wanted: UUID | None
) -> Row | Hidden:
    if isinstance(one, GradeHidden):
        since = one.not_released_until
        return Hidden(one, None if since is None else wall(since))
    names = Names.of(one.problems)
    lines = sum(len(each.explain) for each in _shown(told.assignments))
    is_here = lines <= LINES or wanted == one.assignment
    return Row(
        one,
        tuple(names.step(each) for each in one.explain) if is_here else None,
        tuple(
            Given(names.place(each.problem, each.part, whole=WHOLE), each, wall(each.at))
            for each in one.overrides
        ),
        sum(each.days for each in told.late_days.spent if each.assignment == one.assignment),
    )


def _shown(found: Iterable[GradeShown | GradeHidden]) -> Iterable[GradeShown]:
    return (one for one in found if isinstance(one, GradeShown))


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
    names = Names.of(found.problems)
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
            Happened(wall(at), tuple((NAMES[one.kind], names.event(one), one) for one in events))
            for at, events in groupby(told.items, key=attrgetter("at"))
        ],
        next=told.next,
    )
