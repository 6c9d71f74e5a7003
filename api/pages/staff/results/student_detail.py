"""One student's whole story: grades with every step, times, points by hand, what happened when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import ServiceError
from api.dependencies import Here
from api.http.pagination import Page
from api.pages.forms.form import Form
from api.pages.layout.frame import Crumb, page
from api.pages.layout.grade_steps import Names, Step
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import course_crumbs, may, may_look_as, query, sees_all_names
from api.pages.staff.courses.people import custody_here
from api.routes.assignments import exceptions
from api.routes.courses import people
from api.routes.grades import grades
from api.schemas.accounts.people import Person
from api.schemas.assignments.exceptions import ExcuseOut, StudentTimes
from api.schemas.grades.grades import GradeLine, StaffGrade, StudentGrades
from api.schemas.grades.history import StaffGradeEvent
from api.schemas.student.assignments import Moment
from api.services.student.times import moment_of

__all__ = ["router", "story"]

router = PageRouter()

NOTHING: Final = Form()
MARKS: Final = (
    ("excused", "excused"),
    ("missing", "missing"),
    ("late", "late"),
    ("waiting", "waits for a person"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a grade, in words, with its time on the clocks of the course."""

    at: Moment
    said: str
    told: StaffGradeEvent


@dataclass(frozen=True, slots=True)
class Line:
    """An assignment in the list: its grade, the words for its state, the address of its story."""

    grade: StaffGrade
    marks: tuple[tuple[str, str], ...]
    href: str


@dataclass(frozen=True, slots=True)
class Opened:
    """All about one assignment; *version* is what an act on the grade says it changes.

    *times* is None for a student who has left, and for a reader who may not see times. *targets*
    are what an override can give points for.
    """

    grade: StaffGrade
    steps: tuple[Step, ...]
    names: Names
    targets: tuple[tuple[str, str], ...]
    times: StudentTimes | None
    excuses: tuple[ExcuseOut, ...]
    events: tuple[Event, ...]
    more: str
    version: str


@router.get("/courses/{course}/students/{user}")
def story_page(
    course: UUID,
    user: UUID,
    here: PageDep,
    open_: Annotated[str, Query(alias="open", max_length=200)] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Return all grades of a student, one assignment of them opened."""
    return story(here, course, user, opened=open_, cursor=cursor)


def story(
    here: Here,
    course: UUID,
    user: UUID,
    *,
    opened: str = "",
    cursor: str = "",
    form: Form = NOTHING,
    error: ServiceError | None = None,
) -> Response:
    """Return the story of a student, with what was typed and why it was refused."""
    told = grades.get_student_grades(course, user, here)
    person = people.get_person(course, user, here, Response())
    chosen = next((one for one in told.assignments if one.slug == opened), None)
    return page(
        here,
        "staff/student_story.html",
        title=told.name,
        tab="gradebook",
        crumbs=course_crumbs(here, Crumb("Gradebook", f"/courses/{course}/gradebook")),
        status=error.status if error else 200,
        told=told,
        person=person,
        total=tuple(Names().step(one) for one in told.explain),
        lines=tuple(_line(one) for one in told.assignments),
        opened=_opened(here, chosen, person, cursor=cursor) if chosen else None,
        late_days=_late_days(told),
        may_override=may(here, "override_grades"),
        may_grant=may(here, "grant_extensions"),
        may_manage=may(here, "manage_people"),
        custody=custody_here(here, course, user),
        may_view=may_look_as(here, test=person.is_test),
        form=form,
        error=error,
    )


def _line(one: StaffGrade) -> Line:
    marks = tuple((name, word) for name, word in MARKS if getattr(one, name))
    if one.overrides:
        marks = (*marks, ("overridden", "by hand"))
    return Line(one, marks, f"?open={one.slug}#open")


def _late_days(told: StudentGrades) -> tuple[tuple[str, int], ...]:
    """Return on which assignments late days went; nothing where they are withheld."""
    if told.late_days is None:
        return ()
    titles = {one.assignment: one.title for one in told.assignments}
    return tuple((titles.get(one.assignment, ""), one.days) for one in told.late_days.spent)


def _opened(here: Here, one: StaffGrade, person: Person, *, cursor: str) -> Opened:
    """Return all about an assignment; without times where they are withheld or the student left."""
    answer, user = Response(), person.user
    seen, names = window(here, cursor=cursor), Names.of(one.problems)
    happened = grades.get_student_history(one.assignment, user, here, seen, answer)
    times = None
    if person.withdrawn_at is None and sees_all_names(here):
        times = exceptions.get_student_times(one.assignment, user, here)
    return Opened(
        grade=one,
        steps=tuple(names.step(line) for line in one.explain),
        names=names,
        targets=tuple(_targets(one.explain, names)),
        times=times,
        excuses=_excuses(here, one.assignment, user),
        events=_events(here, happened, names),
        more=query({"open": one.slug, "cursor": happened.next}) if happened.next else "",
        version=answer.headers["ETag"].strip('"v'),
    )


def _targets(lines: Sequence[GradeLine], names: Names) -> Iterator[tuple[str, str]]:
    """Yield what points can be given for by hand, with its name: problems, below each its parts."""
    placed = [one for one in lines if one.problem is not None]
    for one in [line for line in placed if line.part is None]:
        for each in [one, *(line for line in placed if line.part and line.problem == one.problem)]:
            yield each.about, names.step(each).about


def _excuses(here: Here, assignment: UUID, user: UUID) -> tuple[ExcuseOut, ...]:
    if not may(here, "grant_extensions"):
        return ()
    found = exceptions.get_excuses(assignment, here).items
    return tuple(one for one in found if one.student == user)


def _events(here: Here, happened: Page[StaffGradeEvent], names: Names) -> tuple[Event, ...]:
    member = here.visit.member
    zone = member.course.zone if member else "UTC"
    return tuple(
        Event(moment_of(one.at, zone, now=here.now), names.event(one), one)
        for one in happened.items
    )
