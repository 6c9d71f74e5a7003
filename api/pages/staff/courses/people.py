"""The people of a course: listed, added, changed, withdrawn; its test student."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import ServiceError
from api.core.ids import read_id
from api.dependencies import Here
from api.http.fields import Text
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.form_version import held
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter, window
from api.pages.staff.common import MENDABLE, course_crumbs, may, may_look_as, query
from api.routes.courses import people as api
from api.schemas.accounts.people import LinkOut, Person, PersonIn, PersonPatch
from api.services.accounts.account_ownership import NUMBERS, Custody, custody_of

__all__ = ["custody_here", "people_page", "router"]

router = PageRouter()
PATH: Final = "/courses/{course}/people"
ROLES: Final = ("student", "grader", "instructor")
ROWS: Final = 80
NOTHING: Final = Form()
FIELDS: Final = (
    ("name", "Name", "text"),
    ("email", "E-mail", "email"),
    ("student_number", "Student number", "text"),
    ("lms_id", "Id in the learning system", "text"),
)
"""What is typed about a person: the name of the field, its label, its type."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which people are asked for, as the address says it."""

    role: Literal["", "student", "grader", "instructor"] = ""
    section: str = ""
    text: Text = ""
    state: Literal["active", "withdrawn", "all"] = "active"
    cursor: str = ""

    def address(self, **changes: object) -> str:
        """Return the query of this page with *changes*; what is as at first is left out."""
        told = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        return query(told | {"state": "" if told["state"] == "active" else told["state"]}) or "?"


