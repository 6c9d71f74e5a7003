"""The receipt of a submission: its contents, compared with a digest."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from api.core.errors import NotFound
from api.dependencies import RequestContext
from api.pages.layout.frame import render_page
from api.pages.router import PageDep, PageRouter
from api.pages.student.components.grids import format_answer
from api.pages.student.components.location import ProblemLocation
from api.routes.student import history
from api.schemas.student.work import ReceiptProof
from api.services.courses.lifecycle import load_zones
from api.services.student.times import serialize_moment

router = PageRouter()


@router.get("/receipts/{submission}")
def receipt_page(
    submission: UUID, context: PageDep, digest: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Return the contents of a receipt, recomputed and compared with *digest*."""
    proof = history.get_receipt(submission, context, digest.strip().lower() or None)
    with context.reading() as session:
        [zone] = load_zones(session, [proof.assignment]).values()
    location = _load_location_if_visible(context, proof)
    return render_page(
        context,
        "student/receipt.html",
        title="Receipt",
        crumbs=location.crumbs if location else (),
        tab="assignments",
        location=location,
        proof=proof,
        received_at=None
        if proof.received_at is None
        else serialize_moment(proof.received_at, zone, now=context.now),
        digest=digest.strip(),
        answers=_format_answers(proof),
    )


def _load_location_if_visible(
    context: RequestContext, proof: ReceiptProof
) -> ProblemLocation | None:
    """Return the location of a receipt, or None if the caller can no longer see it."""
    try:
        return ProblemLocation.load(context, proof.assignment, proof.problem)
    except NotFound:
        return None


def _format_answers(proof: ReceiptProof) -> dict[str, str]:
    return {
        part: "" if typed is None else format_answer(typed) for part, typed in proof.answers.items()
    }
