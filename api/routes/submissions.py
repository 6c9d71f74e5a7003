"""Handing in answers."""

from typing import Annotated
from uuid import UUID

from fastapi import Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from api.deps import Here, HereSubmitting
from api.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from api.http.fields import Key
from api.http.json_body import ApiRouter
from api.http.problems import responses
from api.schemas.submissions import AnswersIn, SubmissionReply
from api.services.submitting.entries import Accepted, Entry
from api.services.submitting.intake import Sent, prepare, recall
from api.services.submitting.writing import Outdated

__all__ = ["router", "submit_waiting"]

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
async def submit(
    assignment: UUID,
    problem: str,
    body: AnswersIn,
    here: HereSubmitting,
    idempotency_key: Annotated[Key | None, Header()] = None,
) -> Response:
    """Hand in answers to one or more parts; the answer comes when they are stored for good.

    The same `Idempotency-Key` with the same answers is one submission, however often it is sent:
    send it again when no answer came. Without a key a repeated request is a new submission.
    """
    sent = Sent(body.answers, idempotency_key, here.now)
    writer, prepared = here.service.writer, _recalled(here, assignment, problem, sent)
    done: Accepted | Outdated = Outdated()
    if prepared is not None:
        done = await writer.stored(prepared)
        if isinstance(done, Outdated) and prepared.known is not None:
            here.service.memory.unlearn(prepared.known)
    while isinstance(done, Outdated):
        found = await run_in_threadpool(_prepared, here, assignment, problem, sent)
        done = await writer.stored(found) if isinstance(found, Entry) else found
    return _told(done)


def submit_waiting(here: Here, assignment: UUID, problem: str, sent: Sent) -> Accepted:
    """Return what `submit` does, for a page whose thread waits for it."""
    done: Accepted | Outdated = Outdated()
    while isinstance(done, Outdated):
        found = _prepared(here, assignment, problem, sent)
        done = here.service.writer.submit(found) if isinstance(found, Entry) else found
    return done


def _recalled(here: Here, assignment: UUID, problem: str, sent: Sent) -> Entry | None:
    """Return what was sent, judged by what is remembered of who sent it, if that is enough."""
    digest = here.presented()
    if digest is None:
        return None
    service = here.service
    entry = recall(
        digest, assignment, problem, sent, variants=service.variants, memory=service.memory
    )
    if entry is not None:
        here.count(entry.author_id)
    return entry


def _prepared(here: Here, assignment: UUID, problem: str, sent: Sent) -> Entry | Accepted:
    """Return what was sent, judged by what the database says, or what it gave before."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="submit")
        service = here.service
        return prepare(session, posed, sent, variants=service.variants, memory=service.memory)


def _told(done: Accepted) -> Response:
    headers = {"Location": f"/api/v1/submissions/{done.id}"}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(done.body, 201, headers, media_type="application/json")
