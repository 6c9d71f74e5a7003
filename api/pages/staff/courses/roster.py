"""Roster import with a dry run, and invitations for a mail merge."""

from uuid import UUID

from fastapi.responses import Response

from api.core.errors import ServiceError
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep, PostedForm, validate_body
from api.pages.forms.upload_payload import encode_upload, read_upload
from api.pages.layout.frame import Breadcrumb, render_page
from api.pages.router import PageDep, PageRouter
from api.pages.staff.common import RECOVERABLE_ERRORS, course_crumbs
from api.pages.staff.courses.people import render_people_page
from api.routes.courses import roster as api
from api.schemas.accounts.people import InvitesIn, RosterOut

router = PageRouter()


@router.get("/courses/{course}/roster")
def show_roster_form(course: UUID, context: PageDep) -> Response:
    """Return the form that imports a roster."""
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_people")
    return _render_roster(context, course)


@router.post("/courses/{course}/roster")
def import_roster(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Dry-run the import of a roster; with ``apply``, import it."""
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_people")
    body = b""
    try:
        body = read_upload(form)
        result = _post_roster(context, course, form, body)
    except RECOVERABLE_ERRORS as error:
        return _render_roster(context, course, body=body, error=error)
    return _render_roster(context, course, result=result, body=body)


def _post_roster(context: RequestContext, course: UUID, form: PostedForm, body: bytes) -> RosterOut:
    return api.post_roster(
        course,
        context,
        body,
        dry_run=not form.has("apply"),
        withdraw=form.has("withdraw"),
        partial=form.has("partial"),
    )


def _render_roster(
    context: RequestContext,
    course: UUID,
    *,
    result: RosterOut | None = None,
    body: bytes = b"",
    error: ServiceError | None = None,
) -> Response:
    return render_page(
        context,
        "staff/roster.html",
        title="Import a list of students",
        tab="people",
        crumbs=course_crumbs(context, Breadcrumb("People", f"/courses/{course}/people")),
        status=error.status if error else 200,
        course=course,
        result=result,
        carried=encode_upload(body),
        error=error,
    )


@router.post("/courses/{course}/invites")
def download_invites(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Return links to set a first password, as a file for a mail merge."""
    try:
        response = api.post_invites(course, _parse_invites(course, form, context), context)
    except RECOVERABLE_ERRORS as error:
        return render_people_page(context, course, form=form, error=error)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@router.post("/courses/{course}/invites/mail")
def send_invites(course: UUID, form: FormDep, context: PageDep) -> Response:
    """Send links to set a first password by e-mail."""
    try:
        queued = api.post_mailed_invites(course, _parse_invites(course, form, context), context)
    except RECOVERABLE_ERRORS as error:
        return render_people_page(context, course, form=form, error=error)
    return render_people_page(context, course, queued=queued)


def _parse_invites(course: UUID, form: PostedForm, context: RequestContext) -> InvitesIn:
    """Return the people whom the caller may invite and has chosen; without a choice, all."""
    with context.reading() as session:
        context.authorize_course(session, course, right="manage_people")
    return validate_body(InvitesIn, {"people": form.get_all("person") or None})
