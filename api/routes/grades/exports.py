"""Grades and work of a course as files, and score sheets that come back."""

from collections.abc import Iterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from api.auth.authorization import Member
from api.core.errors import Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from api.dependencies import Here, HereDep
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.shared.error_responses import SENDS
from api.routes.shared.files import Sent, attachment, file_answer, file_body
from api.schemas.grades.exports import ExportCheck, SheetOut
from api.services.audit.change_context import Act
from api.services.exports import all_work, gradebook_files
from api.services.exports.formats import write_score_sheet
from api.services.score_sheets import sheet_rows, sheets
from grader.reading import Style

__all__ = ["router"]

router = ApiRouter(tags=["grades"])
COURSE: Final = "/courses/{course}/exports"
SHEET: Final = "/assignments/{assignment}/score-sheet"
THROTTLED: Final = responses(Unauthenticated, Forbidden, NotFound, Invalid, RateLimited)
Only = Annotated[
    list[UUID] | None, Query(max_length=200, description="ids of assignments; none for all")
]


LINE: Final = (
    '{"submission":"0193...","student":{"id":"0193..."},"problem":"conv-output-size",'
    '"answers":{"side":"64"},"results":[{"part":"side","status":"mistake","credit":"0"}]}\n'
)
TABLE: Final = "student_id,name,email,Homework 1,total\r\n0193...,Ann,ann@example.edu,7.5,75\r\n"
MOODLE: Final = (
    "Email address,ID number,Homework 1,Feedback: Homework 1\r\nann@example.edu,17,7.5,\r\n"
)
LEFT_OUT: Final = "the file; `X-Grader-Warnings` counts what is left out or warned"
PARTICIPANTS: Final = "First name,Last name,Email address\r\nAnn,Example,ann@example.edu\r\n"
SHEET_EXAMPLE: Final = (
    "submission_id,student,email,assignment,problem,part,answer,old_status,old_points,"
    "old_comment,possible,points,comment,version\r\n"
    "0193...,Ann,ann@example.edu,Homework 1,why-small-kernels,why,Fewer.,,,,4,3,Good,v0a1b\r\n"
)


@router.get(
    f"{COURSE}/submissions",
    response_class=StreamingResponse,
    responses=THROTTLED | file_answer("application/jsonl", LINE, "a JSON object a submission"),
)
def get_submissions_export(
    course: UUID,
    here: HereDep,
    *,
    assignments: Only = None,
    pseudonymous: Annotated[
        bool, Query(description="students and submissions by pseudonyms, without names")
    ] = False,
) -> StreamingResponse:
    """Return all that was handed in with its results, as JSON lines, for research and appeals.

    Pseudonyms are the same in every file of the course. What students wrote is in it as it is, and
    may name them.
    """
    with here.reading() as session:
        member = here.member(session, course, right="export")
    here.throttle("export_course", str(member.caller.id))
    with here.transaction() as session:
        gradebook_files.note(
            session, member, "submissions", now=here.now, pseudonymous=pseudonymous
        )
    only = None if assignments is None else frozenset(assignments)
    scope = all_work.Scope(member.course, only, pseudonymous)
    lines: Iterator[str] = all_work.all_work(here.service.db.reading, scope)
    headers = attachment(f"{member.course.slug}-submissions.jsonl")
    return StreamingResponse(lines, media_type="application/jsonl", headers=headers)


@router.get(f"{COURSE}/{{form}}/check", responses=SENDS)
def get_export_check(
    course: UUID,
    form: str,
    here: HereDep,
    *,
    assignments: Only = None,
    section: UUID | None = None,
) -> ExportCheck:
    """Tell what the other system would reject or misread in a file, before it is written."""
    with here.reading() as session:
        member = here.member(session, course, right="export")
        gradebook_files.form_of(form)
    here.throttle("check_export", str(member.caller.id))
    with here.heavy_reading(member) as session:
        made = gradebook_files.make(
            session, member, form, only=assignments, section=section, now=here.now
        )
    return gradebook_files.checked(made)


