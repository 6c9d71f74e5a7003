"""Handing in answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Header
from fastapi.responses import JSONResponse

from api.deps import HereSubmitting
from api.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from api.http.fields import Key
from api.http.json_body import ApiRouter
from api.http.problems import responses
from api.schemas.submissions import AnswersIn, SubmissionReply
from api.services.submitting.entries import Entry
from api.services.submitting.intake import prepare

__all__ = ["router"]

router = ApiRouter(tags=["submissions"])


@router.post(
    "/assignments/{assignment}/problems/{problem}/submissions",
    status_code=201,
    response_model=SubmissionReply,
    responses=responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        "deadline_passed",
        "attempts_exhausted",
        "cool_down",
        Invalid,
        "idempotency_key_reused",
        RateLimited,
    ),
)
def submit(
    assignment: UUID,
    problem: str,
    body: AnswersIn,
    here: HereSubmitting,
    idempotency_key: Annotated[Key | None, Header()] = None,
) -> JSONResponse:
    """Hand in answers to one or more parts; the answer comes when they are stored for good.

    The same `Idempotency-Key` with the same answers is one submission, however often it is sent:
    send it again when no answer came. Without a key a repeated request is a new submission.
    """
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="submit")
        prepared = prepare(
            session,
            posed,
            body.answers,
            variants=here.service.variants,
            key=idempotency_key,
            now=here.now,
        )
    done = prepared
    if isinstance(done, Entry):
        done = here.service.writer.submit(done)
    headers = {"Location": f"/api/v1/submissions/{done.id}"}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(done.reply, 201, headers)
