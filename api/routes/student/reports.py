"""Reports: a document with many answers, of which the student confirms each."""

import json
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Response
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.roles import Permission
from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceError,
    Unauthenticated,
)
from api.db.models import Assignment, Report
from api.dependencies import ContextDep, RequestContext, SubmissionContextDep
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
from api.routes.student.submissions import submit_and_wait
from api.schemas.student.reports import (
    ConfirmationError,
    ConfirmedProblem,
    ConfirmIn,
    ConfirmOut,
    ReportOut,
    ReportSummaries,
)
from api.services.assignments.views import require_released
from api.services.attachments.storage import load_next_attachments
from api.services.attachments.submitted import build_attachment_views
from api.services.files.document_budget import check_document_budget, lock_author_account
from api.services.reports.uploads import storage
from api.services.reports.uploads.confirmation import (
    ProblemAnswers,
    load_confirmations,
    resolve_problem_with_same_numbers,
    select_answers,
)
from api.services.reports.uploads.reading_job import measure_reading
from api.services.reports.uploads.report_sheet import load_report_sheet
from api.services.reports.uploads.serializers import serialize_report, serialize_summary
from api.services.submissions.writer.rows import ROW_BYTES

router = ApiRouter(tags=["reports"])

REPORTS_PATH: Final = "/assignments/{assignment}/reports"
REPORT_PATH: Final = f"{REPORTS_PATH}/{{report}}"
DOCUMENT_TYPE: Final = "application/octet-stream"
DOCUMENT_EXAMPLE: Final = "# 1\n(b) With stride 2 the output is 63×63×16.\n"


def authorize_released(
    session: Session,
    context: RequestContext,
    assignment: UUID,
    *,
    right: Permission = "see_course",
) -> tuple[CourseMembership, Assignment]:
    """Return the membership and the assignment; raise `NotFound` before its release."""
    member, row = context.authorize_assignment(session, assignment, right=right)
    require_released(session, member, row, now=context.now)
    return member, row


def authorize_report(
    session: Session,
    context: RequestContext,
    assignment: UUID,
    *,
    right: Permission = "see_course",
) -> tuple[CourseMembership, Assignment]:
    """Return the membership and the assignment of a report.

    Raises the same `NotFound` for an assignment and for a report that the caller may not see.
    """
    try:
        return authorize_released(session, context, assignment, right=right)
    except NotFound as error:
        raise NotFound(storage.NO_REPORT_MESSAGE) from error


@router.post(
    REPORTS_PATH,
    status_code=201,
    responses=error_responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        InvalidInput,
        "report_unreadable",
        RateLimited,
        "report_budget",
        "storage_budget",
    ),
    openapi_extra=describe_file_body(DOCUMENT_TYPE, DOCUMENT_EXAMPLE),
)
def upload_report(
    assignment: UUID,
    context: ContextDep,
    document: FileBody,
    name: Annotated[str, Query(max_length=300, description="the name of the file")],
) -> ReportOut:
    """Read a report and store it with a passage for each part; nothing is graded.

    The end of the name says what it is: `.md`, `.txt`, `.tex`, `.ipynb`, `.docx` or `.pdf`.
    Confirm the answers afterwards.
    """
    file_name = storage.clean_file_name(name)
    with context.reading() as session:
        member, row = authorize_released(session, context, assignment, right="submit")
        storage.check_may_upload(member)
        ending = storage.check_file_and_get_ending(file_name, document)
        storage.check_report_limit(session, member, row)
        author = member.caller.id
        _check_budget(session, context, author, len(document))
        context.service.storage.check(author)
        sheet = load_report_sheet(session, member, row)
    context.consume_action_limit("upload_report", str(author))
    parts = context.service.report_reader.read(author, document, ending, sheet.problems)
    with context.transaction() as session:
        member, row = context.authorize_assignment(session, assignment, right="submit")
        lock_author_account(session, author)
        _check_budget(session, context, author, len(document))
        report = storage.store_report(
            session,
            member,
            row,
            file_name=file_name,
            document=document,
            parts=parts,
            draws=sheet.draws,
            now=context.now,
        )
    context.service.storage.add(author, ROW_BYTES + measure_reading(parts))
    return get_report(assignment, report, context)


