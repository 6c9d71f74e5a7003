"""People of a course: list, add, edit and withdraw; its test student."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import RedirectResponse, Response

from api.core.errors import ServiceError
from api.core.ids import parse_id
from api.dependencies import RequestContext
from api.http.field_types import Text
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.form_version import parse_form_version
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter, build_page_request
from api.pages.staff.common import (
    RECOVERABLE_ERRORS,
    build_query_string,
    can_view_as_student,
    course_crumbs,
    has_permission,
)
from api.routes.courses import joining as api_joining
from api.routes.courses import people as api
from api.schemas.accounts.mail import InvitationsQueued
from api.schemas.accounts.people import LinkOut, Person, PersonIn, PersonPatch
from api.services.accounts.account_ownership import (
    STUDENT_ID_LABELS,
    AccountPermissions,
    load_account_permissions,
)

router = PageRouter()
PEOPLE_PATH: Final = "/courses/{course}/people"
ROLES: Final = ("student", "grader", "instructor")
ROWS: Final = 80
EMPTY_FORM: Final = PostedForm()
FIELDS: Final = (
    ("name", "Name", "text"),
    ("email", "E-mail", "email"),
    ("student_number", "Student number", "text"),
    ("lms_id", "Id in the learning system", "text"),
)
"""Form fields of a person: name, label and input type."""


@dataclass(frozen=True, slots=True)
class PeoplePageFilters:
    """Filters of the list of people, as in the query string."""

    role: Literal["", "student", "grader", "instructor"] = ""
    section: str = ""
    text: Text = ""
    state: Literal["active", "withdrawn", "all"] = "active"
    cursor: str = ""

    def query_string(self, **changes: object) -> str:
        """Return the query string of this page with *changes*, without default values."""
        params = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        if params["state"] == "active":
            params["state"] = ""
        return build_query_string(params) or "?"


async def _read_filters(
    role: Literal["", "student", "grader", "instructor"] = "",
    section: Annotated[str, Query(max_length=40)] = "",
    text: Annotated[str, Query(max_length=200)] = "",
    state: Literal["active", "withdrawn", "all"] = "active",
    cursor: Annotated[str, Query(max_length=2_000)] = "",
) -> PeoplePageFilters:
    return PeoplePageFilters(role, section, text.strip(), state, cursor)


PeoplePageFiltersDep = Annotated[PeoplePageFilters, Depends(_read_filters)]


@dataclass(frozen=True, slots=True)
class PersonField:
    """Form field of a person; *stored_value* is the stored value, if it differs from *value*."""

    name: str
    label: str
    type: str
    value: str
    stored_value: str = ""


@router.get(PEOPLE_PATH)
def show_people(course: UUID, context: PageDep, filters: PeoplePageFiltersDep) -> Response:
    """Return the people of a course, sorted by family name."""
    return render_people_page(context, course, filters)


def render_people_page(
    context: RequestContext,
    course: UUID,
    filters: PeoplePageFilters | None = None,
    *,
    form: PostedForm = EMPTY_FORM,
    error: ServiceError | None = None,
    queued: InvitationsQueued | None = None,
) -> Response:
    """Return the list of people, with a refused *form* and its *error*, or *queued* invitations."""
    filters = filters or PeoplePageFilters()
    person_page = api.get_people(
        course,
        context,
        build_page_request(context, limit=ROWS, cursor=filters.cursor),
        role=filters.role or None,
        section=parse_id(filters.section),
        text=filters.text,
        state=filters.state,
    )
    may_manage = has_permission(context, "manage_people")
    return render_page(
        context,
        "staff/people.html",
        title="People",
        tab="people",
        crumbs=course_crumbs(context),
        status=error.status if error else 200,
        course=course,
        filters=filters,
        people=person_page.items,
        more=filters.query_string(cursor=person_page.next) if person_page.next else "",
        sections=api.get_sections(course, context).items,
        roles=ROLES,
        fields=[PersonField(name, label, kind, form.text(name)) for name, label, kind in FIELDS],
        may_manage=may_manage,
        joining=api_joining.get_join_link(course, context) if may_manage else None,
        form=form,
        error=error,
        queued=queued,
        has_mail=context.service.outbox.is_enabled,
    )


@router.post(PEOPLE_PATH)
def add_person(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Add a person to the course and redirect to their page."""
    _require_manage_people(context, course)
    try:
        names = ("role", "section", *(field[0] for field in FIELDS))
        body = validate_body(PersonIn, form.non_empty_texts(*names))
        added = api.post_person(course, body, context, Response())
    except RECOVERABLE_ERRORS as error:
        return render_people_page(context, course, form=form, error=error)
    return _redirect_to_person(course, added.user, "person-added")


def _redirect_to_person(course: UUID, user: UUID, saved: str) -> Response:
    return RedirectResponse(f"/courses/{course}/people/{user}?saved={saved}", status_code=303)


def _require_manage_people(context: RequestContext, course: UUID) -> None:
    """Raise an error unless the caller can manage people, before validating the form."""
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_people")


@router.get(f"{PEOPLE_PATH}/{{user}}")
def show_person(course: UUID, user: UUID, context: PageDep) -> Response:
    """Return the page of a person, with their role and section in the course."""
    return _render_person(context, course, user)