async def _asked(
    role: Literal["", "student", "grader", "instructor"] = "",
    section: Annotated[str, Query(max_length=40)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    state: Literal["active", "withdrawn", "all"] = "active",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> Asked:
    return Asked(role, section, text.strip(), state, cursor)


AskedDep = Annotated[Asked, Depends(_asked)]


@dataclass(frozen=True, slots=True)
class Field:
    """A field about a person: what is in it, and what it holds *now* where that is another."""

    name: str
    label: str
    type: str
    value: str
    now: str = ""


@router.get(PATH)
def people_list(course: UUID, here: PageDep, asked: AskedDep) -> Response:
    """Return the people of a course by family name."""
    return people_page(here, course, asked)


def people_page(
    here: Here,
    course: UUID,
    asked: Asked | None = None,
    *,
    form: Form = NOTHING,
    error: ServiceError | None = None,
) -> Response:
    """Return the list, with what was typed in a form of it and why that was refused."""
    asked = asked or Asked()
    told = api.get_people(
        course,
        here,
        window(here, limit=ROWS, cursor=asked.cursor),
        role=asked.role or None,
        section=read_id(asked.section),
        text=asked.text,
        state=asked.state,
    )
    return page(
        here,
        "staff/people.html",
        title="People",
        tab="people",
        crumbs=course_crumbs(here),
        status=error.status if error else 200,
        course=course,
        asked=asked,
        people=told.items,
        more=asked.address(cursor=told.next) if told.next else "",
        sections=api.get_sections(course, here).items,
        roles=ROLES,
        fields=[Field(name, label, kind, form.text(name)) for name, label, kind in FIELDS],
        may_manage=may(here, "manage_people"),
        form=form,
        error=error,
    )


@router.post(PATH)
def add_person(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Add one person, and go to them."""
    _need(here, course)
    try:
        body = validated(PersonIn, form.given("role", "section", *(one[0] for one in FIELDS)))
        told = api.post_person(course, body, here, Response())
    except MENDABLE as error:
        return people_page(here, course, form=form, error=error)
    return RedirectResponse(f"/courses/{course}/people/{told.user}", status_code=303)


def _need(here: Here, course: UUID) -> None:
    """Raise what keeps the caller from managing people, before anything that was typed is read."""
    with here.reading() as session:
        here.member(session, course, right="manage_people")


@router.get(f"{PATH}/{{user}}")
def person(course: UUID, user: UUID, here: PageDep) -> Response:
    """Return what somebody is in the course, to be changed."""
    return _person(here, course, user)


def _person(
    here: Here,
    course: UUID,
    user: UUID,
    *,
    form: Form = NOTHING,
    error: ServiceError | None = None,
    link: LinkOut | None = None,
) -> Response:
    """Return the page of a person, with what was typed, or with a link that is shown once."""
    told = api.get_person(course, user, here, Response())
    custody = custody_here(here, course, user)
    return page(
        here,
        "staff/person.html",
        title=told.name,
        tab="people",
        crumbs=course_crumbs(here, Crumb("People", f"/courses/{course}/people")),
        status=error.status if error else 200,
        course=course,
        person=told,
        chosen=_chosen(told, form),
        custody=custody,
        fields=[
            _field(told, one, form)
            for one in FIELDS
            if form.has(one[0]) or _is_ours(told, one[0], custody)
        ],
        sections=api.get_sections(course, here).items,
        roles=ROLES,
        may_manage=may(here, "manage_people"),
        may_audit=may(here, "see_audit"),
        may_view=told.role == "student" and may_look_as(here, test=told.is_test),
        form=form,
        error=error,
        link=link,
    )


def custody_here(here: Here, course: UUID, user: UUID) -> Custody | None:
    """Return what who looks may do for an account; None for who manages nobody."""
    with here.reading() as session:
        member = here.member(session, course)
        return custody_of(session, member, user) if member.may("manage_people") else None


def _is_ours(told: Person, name: str, custody: Custody | None) -> bool:
    """Tell whether a field is this course's to change, or to fill where it is empty."""
    if custody is None or custody.may_edit or told.withdrawn_at or name == "lms_id":
        return True  # who was withdrawn is taken back under all that is known of them
    return name in NUMBERS and not getattr(told, name)


def _chosen(told: Person, form: Form) -> Mapping[str, str]:
    """Return role and section as they were chosen, else as they are."""
    holds = str(told.section or "")
    role, section = form.text("role", told.role), form.text("section", holds)
    return {
        "role": role,
        "section": section,
        "role_now": told.role if role != told.role else "",
        "section_now": (told.section_name or "none") if section != holds else "",
    }


def _field(told: Person, one: tuple[str, str, str], form: Form) -> Field:
    """Return a field as it was typed, with what it holds where that is another."""
    name, label, kind = one
    holds = str(getattr(told, name) or "")
    value = form.text(name, holds)
    return Field(name, label, kind, value, holds if value != holds else "")


@router.post(f"{PATH}/{{user}}")
def change_person(course: UUID, user: UUID, form: FormDep, here: PageDep) -> Response:
    """Change what somebody is in the course, as far as it was changed."""
    _need(here, course)
    told = api.get_person(course, user, here, Response())
    try:
        body = validated(PersonPatch, _patch(told, form))
        api.patch_person(course, user, body, here, held(form.text("version")), Response())
    except MENDABLE as error:
        return _person(here, course, user, form=form, error=error)
    return RedirectResponse(f"/courses/{course}/people/{user}", status_code=303)


def _patch(told: Person, form: Form) -> dict[str, object]:
    """Return the fields that are other than what is held; an empty section is none."""
    sent = {name: form.text(name) for name, _, _ in FIELDS if form.has(name)}
    changed: dict[str, object] = {
        name: value for name, value in sent.items() if value != str(getattr(told, name) or "")
    }
    if form.has("role") and form.text("role") != told.role:
        changed["role"] = form.text("role")
    if form.has("section") and form.text("section") != str(told.section or ""):
        changed["section"] = form.text("section") or None
    return changed


@router.post(f"{PATH}/{{user}}/withdraw")
def withdraw_person(course: UUID, user: UUID, here: PageDep) -> Response:
    """Withdraw somebody from the course; their work is kept."""
    return _acted(here, course, user, lambda: api.delete_person(course, user, here))


def _acted(here: Here, course: UUID, user: UUID, act: Callable[[], object]) -> Response:
    try:
        act()
    except MENDABLE as error:
        return _person(here, course, user, error=error)
    return RedirectResponse(f"/courses/{course}/people/{user}", status_code=303)


@router.post(f"{PATH}/{{user}}/reset")
def reset_person(course: UUID, user: UUID, here: PageDep) -> Response:
    """Return the page of a person with a new link to set a password: it is shown this once."""
    try:
        link = api.post_reset(course, user, here)
    except MENDABLE as error:
        return _person(here, course, user, error=error)
    return _person(here, course, user, link=link)


@router.post("/courses/{course}/test-student")
def test_student(course: UUID, here: PageDep) -> Response:
    """Make the test student unless there is one, and go to it."""
    told = api.post_test_student(course, here)
    return RedirectResponse(f"/courses/{course}/people/{told.user}", status_code=303)
