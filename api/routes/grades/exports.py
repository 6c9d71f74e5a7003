"""File exports of the grades and work of a course, and import of score sheets."""

from collections.abc import Collection, Iterator
from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response

from api.auth.authorization import CourseMembership
from api.core.errors import Forbidden, InvalidInput, NotFound, RateLimited, Unauthenticated
from api.dependencies import ContextDep, RequestContext
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.http.response_memory import PiecewiseResponse, reserve_from_thread
from api.routes.shared.error_responses import INPUT_ERRORS
from api.routes.shared.files import (
    FileBody,
    attachment_headers,
    describe_file_body,
    describe_file_response,
)
from api.schemas.grades.exports import ExportCheck, SheetOut
from api.services.audit.change_context import ChangeContext
from api.services.exports import all_work, gradebook_files
from api.services.exports.formats import stream_score_sheet
from api.services.score_sheets import sheet_rows, sheets
from grader.reading import NumberStyle

router = ApiRouter(tags=["grades"])
EXPORTS_PATH: Final = "/courses/{course}/exports"
SCORE_SHEET_PATH: Final = "/assignments/{assignment}/score-sheet"
EXPORT_ERRORS: Final = error_responses(
    Unauthenticated, Forbidden, NotFound, InvalidInput, RateLimited
)
AssignmentIds = Annotated[
    list[UUID] | None, Query(max_length=200, description="ids of assignments; all if omitted")
]


SUBMISSION_EXAMPLE: Final = (
    '{"submission":"0193...","student":{"id":"0193..."},"problem":"conv-output-size",'
    '"answers":{"side":"64"},"results":[{"part":"side","status":"mistake","credit":"0"}]}\n'
)
GRADEBOOK_EXAMPLE: Final = (
    "student_id,name,email,Homework 1,total\r\n0193...,Ann,ann@example.edu,7.5,75\r\n"
)
MOODLE_EXAMPLE: Final = (
    "Email address,ID number,Homework 1,Feedback: Homework 1\r\nann@example.edu,17,7.5,\r\n"
)
FILE_DESCRIPTION: Final = "the file; `X-Grader-Warnings` is the number of omissions and warnings"
PARTICIPANTS_EXAMPLE: Final = (
    "First name,Last name,Email address\r\nAnn,Example,ann@example.edu\r\n"
)
SHEET_EXAMPLE: Final = (
    "submission_id,student,email,assignment,problem,part,answer,old_status,old_points,"
    "old_comment,possible,points,comment,version\r\n"
    "0193...,Ann,ann@example.edu,Homework 1,why-small-kernels,why,Fewer.,,,,4,3,Good,v0a1b\r\n"
)


@router.get(
    f"{EXPORTS_PATH}/submissions",
    response_class=Response,
    responses=EXPORT_ERRORS
    | describe_file_response(
        "application/jsonl", SUBMISSION_EXAMPLE, "a JSON object per submission"
    ),
)
def get_submissions_export(
    course: UUID,
    context: ContextDep,
    *,
    assignments: AssignmentIds = None,
    pseudonymous: Annotated[bool, Query(description="replace names with pseudonyms")] = False,
) -> PiecewiseResponse:
    """Export all submissions with their results as JSON lines, for research and appeals.

    Pseudonyms are the same in every file of the course. Answers are exported as the students wrote
    them and may contain names.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="export")
    context.consume_action_limit("export_course", str(member.caller.id))
    with context.transaction() as session:
        gradebook_files.record_export(
            session, member, "submissions", now=context.now, pseudonymous=pseudonymous
        )
    only = None if assignments is None else frozenset(assignments)
    scope = all_work.ExportScope(member.course, only, pseudonymous)
    lines: Iterator[str] = all_work.export_submissions(context.service.db.reading, scope)
    headers = attachment_headers(f"{member.course.slug}-submissions.jsonl")
    return PiecewiseResponse(
        lines, held_bytes=all_work.HELD_BYTES, media_type="application/jsonl", headers=headers
    )


@router.get(f"{EXPORTS_PATH}/{{form}}/check", responses=INPUT_ERRORS)
def get_export_check(
    course: UUID,
    form: str,
    context: ContextDep,
    *,
    assignments: AssignmentIds = None,
    section: UUID | None = None,
) -> ExportCheck:
    """Report what the other system would reject or misread in a file, before you export it."""
    with context.reading() as session:
        member = context.authorize_course(session, course, right="export")
        gradebook_files.get_format(form)
    context.consume_action_limit("check_export", str(member.caller.id))
    gradebook_file = _build_file(context, member, form, assignments, section)
    return gradebook_files.serialize_check(gradebook_file)


@router.get(
    f"{EXPORTS_PATH}/{{form}}",
    response_class=Response,
    responses=EXPORT_ERRORS
    | error_responses("file_misread")
    | describe_file_response(
        "text/csv",
        GRADEBOOK_EXAMPLE,
        "the file; `X-Grader-Warnings` is the number of warnings of the check",
    ),
)
def get_gradebook_export(
    course: UUID,
    form: str,
    context: ContextDep,
    *,
    assignments: AssignmentIds = None,
    section: UUID | None = None,
    force: Annotated[
        bool, Query(description="export it even if the other system would misread it")
    ] = False,
) -> Response:
    """Export the gradebook as a file: csv, cells, jsonl, canvas, moodle or gradescope.

    Call the check first: an export that would give scores to the wrong person or column is refused.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="export")
        gradebook_files.get_format(form)
    context.consume_action_limit("export_course", str(member.caller.id))
    gradebook_file = _build_file(context, member, form, assignments, section)
    return _record_export_and_respond(context, member, gradebook_file, force=force)


