"""The student's own grades: each score with its steps, and its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.grade_steps import ExplainedStep, ProblemTitles
from api.pages.layout.local_time import CourseClock
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.grading.item_rows import join_mistake_names
from api.pages.student.components.states import WAITING
from api.routes.assignments import assignments
from api.routes.grades import grades
from api.schemas.grades.grades import GradeHidden, GradeShown, MyGrades, OverrideShown
from api.schemas.grades.history import GradeEvent
from api.schemas.student.assignments import Moment

router = PageRouter()

MAX_STEPS_ON_PAGE: Final = 150
"""If there are more steps, the page shows those of one assignment at a time."""
EVENTS_PER_PAGE: Final = 50
WHOLE_ASSIGNMENT_TITLE: Final = "The whole assignment"
EVENT_NAMES: Final[Mapping[str, str]] = {
    "submission": "Submitted",
    "grading": "Graded",
    "override": "Points set by hand",
    "override_withdrawn": "Points withdrawn",
    "excuse": "Excused",
    "excuse_withdrawn": "Excuse withdrawn",
    "grade": "Score",
}


@dataclass(frozen=True, slots=True)
class GradeOverrideLine:
    """A grade override: its subject, its author and reason, and its time."""

    about: str
    override: OverrideShown
    created_at: Moment


@dataclass(frozen=True, slots=True)
class AssignmentGradeRow:
    """A grade with its steps; *late* is the number of late days spent.

    *steps* is None if a separate page shows them.
    """

    grade: GradeShown
    steps: tuple[ExplainedStep, ...] | None
    overrides: tuple[GradeOverrideLine, ...]
    late: int


@dataclass(frozen=True, slots=True)
class HiddenGradeRow:
    """An assignment with unreleased results; *since* is their release time, if known."""

    grade: GradeHidden
    since: Moment | None


@router.get("/courses/{course}/grades")
def my_grades_page(
    course: UUID, context: PageDep, steps: Annotated[UUID | None, Query()] = None
) -> Response:
    """Return the student's own grades.

    *steps* selects the assignment whose steps are shown if there are too many for one
    page.
    """
    grades_view = grades.get_my_grades(course, context)
    clock = CourseClock.for_request(context)
    rows = [
        _build_row(assignment, grades_view, clock, steps) for assignment in grades_view.assignments
    ]
    return render_page(
        context,
        "student/grades.html",
        title="My grades",
        crumbs=(Breadcrumb(grades_view.course_title, f"/courses/{course}"),),
        tab="grades",
        grades=grades_view,
        total=[ProblemTitles().explain_line(one) for one in grades_view.explain],
        rows=rows,
        waiting=WAITING,
    )


@router.get("/courses/{course}/mistakes")
def my_mistakes_page(course: UUID, context: PageDep) -> Response:
    """Return the student's known mistakes over the course, with practice on each."""
    mistakes = grades.get_my_mistakes(course, context).items
    clock = CourseClock.for_request(context)
    return render_page(
        context,
        "student/mistakes.html",
        title="My mistakes",
        crumbs=(
            Breadcrumb(clock.course.title, f"/courses/{course}"),
            Breadcrumb("My grades", f"/courses/{course}/grades"),
        ),
        tab="grades",
        mistakes=[(join_mistake_names([one.mistake]), one) for one in mistakes],
    )


def _build_row(
    grade: GradeShown | GradeHidden,
    grades_view: MyGrades,
    clock: CourseClock,
    assignment_with_steps: UUID | None,
) -> AssignmentGradeRow | HiddenGradeRow:
    if isinstance(grade, GradeHidden):
        since = grade.not_released_until
        return HiddenGradeRow(grade, None if since is None else clock(since))
    names = ProblemTitles.from_problems(grade.problems)
    step_count = sum(len(each.explain) for each in _released_grades(grades_view.assignments))
    with_steps = step_count <= MAX_STEPS_ON_PAGE or assignment_with_steps == grade.assignment
    return AssignmentGradeRow(
        grade,
        tuple(names.explain_line(each) for each in grade.explain) if with_steps else None,
        tuple(
            GradeOverrideLine(
                names.full_title(each.problem, each.part, whole=WHOLE_ASSIGNMENT_TITLE),
                each,
                clock(each.at),
            )
            for each in grade.overrides
        ),
        sum(
            each.days for each in grades_view.late_days.spent if each.assignment == grade.assignment
        ),
    )


def _released_grades(assignment_grades: Iterable[GradeShown | GradeHidden]) -> Iterable[GradeShown]:
    return (grade for grade in assignment_grades if isinstance(grade, GradeShown))


@dataclass(frozen=True, slots=True)
class GradeEventGroup:
    """Grade events that occurred at the same time, each with its name and description."""

    occurred_at: Moment
    events: tuple[tuple[str, str, GradeEvent], ...]

    @property
    def has_score(self) -> bool:
        """Whether the score changed."""
        return any(event.kind == "grade" for *_, event in self.events)


@router.get("/assignments/{assignment}/history")
def my_history_page(
    assignment: UUID, context: PageDep, cursor: Annotated[str, Query(max_length=2_000)] = ""
) -> Response:
    """Return the history of the student's own grade in an assignment, oldest event first."""
    event_page = grades.get_my_grade_history(
        assignment, context, build_page_request(context, limit=EVENTS_PER_PAGE, cursor=cursor)
    )
    assignment_view = assignments.get_assignment(assignment, context, Response())
    clock = CourseClock.for_request(context)
    names = ProblemTitles.from_problems(assignment_view.problems)
    return render_page(
        context,
        "student/grade_history.html",
        title=f"History of {assignment_view.title}",
        crumbs=(
            Breadcrumb(clock.course.title, f"/courses/{assignment_view.course}"),
            Breadcrumb(assignment_view.title, f"/assignments/{assignment}"),
        ),
        tab="grades",
        times=[
            GradeEventGroup(
                clock(at),
                tuple(
                    (EVENT_NAMES[event.kind], names.describe_event(event), event)
                    for event in events
                ),
            )
            for at, events in groupby(event_page.items, key=attrgetter("at"))
        ],
        next=event_page.next,
    )
