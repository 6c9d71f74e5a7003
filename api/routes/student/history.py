"""Past submissions and their receipts."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Query

from api.core.errors import Forbidden
from api.dependencies import ContextDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageRequestDep
from api.routes.shared.error_responses import READ_ERRORS
from api.schemas.student.work import ReceiptProof, StaffSubmission, StudentSubmission
from api.services.student.history import (
    iter_own_submissions,
    load_receipt_proof,
    load_submission_view,
)
from api.services.student.problem_session import open_problem_session

STAFF_MESSAGE: Final = (
    "Staff have no submissions of their own. View the course as a student, or list the "
    "submissions of students with GET /assignments/{assignment}/submissions."
)

router = ApiRouter(tags=["student"])


@router.get("/assignments/{assignment}/problems/{problem}/submissions", responses=READ_ERRORS)
def get_submissions(
    assignment: UUID, problem: str, context: ContextDep, page_request: PageRequestDep
) -> Page[StudentSubmission]:
    """Return the student's own submissions to a problem, newest first.

    Staff have none, and are refused: they list those of students with
    `GET /assignments/{assignment}/submissions`, or view the course as a student.
    """
    after = page_request.parse_cursor("sequence", int)
    with context.reading() as session:
        problem_session = open_problem_session(
            session, context.authorize_problem(session, assignment, problem), now=context.now
        )
        if problem_session.preview:
            raise Forbidden(STAFF_MESSAGE)
        return page_request.build_page(
            iter_own_submissions(
                session, problem_session, after=after, limit=page_request.limit + 1
            ),
            cursor_of=lambda submission: Cursor("sequence", submission.sequence, submission.id),
            serialize_row=lambda submission: submission,
        )


@router.get("/submissions/{submission}", responses=READ_ERRORS)
def get_submission(submission: UUID, context: ContextDep) -> StudentSubmission | StaffSubmission:
    """Return a submission: students see their own as visible now, staff any with full record."""
    with context.reading() as session:
        return load_submission_view(
            session,
            context.authenticate(session),
            submission,
            variants=context.service.variants,
            now=context.now,
        )


@router.get("/receipts/{submission}", responses=READ_ERRORS)
def get_receipt(
    submission: UUID,
    context: ContextDep,
    digest: Annotated[
        str | None, Query(max_length=64, description="a digest to compare with the receipt")
    ] = None,
) -> ReceiptProof:
    """Return the facts behind a receipt, with its digest computed again from the stored data."""
    with context.reading() as session:
        return load_receipt_proof(session, context.authenticate(session), submission, digest=digest)