def _check_budget(session: Session, context: RequestContext, author: UUID, size_bytes: int) -> None:
    check_document_budget(
        session,
        author,
        size_bytes,
        mebibytes_per_day=context.service.settings.report_mebibytes_per_day,
        code="report_budget",
        now=context.now,
    )


@router.get(REPORTS_PATH, responses=READ_ERRORS)
def get_reports(assignment: UUID, context: ContextDep) -> ReportSummaries:
    """Return the reports that the caller uploaded to an assignment, the newest first."""
    with context.reading() as session:
        member, row = authorize_released(session, context, assignment)
        reports = storage.list_own_reports(session, member, row)
        return ReportSummaries(
            items=tuple(
                serialize_summary(stored.report, has_document=stored.has_document)
                for stored in reports
            )
        )


@router.get(REPORT_PATH, responses=READ_ERRORS)
def get_report(assignment: UUID, report: UUID, context: ContextDep) -> ReportOut:
    """Return a report of the caller with the passages of each part."""
    with context.reading() as session:
        member, row = authorize_report(session, context, assignment)
        stored = storage.load_own_report(session, member, row, report)
        confirmations = load_confirmations(session, stored.report)
        attached = load_next_attachments(session, member, row.id)
        views = build_attachment_views(session, attached.values())
        return serialize_report(
            stored.report,
            confirmations,
            dict(zip(attached, views, strict=True)),
            has_document=stored.has_document,
        )


@router.get(
    f"{REPORT_PATH}/document",
    response_class=Response,
    responses=READ_ERRORS
    | describe_file_response(DOCUMENT_TYPE, DOCUMENT_EXAMPLE, "the file as it was uploaded"),
)
def get_document(assignment: UUID, report: UUID, context: ContextDep) -> Response:
    """Return the file of a report, for its student; for staff unless names are hidden."""
    with context.reading() as session:
        member, row = authorize_report(session, context, assignment)
        name, document = storage.load_document(session, member, row, report)
    headers = SANDBOX_HEADERS | {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    }
    return send_stored_file(
        document, context.service.db.reading, media_type=DOCUMENT_TYPE, headers=headers
    )


@router.post(
    f"{REPORT_PATH}/confirm",
    responses=error_responses(Unauthenticated, Forbidden, NotFound, Conflict, InvalidInput),
)
def confirm_answers(
    assignment: UUID, report: UUID, body: ConfirmIn, context: SubmissionContextDep
) -> ConfirmOut:
    """Submit the confirmed answers of a report, one submission for each problem.

    They count like typed answers, at the time of this request. The same answers of a report are
    one submission, however often they are confirmed. A problem whose answers are refused has an
    error; the others are submitted.
    """
    with context.reading() as session:
        member, row = authorize_report(session, context, assignment, right="submit")
        storage.check_may_upload(member)
        stored = storage.load_own_report(session, member, row, report).report
        groups = select_answers(stored, load_confirmations(session, stored), body)
    return ConfirmOut(
        items=tuple(
            _submit_answers(context, assignment, stored, group, is_counted=index == 0)
            for index, group in enumerate(groups)
        )
    )


def _submit_answers(
    context: RequestContext,
    assignment: UUID,
    report: Report,
    group: ProblemAnswers,
    *,
    is_counted: bool,
) -> ConfirmedProblem:
    """Submit the answers to one problem; the request itself counts as the first submission."""
    try:
        with context.reading() as session:
            member, row = context.authorize_assignment(session, assignment, right="submit")
            if not is_counted:
                context.service.rate_limiters["submissions"].consume(str(member.caller.id))
            problem_id = resolve_problem_with_same_numbers(
                session, member, row, report, group.problem
            )
            attached = load_next_attachments(session, member, row.id)
        request = group.build_request(
            report,
            problem_id,
            received_at=context.now,
            attachments={
                part: attached[group.problem, part].id
                for part in group.answers
                if (group.problem, part) in attached
            },
        )
        stored = submit_and_wait(context, assignment, group.problem, request)
    except ServiceError as error:
        refusal = ConfirmationError(code=error.code, detail=str(error))
        return ConfirmedProblem(problem=group.problem, submission=None, error=refusal)
    # Scores are exact numbers, which are not read from floats.
    reply = json.loads(stored.reply, parse_float=str)
    return ConfirmedProblem(problem=group.problem, submission=reply, error=None)
