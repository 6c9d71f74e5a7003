"""Submissions of the students of an assignment, for staff."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.dependencies import ContextDep
from api.http.field_types import Text
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.routes.shared.error_responses import INPUT_ERRORS
from api.schemas.grading.submissions import ListedSubmission
from api.services.review.submission_list import (
    SubmissionFilters,
    iter_assignment_submissions,
)

router = ApiRouter(tags=["review"])


@router.get("/assignments/{assignment}/submissions", responses=INPUT_ERRORS)
def list_assignment_submissions(
    assignment: UUID,
    context: ContextDep,
    page_request: PageRequestDep,
    *,
    problem: Annotated[
        Text | None, Query(max_length=80, description="only submissions to this problem")
    ] = None,
    student: Annotated[UUID | None, Query(description="only submissions of this student")] = None,
    section: Annotated[
        UUID | None, Query(description="only submissions of the students of this section")
    ] = None,
) -> Page[ListedSubmission]:
    """List the submissions of the students to an assignment, newest first.

    The list leaves out the test student and students who left. TAs are refused if the assignment
    is graded anonymously.
    """
    after = page_request.parse_cursor("received_at", datetime)
    with context.reading() as session:
        member, assignment_row = context.authorize_assignment(
            session, assignment, right="see_submissions"
        )
        member.require_visible_names(assignment_row)
        return page_request.build_page(
            iter_assignment_submissions(
                session,
                assignment_row,
                SubmissionFilters(problem, student, section),
                after=after,
                limit=page_request.limit + 1,
            ),
            cursor_of=lambda row: Cursor("received_at", row.received_at, row.id),
            serialize_row=lambda row: row,
        )