@router.get(
    f"{COURSE}/{{form}}",
    response_class=Response,
    responses=THROTTLED
    | responses("file_misread")
    | file_answer("text/csv", TABLE, "the file; `X-Grader-Warnings` counts what the check tells"),
)
def get_export(
    course: UUID,
    form: str,
    here: HereDep,
    *,
    assignments: Only = None,
    section: UUID | None = None,
    force: Annotated[bool, Query(description="even if the other system would misread it")] = False,
) -> Response:
    """Return the gradebook as a file: csv, cells, jsonl, canvas, moodle or gradescope.

    Ask the check first: what would give scores to the wrong person or column is refused.
    """
    with here.reading() as session:
        member = here.member(session, course, right="export")
        gradebook_files.form_of(form)
    here.throttle("export_course", str(member.caller.id))
    with here.heavy_reading(member) as session:
        made = gradebook_files.make(
            session, member, form, only=assignments, section=section, now=here.now
        )
    return _written(here, member, made, force=force)


def _written(here: Here, member: Member, made: gradebook_files.Made, *, force: bool) -> Response:
    """Return a file, noted in the audit log, unless the other system would misread it."""
    if not force:
        gradebook_files.refuse_fatal(made)
    warnings = len(made.written.warnings)
    with here.transaction() as session:
        gradebook_files.note(
            session, member, made.name, now=here.now, warnings=warnings, forced=force
        )
    headers = attachment(f"{member.course.slug}-{made.name}.{made.form.ending}")
    headers["X-Grader-Warnings"] = str(warnings)
    return Response(made.written.text, media_type=made.form.media, headers=headers)


@router.post(
    f"{COURSE}/moodle",
    response_class=Response,
    responses=THROTTLED | responses("file_misread") | file_answer("text/csv", MOODLE, LEFT_OUT),
    openapi_extra=file_body("text/csv", PARTICIPANTS),
)
def post_moodle_export(
    course: UUID,
    here: HereDep,
    participants: Sent,
    *,
    assignments: Only = None,
    section: UUID | None = None,
    force: Annotated[bool, Query(description="even if Moodle would misread it")] = False,
) -> Response:
    """Return the gradebook for Moodle with those alone who are on the list of its participants.

    Moodle refuses the whole file for one person that it does not know. Send the list as Moodle
    writes it: Participants, Download as CSV.
    """
    with here.reading() as session:
        member = here.member(session, course, right="export")
    here.throttle("export_course", str(member.caller.id))
    known = gradebook_files.participants(participants)
    with here.heavy_reading(member) as session:
        made = gradebook_files.make(
            session,
            member,
            "moodle",
            only=assignments,
            section=section,
            now=here.now,
            known=known,
        )
    return _written(here, member, made, force=force)


@router.get(
    SHEET,
    response_class=Response,
    responses=SENDS | file_answer("text/csv", SHEET_EXAMPLE, "a row for each answer that counts"),
)
def get_score_sheet(
    assignment: UUID,
    here: HereDep,
    *,
    problem: Annotated[str, Query(max_length=80, description="of this problem only")] = "",
    part: Annotated[str, Query(max_length=80, description="of this part only")] = "",
    style: Style = "point",
) -> Response:
    """Return the answers that count with their points, to be changed in a spreadsheet.

    Fill in `points` and `comment`, leave the rest, and send it back. With `style=comma` decimals
    have a comma and cells are parted by `;`.
    """
    with here.reading() as session:
        member, found = here.assignment(session, assignment, right="export")
    here.throttle("export_course", str(member.caller.id))
    with here.heavy_reading(member) as session:
        rows = sheet_rows.sheet_rows(session, found, problem=problem, part=part)
        text = write_score_sheet((one.row for one in rows), style=style)
    return Response(text, media_type="text/csv", headers=attachment(f"{found.slug}-scores.csv"))


@router.post(
    SHEET,
    responses=SENDS,
    openapi_extra=file_body("text/csv", SHEET_EXAMPLE),
)
def post_score_sheet(
    assignment: UUID,
    here: HereDep,
    source: Sent,
    *,
    dry_run: Annotated[bool, Query(description="only tell what would change")] = False,
    style: Style = "point",
) -> SheetOut:
    """Take over the points of a score sheet: all of it, or nothing where a line is wrong.

    New points are set by hand at the part, with the comment as the reason; the student sees both. A
    line whose answer was marked anew since the sheet was written is refused.
    """
    with here.reading() as session:
        member, _ = here.assignment(session, assignment, right="override_grades")
    here.throttle("upload_file", str(member.caller.id))
    with here.transaction() as session:
        member, found = here.assignment(session, assignment, right="override_grades")
        act = Act.of(member, now=here.now, dry_run=dry_run)
        return sheets.apply(session, act, found, source, style=style)
