"""A list of students taken over after a look at what it changes; invitations for a mail merge."""

from uuid import UUID

from fastapi.responses import Response

from api.core.errors import ServiceError
from api.dependencies import Here
from api.pages.forms.form import Form, FormDep, validated
from api.pages.forms.upload_payload import carried, sent_file
from api.pages.layout.frame import Crumb, page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import MENDABLE, course_crumbs
from api.pages.staff.courses.people import people_page
from api.routes.courses import roster as api
from api.schemas.accounts.people import InvitesIn, RosterOut

__all__ = ["router"]

router = PageRouter()


@router.get("/courses/{course}/roster")
def roster_page(course: UUID, here: PageDep) -> Response:
    """Return the form that takes a list of students."""
    with here.reading() as session:
        here.member(session, course, right="manage_people")
    return _page(here, course)


@router.post("/courses/{course}/roster")
def roster(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Return what a list would change; take it over where that is asked for."""
    with here.reading() as session:
        here.member(session, course, right="manage_people")
    body = b""
    try:
        body = sent_file(form)
        told = _sent(here, course, form, body)
    except MENDABLE as error:
        return _page(here, course, body=body, error=error)
    return _page(here, course, told=told, body=body)


def _sent(here: Here, course: UUID, form: Form, body: bytes) -> RosterOut:
    return api.post_roster(
        course,
        here,
        body,
        dry_run=not form.has("apply"),
        withdraw=form.has("withdraw"),
        partial=form.has("partial"),
    )


def _page(
    here: Here,
    course: UUID,
    *,
    told: RosterOut | None = None,
    body: bytes = b"",
    error: ServiceError | None = None,
) -> Response:
    return page(
        here,
        "staff/roster.html",
        title="Import a list of students",
        tab="people",
        crumbs=course_crumbs(here, Crumb("People", f"/courses/{course}/people")),
        status=error.status if error else 200,
        course=course,
        told=told,
        carried=carried(body),
        error=error,
    )


@router.post("/courses/{course}/invites")
def invites(course: UUID, form: FormDep, here: PageDep) -> Response:
    """Return links by which people set their first password, as a file for a mail merge."""
    with here.reading() as session:
        here.member(session, course, right="manage_people")
    try:
        body = validated(InvitesIn, {"people": form.all("person") or None})
        answer = api.post_invites(course, body, here)
    except MENDABLE as error:
        return people_page(here, course, form=form, error=error)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
