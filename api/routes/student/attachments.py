"""Attachments of text answers: an image or a PDF, stored as new images."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Path, Query, Response
from sqlalchemy.orm import Session

from api.core.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceUnavailable,
    Unauthenticated,
)
from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import READ_ERRORS
from api.routes.shared.files import (
    SANDBOX_HEADERS,
    FileBody,
    describe_file_body,
    describe_file_response,
    send_stored_file,
)
from api.schemas.student.attachments import Attachments, AttachmentView
from api.services.attachments import storage
from api.services.attachments.converter import convert_attachment
from api.services.attachments.submitted import build_attachment_views
from api.services.files.document_budget import check_document_budget, lock_author_account
from api.services.reports.uploads.storage import check_may_upload, clean_file_name
from api.services.submissions.preparation import check_released
from api.services.submissions.writer.rows import ROW_BYTES

router = ApiRouter(tags=["student"])

ATTACHMENTS_PATH: Final = "/assignments/{assignment}/problems/{problem}/attachments"
ATTACHMENT_PATH: Final = f"{ATTACHMENTS_PATH}/{{part}}"
IMAGE_PATH: Final = "/attachments/{attachment}/image"
UPLOAD_TYPE: Final = "application/octet-stream"
UPLOAD_EXAMPLE: Final = "<the bytes of a PNG, JPEG, WebP or GIF image, or of a PDF>"
MAX_PAGE_NUMBER: Final = 100

PartName = Annotated[str, Path(max_length=80, description="the id of a text part")]
PageNumber = Annotated[int, Query(ge=1, le=MAX_PAGE_NUMBER, description="the page, from 1")]


@router.get(ATTACHMENTS_PATH, responses=READ_ERRORS)
def get_attachments(assignment: UUID, problem: str, context: ContextDep) -> Attachments:
    """Return the attachments that go with the next answers of the caller."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem)
        check_released(session, assigned, now=context.now)
        rows = storage.list_unsubmitted_attachments(session, assigned)
        return Attachments(items=tuple(build_attachment_views(session, rows)))


@router.post(
    ATTACHMENT_PATH,
    status_code=201,
    responses=error_responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        InvalidInput,
        "attachment_unreadable",
        RateLimited,
        "attachment_budget",
        "storage_budget",
        ServiceUnavailable,
    ),
    openapi_extra=describe_file_body(UPLOAD_TYPE, UPLOAD_EXAMPLE),
)
def upload_attachment(
    assignment: UUID,
    problem: str,
    part: PartName,
    context: ContextDep,
    uploaded: FileBody,
    name: Annotated[str, Query(max_length=300, description="the name of the file")],
) -> AttachmentView:
    """Attach a file to a text part, in place of the one before; nothing is submitted.

    The file is decoded and stored as new images, one for each page of a PDF. To submit it, name the
    attachment with the answer to the part.
    """
    file_name = clean_file_name(name)
    with context.reading() as session:
        author = _authorize_upload(session, context, (assignment, problem), part, size_bytes=0)
    context.service.storage.check(author)
    context.consume_action_limit("upload_attachment", str(author))
    pages = convert_attachment(context.service.report_reader, author, uploaded)
    now = context.now
    with context.transaction() as session:
        lock_author_account(session, author)
        size_bytes = sum(len(page.content) for page in pages)
        _authorize_upload(session, context, (assignment, problem), part, size_bytes=size_bytes)
        assigned = context.authorize_problem(session, assignment, problem, right="submit")
        storage.store_attachment(
            session, assigned, part, file_name=file_name, uploaded=uploaded, pages=pages, now=now
        )
        rows = storage.list_unsubmitted_attachments(session, assigned, parts=[part])
        view = build_attachment_views(session, rows)[-1]
    context.service.storage.add(author, ROW_BYTES * (1 + len(pages)))
    return view


def _authorize_upload(
    session: Session,
    context: RequestContext,
    problem_key: tuple[UUID, str],
    part: str,
    *,
    size_bytes: int,
) -> UUID:
    """Return the author of an upload that is permitted; raise the error that refuses it."""
    assigned = context.authorize_problem(session, *problem_key, right="submit")
    check_may_upload(assigned.member)
    check_released(session, assigned, now=context.now)
    definition = context.service.variants.get_problem(assigned.version)
    storage.check_takes_attachments(assigned, definition, part)
    storage.check_attachment_limit(session, assigned)
    author = assigned.member.caller.id
    check_document_budget(
        session,
        author,
        size_bytes,
        mebibytes_per_day=context.service.settings.report_mebibytes_per_day,
        code="attachment_budget",
        now=context.now,
    )
    return author


@router.delete(
    ATTACHMENT_PATH,
    status_code=204,
    responses=error_responses(Unauthenticated, Forbidden, NotFound),
)
def remove_attachment(assignment: UUID, problem: str, part: PartName, context: ContextDep) -> None:
    """Remove the attachment of a part, if there is one; submitted answers keep it."""
    with context.transaction() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="submit")
        check_may_upload(assigned.member)
        lock_author_account(session, assigned.member.caller.id)
        storage.remove_attachment(session, assigned, part, now=context.now)


@router.get(
    IMAGE_PATH,
    response_class=Response,
    responses=READ_ERRORS
    | describe_file_response("image/png", "<the bytes of the image>", "the page as an image"),
)
def get_attachment_image(attachment: UUID, context: ContextDep, page: PageNumber = 1) -> Response:
    """Return a page of an attachment, for its student; for staff once it is submitted.

    The response has neither the name of the file nor its metadata.
    """
    with context.reading() as session:
        assignment = storage.find_assignment_of_attachment(session, attachment)
        try:
            member, _ = context.authorize_assignment(session, assignment)
        except NotFound as error:
            raise NotFound(storage.NO_PAGE_MESSAGE) from error
        media_type, content = storage.load_attachment_page(session, member, attachment, page)
    ending = media_type.removeprefix("image/")
    headers = SANDBOX_HEADERS | {
        "Content-Disposition": f'inline; filename="attachment-{page}.{ending}"'
    }
    return send_stored_file(
        content, context.service.db.reading, media_type=media_type, headers=headers
    )
