"""Overrides: points set by hand instead of the computed ones."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import Response

from api.dependencies import ContextDep
from api.http.etags import IfMatch, OptionalIfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, PageRequestDep
from api.routes.shared.error_responses import EDIT_ERRORS, INPUT_ERRORS
from api.schemas.grades.overrides import OverrideDone, OverrideIn, OverridePage
from api.services.gradebook import overrides

router = ApiRouter(tags=["grades"])
OVERRIDES_PATH = "/assignments/{assignment}/overrides"


@router.get(OVERRIDES_PATH, responses=INPUT_ERRORS)
def get_overrides(
    assignment: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    *,
    student: UUID | None = None,
    state: Literal["active", "withdrawn", "all"] = "active",
) -> OverridePage:
    """List the points that were set by hand in an assignment, newest first."""
    after = page_request.parse_cursor("created_at", datetime)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_gradebook"
        )
        member.require_visible_names(assignment_row)
        rows = overrides.list_overrides(
            session,
            assignment_row,
            student=student,
            state=state,
            after=after,
            limit=page_request.limit + 1,
        )
    page = page_request.build_page(
        rows,
        cursor_of=lambda row: Cursor("created_at", row[0].created_at, row[0].id),
        serialize_row=overrides.serialize_override,
    )
    return OverridePage(items=page.items, next=page.next)


@router.post(OVERRIDES_PATH, status_code=201, responses=EDIT_ERRORS)
def post_override(
    assignment: UUID,
    body: OverrideIn,
    context: ContextDep,
    expected: OptionalIfMatch,
    response: Response,
) -> OverrideDone:
    """Set a student's points by hand. The student sees them with the reason and the author.

    `If-Match` is the version of the student's grade, `"v0"` if there is none yet.
    """
    with context.transaction() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="override_grades"
        )
        expected.check(overrides.lock_grade_version(session, assignment_row, body.student))
        result = overrides.set_override(session, member, assignment_row, body, now=context.now)
    response.headers["ETag"] = format_etag(result.grade.version)
    return result


@router.delete(f"{OVERRIDES_PATH}/{{override}}", responses=EDIT_ERRORS)
def delete_override(
    assignment: UUID, override: UUID, context: ContextDep, expected: IfMatch, response: Response
) -> OverrideDone:
    """Withdraw points that were set by hand. The computed points count again."""
    with context.transaction() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="override_grades"
        )
        row = overrides.load_override(session, assignment_row, override)
        expected.check(overrides.lock_grade_version(session, assignment_row, row.student_id))
        result = overrides.withdraw_override(session, member, assignment_row, row, now=context.now)
    response.headers["ETag"] = format_etag(result.grade.version)
    return result
