"""What staff grant one student in an assignment: points by hand, excuses, late days given back."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi.responses import RedirectResponse, Response

from api.auth.roles import Right
from api.core.errors import Invalid
from api.core.ids import read_id
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.forms.rows import whole_number
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import MENDABLE
from api.pages.staff.results.student_detail import story
from api.routes.assignments import exceptions
from api.routes.grades import overrides as api
from api.schemas.assignments.exceptions import ExcuseIn, RefundIn
from api.schemas.grades.overrides import OverrideIn

__all__ = ["router"]

router = PageRouter()
PATH = "/assignments/{assignment}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody acts: the course, the name of the assignment in it, and the student."""

    course: UUID
    slug: str
    student: UUID


@router.post(f"{PATH}/overrides")
def set_points(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Set points by hand, and return to the story."""
    place = _place(here, assignment, form, right="override_grades")

    def act() -> None:
        body = validated(OverrideIn, _override(form, place.student))
        api.post_override(assignment, body, here, held(form.text("version")), Response())

    return _done(here, place, form, act)


def _override(form: Form, student: UUID) -> dict[str, object]:
    """Return the fields of an override; its target is empty, a problem, or a problem and part."""
    problem, _, part = form.text("target").partition(", ")
    return {
        "student": student,
        "problem": problem or None,
        "part": part or None,
        "points": form.text("points"),
        "reason": form.text("reason"),
        "over_maximum": form.has("over_maximum"),
    }


@router.post(f"{PATH}/overrides/{{override}}/withdraw")
def withdraw_points(assignment: UUID, override: UUID, form: FormDep, here: PageDep) -> Response:
    """Withdraw points that were set by hand, and return to the story."""
    place = _place(here, assignment, form, right="override_grades")
    version = held(form.text("version"))

    def act() -> None:
        api.delete_override(assignment, override, here, version, Response())

    return _done(here, place, form, act)


@router.post(f"{PATH}/excuses")
def excuse(assignment: UUID, form: FormDep, here: PageDep) -> Response:
    """Excuse a student from an assignment or a problem, and return to the story."""
    place = _place(here, assignment, form, right="grant_extensions")

    def act() -> None:
        given = {"student": place.student, **form.given("problem", "reason")}
        exceptions.post_excuse(assignment, validated(ExcuseIn, given), here, Response())

    return _done(here, place, form, act)


@router.post(f"{PATH}/excuses/{{excuse}}/withdraw")
def withdraw_excuse(assignment: UUID, excuse: UUID, form: FormDep, here: PageDep) -> Response:
    """Take an excuse back, and return to the story."""
    place = _place(here, assignment, form, right="grant_extensions")
    return _done(here, place, form, lambda: exceptions.delete_excuse(assignment, excuse, here))


@router.post("/courses/{course}/students/{user}/late-days/refund")
def refund(course: UUID, user: UUID, form: FormDep, here: PageDep) -> Response:
    """Give late days back, and return to the story."""
    with here.reading() as session:
        here.member(session, course, right="grant_extensions")
    place = Place(course, form.text("open"), user)

    def act() -> None:
        days = form.text("days")
        given = {"assignment": form.text("assignment"), "reason": form.text("reason")}
        body = validated(RefundIn, {**given, "days": whole_number(days)})
        exceptions.post_refund(course, user, body, here)

    return _done(here, place, form, act)


def _place(here: Here, assignment: UUID, form: Form, *, right: Right) -> Place:
    """Return where an act is to happen, for who has the *right* to it."""
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right=right)
    student = read_id(form.text("student"))
    if student is None:
        raise Invalid.of("student", "is missing")
    return Place(member.course.id, found.slug, student)


def _done(here: Here, place: Place, form: Form, act: Callable[[], object]) -> Response:
    """Act and return to the story; where that is refused, show it again with what was typed."""
    try:
        act()
    except MENDABLE as error:
        return story(here, place.course, place.student, opened=place.slug, form=form, error=error)
    address = f"/courses/{place.course}/students/{place.student}"
    opened = f"?open={place.slug}#open" if place.slug else ""
    return RedirectResponse(f"{address}{opened}", status_code=303)
