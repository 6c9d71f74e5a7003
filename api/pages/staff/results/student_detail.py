"""Student page for staff: grades with every step, times, overrides and history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import ServiceError
from api.dependencies import RequestContext
from api.http.pagination import Page
from api.pages.forms.form import PostedForm
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.layout.grade_steps import ExplainedStep, ProblemTitles
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import (
    build_query_string,
    can_see_all_names,
    can_view_as_student,
    course_crumbs,
    has_permission,
)
from api.pages.staff.courses.people import load_permissions_on_account
from api.routes.assignments import exceptions
from api.routes.courses import people
from api.routes.grades import grades
from api.schemas.accounts.people import Person
from api.schemas.assignments.exceptions import ExcuseOut, StudentTimes
from api.schemas.grades.grades import GradeLine, StaffGrade, StudentGrades
from api.schemas.grades.history import StaffGradeEvent
from api.schemas.student.assignments import Moment
from api.services.student.times import serialize_moment

router = PageRouter()

EMPTY_FORM: Final = PostedForm()
STATE_MARKS: Final = (
    ("excused", "excused"),
    ("missing", "missing"),
    ("late", "late"),
    ("waiting", "waiting for a TA"),
)


@dataclass(frozen=True, slots=True)
class DatedGradeEvent:
    """Grade event in words, with its time in the time zone of the course."""

    moment: Moment
    text: str
    event: StaffGradeEvent


@dataclass(frozen=True, slots=True)
class AssignmentGradeLine:
    """Assignment in the list: its grade, the labels of its states, and its link."""

    grade: StaffGrade
    marks: tuple[tuple[str, str], ...]
    href: str


@dataclass(frozen=True, slots=True)
class OpenedAssignment:
    """Details of one assignment; *version* is the grade version that a change must match.

    *times* is None for a student who has left, and for a reader who may not see times.
    *targets* are the problems and parts that an override can apply to.
    """

    grade: StaffGrade
    steps: tuple[ExplainedStep, ...]
    names: ProblemTitles
    targets: tuple[tuple[str, str], ...]
    times: StudentTimes | None
    excuses: tuple[ExcuseOut, ...]
    events: tuple[DatedGradeEvent, ...]
    more: str
    version: str


@router.get("/courses/{course}/students/{user}")
def show_student(
    course: UUID,
    user: UUID,
    context: PageDep,
    open_: Annotated[str, Query(alias="open", max_length=200)] = "",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Response:
    """Return all grades of a student, with the details of one assignment."""
    return render_student_page(context, course, user, opened=open_, cursor=cursor)


def render_student_page(
    context: RequestContext,
    course: UUID,
    user: UUID,
    *,
    opened: str = "",
    cursor: str = "",
    form: PostedForm = EMPTY_FORM,
    error: ServiceError | None = None,
) -> Response:
    """Return the student page, with a refused *form* and its *error*, if any."""
    student_grades = grades.get_student_grades(course, user, context)
    person = people.get_person(course, user, context, Response())
    chosen = next(
        (assignment for assignment in student_grades.assignments if assignment.slug == opened), None
    )
    return render_page(
        context,
        "staff/student_story.html",
        title=student_grades.name,
        tab="gradebook",
        crumbs=course_crumbs(context, Breadcrumb("Gradebook", f"/courses/{course}/gradebook")),
        status=error.status if error else 200,
        student_grades=student_grades,
        person=person,
        total=tuple(ProblemTitles().explain_line(one) for one in student_grades.explain),
        lines=tuple(_build_line(assignment) for assignment in student_grades.assignments),
        opened=_load_opened_assignment(context, chosen, person, cursor=cursor) if chosen else None,
        late_days=_list_spent_late_days(student_grades),
        may_override=has_permission(context, "override_grades"),
        may_grant=has_permission(context, "grant_extensions"),
        may_manage=has_permission(context, "manage_people"),
        custody=load_permissions_on_account(context, course, user),
        may_view=can_view_as_student(context, test=person.is_test),
        form=form,
        error=error,
    )


def _build_line(grade: StaffGrade) -> AssignmentGradeLine:
    marks = tuple((name, word) for name, word in STATE_MARKS if getattr(grade, name))
    if grade.overrides:
        marks = (*marks, ("overridden", "by hand"))
    return AssignmentGradeLine(grade, marks, f"?open={grade.slug}#open")


def _list_spent_late_days(student_grades: StudentGrades) -> tuple[tuple[str, int], ...]:
    """Return the late days spent on each assignment, or nothing if they are withheld."""
    if student_grades.late_days is None:
        return ()
    titles = {assignment.assignment: assignment.title for assignment in student_grades.assignments}
    return tuple(
        (titles.get(one.assignment, ""), one.days) for one in student_grades.late_days.spent
    )


def _load_opened_assignment(
    context: RequestContext, grade: StaffGrade, person: Person, *, cursor: str
) -> OpenedAssignment:
    """Return the details of an assignment.

    Times are left out if they are withheld from the caller or the student has left.
    """
    response, user = Response(), person.user
    page_request, names = (
        build_page_request(context, cursor=cursor),
        ProblemTitles.from_problems(grade.problems),
    )
    history = grades.get_student_grade_history(
        grade.assignment, user, context, page_request, response
    )
    times = None
    if person.withdrawn_at is None and can_see_all_names(context):
        times = exceptions.get_student_times(grade.assignment, user, context)
    return OpenedAssignment(
        grade=grade,
        steps=tuple(names.explain_line(line) for line in grade.explain),
        names=names,
        targets=tuple(_iterate_override_targets(grade.explain, names)),
        times=times,
        excuses=_load_excuses(context, grade.assignment, user),
        events=_build_events(context, history, names),
        more=build_query_string({"open": grade.slug, "cursor": history.next})
        if history.next
        else "",
        version=response.headers["ETag"].strip('"v'),
    )


def _iterate_override_targets(
    lines: Sequence[GradeLine], names: ProblemTitles
) -> Iterator[tuple[str, str]]:
    """Yield the targets of an override with their labels: each problem before its parts."""
    problem_lines = [line for line in lines if line.problem is not None]
    for problem_line in [line for line in problem_lines if line.part is None]:
        for target in [
            problem_line,
            *(line for line in problem_lines if line.part and line.problem == problem_line.problem),
        ]:
            yield target.about, names.explain_line(target).about


def _load_excuses(context: RequestContext, assignment: UUID, user: UUID) -> tuple[ExcuseOut, ...]:
    if not has_permission(context, "grant_extensions"):
        return ()
    excuses = exceptions.get_excuses(assignment, context).items
    return tuple(excuse for excuse in excuses if excuse.student == user)


def _build_events(
    context: RequestContext, history: Page[StaffGradeEvent], names: ProblemTitles
) -> tuple[DatedGradeEvent, ...]:
    member = context.activity.member
    zone = member.course.zone if member else "UTC"
    return tuple(
        DatedGradeEvent(
            serialize_moment(item.at, zone, now=context.now), names.describe_event(item), item
        )
        for item in history.items
    )
