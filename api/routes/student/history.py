"""What was handed in, and the receipts of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from api.dependencies import HereDep
from api.http.json_body import ApiRouter
from api.http.pagination import Cursor, Page, PageWindow
from api.routes.shared.error_responses import SEES
from api.schemas.student.work import ReceiptProof, StaffSubmission, StudentSubmission
from api.services.student.history import own_submissions, receipt, submission_view
from api.services.student.problem_session import take_seat

__all__ = ["router"]

router = ApiRouter(tags=["student"])


@router.get("/assignments/{assignment}/problems/{problem}/submissions", responses=SEES)
def submissions(
    assignment: UUID, problem: str, here: HereDep, window: PageWindow
) -> Page[StudentSubmission]:
    """Return the student's own submissions to a problem, the last one first."""
    after = window.after("sequence", int)
    with here.reading() as session:
        seat = take_seat(session, here.posed(session, assignment, problem), now=here.now)
        return window.page(
            own_submissions(session, seat, after=after, limit=window.limit + 1),
            end=lambda submission: Cursor("sequence", submission.sequence, submission.id),
            show=lambda submission: submission,
        )


@router.get("/submissions/{submission}", responses=SEES)
def submission(submission: UUID, here: HereDep) -> StudentSubmission | StaffSubmission:
    """Return a submission: one's own as it is shown now; for staff anybody's, with its record."""
    with here.reading() as session:
        return submission_view(
            session,
            here.caller(session),
            submission,
            variants=here.service.variants,
            now=here.now,
        )


@router.get("/receipts/{submission}", responses=SEES)
def proof(
    submission: UUID,
    here: HereDep,
    digest: Annotated[
        str | None, Query(max_length=64, description="a digest to compare with, as it was given")
    ] = None,
) -> ReceiptProof:
    """Return what a receipt stands for, with its digest worked out again from what is stored."""
    with here.reading() as session:
        return receipt(session, here.caller(session), submission, digest=digest)