def _render_person(
    context: RequestContext,
    course: UUID,
    user: UUID,
    *,
    form: PostedForm = EMPTY_FORM,
    error: ServiceError | None = None,
    link: LinkOut | None = None,
) -> Response:
    """Return the page of a person, with a refused *form* or a *link* that is shown once."""
    person = api.get_person(course, user, context, Response())
    permissions = load_permissions_on_account(context, course, user)
    return render_page(
        context,
        "staff/person.html",
        title=person.name,
        tab="people",
        crumbs=course_crumbs(context, Breadcrumb("People", f"/courses/{course}/people")),
        status=error.status if error else 200,
        course=course,
        person=person,
        chosen=_chosen_role_and_section(person, form),
        custody=permissions,
        fields=[*_build_fields(person, form, permissions)],
        sections=api.get_sections(course, context).items,
        roles=ROLES,
        may_manage=has_permission(context, "manage_people"),
        may_audit=has_permission(context, "see_audit"),
        may_view=person.role == "student" and can_view_as_student(context, test=person.is_test),
        form=form,
        error=error,
        link=link,
    )


def load_permissions_on_account(
    context: RequestContext, course: UUID, user: UUID
) -> AccountPermissions | None:
    """Return the permissions of the caller on an account, None if they cannot manage people."""
    with context.reading() as session:
        member = context.authorize_course(session, course)
        may_manage = member.has_permission("manage_people")
        return load_account_permissions(session, member, user) if may_manage else None


def _is_editable(person: Person, name: str, permissions: AccountPermissions | None) -> bool:
    """Return whether the course can change a field, or fill it while it is empty."""
    if name == "lms_id" or permissions is None or permissions.may_edit or person.withdrawn_at:
        return True  # the form adds withdrawn people again, which needs all fields
    return name in STUDENT_ID_LABELS and not getattr(person, name)


def _chosen_role_and_section(person: Person, form: PostedForm) -> Mapping[str, str]:
    """Return the posted role and section, or the stored ones.

    ``role_now`` and ``section_now`` are the stored values, if they differ.
    """
    stored_section = str(person.section or "")
    role, section = form.text("role", person.role), form.text("section", stored_section)
    return {
        "role": role,
        "section": section,
        "role_now": person.role if role != person.role else "",
        "section_now": (person.section_name or "none") if section != stored_section else "",
    }


def _build_fields(
    person: Person, form: PostedForm, permissions: AccountPermissions | None
) -> Iterator[PersonField]:
    """Yield the editable fields with the posted values, and stored values that differ."""
    for name, label, kind in FIELDS:
        if form.has(name) or _is_editable(person, name, permissions):
            stored = str(getattr(person, name) or "")
            value = form.text(name, stored)
            yield PersonField(name, label, kind, value, stored if value != stored else "")


@router.post(f"{PEOPLE_PATH}/{{user}}")
def change_person(course: UUID, user: UUID, form: FormDep, context: PageDep) -> Response:
    """Update the fields of a person that were changed."""
    _require_manage_people(context, course)
    person = api.get_person(course, user, context, Response())
    try:
        body = validate_body(PersonPatch, _changed_fields(person, form))
        version = parse_form_version(form.text("version"))
        api.patch_person(course, user, body, context, version, Response())
    except RECOVERABLE_ERRORS as error:
        return _render_person(context, course, user, form=form, error=error)
    return _redirect_to_person(course, user, "person-changed")


def _changed_fields(person: Person, form: PostedForm) -> dict[str, object]:
    """Return the posted fields that differ from the stored ones; an empty section is None."""
    sent = {name: form.text(name) for name, _, _ in FIELDS if form.has(name)}
    changed: dict[str, object] = {
        name: value for name, value in sent.items() if value != str(getattr(person, name) or "")
    }
    if form.has("role") and form.text("role") != person.role:
        changed["role"] = form.text("role")
    if form.has("section") and form.text("section") != str(person.section or ""):
        changed["section"] = form.text("section") or None
    return changed


@router.post(f"{PEOPLE_PATH}/{{user}}/withdraw")
def withdraw_person(course: UUID, user: UUID, context: PageDep) -> Response:
    """Withdraw a person from the course; their work is kept."""
    try:
        api.delete_person(course, user, context)
    except RECOVERABLE_ERRORS as error:
        return _render_person(context, course, user, error=error)
    return _redirect_to_person(course, user, "person-withdrawn")


@router.post(f"{PEOPLE_PATH}/{{user}}/reset")
def reset_person_password(course: UUID, user: UUID, context: PageDep) -> Response:
    """Return the page of a person with a new password link, which is shown only once."""
    try:
        link = api.post_reset_link(course, user, context)
    except RECOVERABLE_ERRORS as error:
        return _render_person(context, course, user, error=error)
    return _render_person(context, course, user, link=link)


@router.post("/courses/{course}/test-student")
def create_test_student(course: UUID, context: PageDep) -> Response:
    """Create the test student if there is none, and redirect to it."""
    student = api.post_test_student(course, context)
    return RedirectResponse(f"/courses/{course}/people/{student.user}", status_code=303)