def _build_file(
    context: RequestContext,
    member: CourseMembership,
    form: str,
    assignments: Collection[UUID] | None,
    section: UUID | None,
    *,
    participant_emails: Collection[str] | None = None,
) -> gradebook_files.GradebookExport:
    """Build a gradebook file within the limits of heavy reading and of response memory."""
    with context.queue_heavy_read(member) as session:
        return gradebook_files.build_gradebook_export(
            session,
            member,
            form,
            only=assignments,
            section=section,
            now=context.now,
            reserve=partial(reserve_from_thread, context.request.scope),
            participant_emails=participant_emails,
        )


def _record_export_and_respond(
    context: RequestContext,
    member: CourseMembership,
    gradebook_file: gradebook_files.GradebookExport,
    *,
    force: bool,
) -> Response:
    """Return an export as a file, and record it in the audit log.

    Unless *force* is set, a file that the other system would misread is refused.
    """
    if not force:
        gradebook_files.check_no_fatal_warnings(gradebook_file)
    warnings = len(gradebook_file.file.warnings)
    with context.transaction() as session:
        gradebook_files.record_export(
            session, member, gradebook_file.name, now=context.now, warnings=warnings, forced=force
        )
    headers = attachment_headers(
        f"{member.course.slug}-{gradebook_file.name}.{gradebook_file.form.ending}"
    )
    headers["X-Grader-Warnings"] = str(warnings)
    return Response(gradebook_file.file.text, media_type=gradebook_file.form.media, headers=headers)


@router.post(
    f"{EXPORTS_PATH}/moodle",
    response_class=Response,
    responses=EXPORT_ERRORS
    | error_responses("file_misread")
    | describe_file_response("text/csv", MOODLE_EXAMPLE, FILE_DESCRIPTION),
    openapi_extra=describe_file_body("text/csv", PARTICIPANTS_EXAMPLE),
)
def post_moodle_export(
    course: UUID,
    context: ContextDep,
    participants: FileBody,
    *,
    assignments: AssignmentIds = None,
    section: UUID | None = None,
    force: Annotated[bool, Query(description="export it even if Moodle would misread it")] = False,
) -> Response:
    """Export the gradebook for Moodle, only with people on its list of participants.

    Moodle refuses the whole file if it does not know one person. Send the list that Moodle writes
    under Participants, Download as CSV.
    """
    with context.reading() as session:
        member = context.authorize_course(session, course, right="export")
    context.consume_action_limit("export_course", str(member.caller.id))
    known = gradebook_files.read_participant_emails(participants)
    gradebook_file = _build_file(
        context, member, "moodle", assignments, section, participant_emails=known
    )
    return _record_export_and_respond(context, member, gradebook_file, force=force)


@router.get(
    SCORE_SHEET_PATH,
    response_class=Response,
    responses=INPUT_ERRORS
    | describe_file_response("text/csv", SHEET_EXAMPLE, "a row for each answer that counts"),
)
def get_score_sheet(
    assignment: UUID,
    context: ContextDep,
    *,
    problem: Annotated[str, Query(max_length=80, description="of this problem only")] = "",
    part: Annotated[str, Query(max_length=80, description="of this part only")] = "",
    style: NumberStyle = "point",
) -> Response:
    """Return the answers that count with their points, for editing in a spreadsheet.

    Fill in `points` and `comment`, leave the rest, and send it back. With `style=comma`, numbers
    have a decimal comma and cells are separated by `;`.
    """
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(session, assignment, right="export")
    context.consume_action_limit("export_course", str(member.caller.id))
    with context.queue_heavy_read(member) as session:
        source = sheet_rows.load_sheet_source(session, assignment_row, problem=problem, part=part)
    rows = (row.sheet_row for row in source.read_rows(context.service.db.reading))
    return PiecewiseResponse(
        stream_score_sheet(rows, style=style),
        held_bytes=source.held_bytes,
        media_type="text/csv",
        headers=attachment_headers(f"{assignment_row.slug}-scores.csv"),
    )


@router.post(
    SCORE_SHEET_PATH,
    responses=INPUT_ERRORS,
    openapi_extra=describe_file_body("text/csv", SHEET_EXAMPLE),
)
def post_score_sheet(
    assignment: UUID,
    context: ContextDep,
    source: FileBody,
    *,
    dry_run: Annotated[
        bool, Query(description="only return the changes; nothing is stored")
    ] = False,
    style: NumberStyle = "point",
) -> SheetOut:
    """Import the points of a score sheet: all rows, or none if a row has an error.

    New points override the score of the part, with the comment as the reason; the student sees
    both. A row is refused if its answer was graded again after the sheet was exported.
    """
    with context.reading() as session:
        member, _ = context.authorize_assignment(session, assignment, right="override_grades")
    context.consume_action_limit("upload_file", str(member.caller.id))
    with context.transaction() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="override_grades"
        )
        act = ChangeContext.for_member(member, now=context.now, dry_run=dry_run)
        return sheets.apply_sheet(session, act, assignment_row, source, style=style)
