"""Attachment page of a student: attach an image or a PDF to a text answer, see and replace it."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Path, Response
from fastapi.responses import RedirectResponse

from api.core.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceError,
    ServiceUnavailable,
)
from api.dependencies import RequestContext
from api.pages.forms.form import FormDep
from api.pages.layout.frame import render_page
from api.pages.layout.templating import build_retry_after_headers
from api.pages.router import PageDep, PageRouter
from api.pages.student.components.location import ProblemLocation
from api.routes.student import assigned_problems
from api.routes.student import attachments as api
from api.services.attachments.limits import MAX_PAGES, MAX_UPLOAD_BYTES, MEBIBYTE

router = PageRouter()

ATTACHMENT_PATH: Final = api.ATTACHMENT_PATH
ACCEPTED: Final = ".png,.jpg,.jpeg,.webp,.gif,.pdf"
UPLOAD_ERRORS: Final = (Conflict, InvalidInput, RateLimited, ServiceUnavailable)
MAX_NAME_CHARACTERS: Final = 300
NO_PART_MESSAGE: Final = "There is no such text part, or it does not accept attachments."

PartName = Annotated[str, Path(max_length=80)]


@router.get(ATTACHMENT_PATH)
def attachment_page(assignment: UUID, problem: str, part: PartName, context: PageDep) -> Response:
    """Return what is attached to a part, and the form to attach a file in its place."""
    return _render_attachment(context, (assignment, problem), part)


def _render_attachment(
    context: RequestContext,
    problem_key: tuple[UUID, str],
    part: str,
    error: ServiceError | None = None,
) -> Response:
    view = assigned_problems.get_problem(*problem_key, context)
    part_view = next((one for one in view.parts if one.id == part and one.takes_attachment), None)
    if part_view is None:
        raise NotFound(NO_PART_MESSAGE)
    location = ProblemLocation.load(context, *problem_key)
    response = render_page(
        context,
        "student/attachment.html",
        title="Attachment",
        crumbs=location.crumbs,
        tab="assignments",
        status=error.status if error else 200,
        part=part_view,
        part_title=location.part_title(part),
        path=f"{location.path}/attachments/{part}",
        back=f"{location.path}#part-{part}",
        accepted=ACCEPTED,
        max_mebibytes=MAX_UPLOAD_BYTES // MEBIBYTE,
        max_pages=MAX_PAGES,
        error=error,
    )
    response.headers.update(build_retry_after_headers(error))
    return response


@router.post(ATTACHMENT_PATH)
def upload_attachment_page(
    assignment: UUID, problem: str, part: PartName, form: FormDep, context: PageDep
) -> Response:
    """Attach an uploaded file and return to the page, which shows it."""
    files = form.files.get("file", ())
    try:
        if not files or not files[0].name:
            raise InvalidInput.for_field("file", "is missing; choose an image or a PDF")
        name = files[0].name[-MAX_NAME_CHARACTERS:]
        api.upload_attachment(assignment, problem, part, context, files[0].body, name)
    except UPLOAD_ERRORS as error:
        return _render_attachment(context, (assignment, problem), part, error)
    return _redirect_to_attachment(assignment, problem, part)


@router.post(f"{ATTACHMENT_PATH}/remove")
def remove_attachment_page(
    assignment: UUID, problem: str, part: PartName, context: PageDep
) -> Response:
    """Remove what is attached to a part."""
    api.remove_attachment(assignment, problem, part, context)
    return _redirect_to_attachment(assignment, problem, part)


def _redirect_to_attachment(assignment: UUID, problem: str, part: str) -> Response:
    path = f"/assignments/{assignment}/problems/{problem}/attachments/{part}"
    return RedirectResponse(path, status_code=303)


@router.get(api.IMAGE_PATH)
def attachment_image(attachment: UUID, context: PageDep, page: api.PageNumber = 1) -> Response:
    """Return a page of an attachment as an image."""
    return api.get_attachment_image(attachment, context, page)
