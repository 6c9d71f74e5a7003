"""Handing in answers."""

from functools import partial
from typing import Annotated, Final
from uuid import UUID

from fastapi import Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from api.core.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from api.core.ids import read_id
from api.dependencies import Here, HereSubmitting, Submitting
from api.http.fields import Key
from api.http.json_body import PREFIX, ApiRouter, StrictRequest
from api.http.pipeline.fast_path import Ahead
from api.http.problem_details import responses
from api.schemas.student.submissions import AnswersIn, SubmissionReply
from api.services.submissions.entries import Accepted, Entry
from api.services.submissions.preparation import PreparedSubmission, Sent, prepare, recall
from api.services.submissions.writer.writing import Outdated
from api.state import Service
from grader.errors import GraderError

__all__ = ["BY_MEMORY", "router", "submit_waiting"]

KEY: Final[TypeAdapter[str | None]] = TypeAdapter(Key | None)


class _ByMemory(Ahead):
    """Fast path for submissions of students whom the process has cached."""

    async def answer_to(self, request: StrictRequest) -> Response | None:
        """Return the response; None if the cache lacks the student or is stale."""
        here = Submitting(request)
        prepared = _recalled(here, request)
        if prepared is None or here.service.storage.is_spent(prepared.known.author_id):
            return None
        here.count(prepared.known.author_id)  # before grading: a refused request must stay cheap
        try:
            entry = await _judge(here.service, prepared)
        except GraderError:
            return None
        done = await here.service.writer.stored(entry)
        if isinstance(done, Outdated):
            here.service.memory.unlearn(prepared.known)
            return None
        return _told(done)


def _recalled(here: Here, request: StrictRequest) -> PreparedSubmission | None:
    """Return the submission, prepared from the cache; None if the cache does not suffice."""
    digest, assignment = here.presented(), read_id(request.path_params["assignment"])
    if digest is None or assignment is None:
        return None
    try:
        body = AnswersIn.model_validate(request.value)
        key = KEY.validate_python(request.headers.get("idempotency-key"))
    except ValidationError:
        return None
    return recall(
        digest,
        assignment,
        request.path_params["problem"],
        Sent(body.answers, key, here.now),
        variants=here.service.variants,
        memory=here.service.memory,
    )


async def _judge(service: Service, prepared: PreparedSubmission) -> Entry:
    """Grade a submission: here, or in the judging thread if grading may take long."""
    judging = service.memory.judging
    if not prepared.is_expensive(judging):
        return prepared.judge(judging)
    author = prepared.known.author_id
    return await service.judging_pool.run_async(author, partial(prepared.judge, judging))


router = ApiRouter(tags=["submissions"])
PATH: Final = "/assignments/{assignment}/problems/{problem}/submissions"
BY_MEMORY: Final = _ByMemory(PREFIX + PATH)


@router.post(
    PATH,
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
        "storage_budget",
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
    done: Accepted | Outdated = Outdated()
    while isinstance(done, Outdated):
        found = await run_in_threadpool(_prepared, here, assignment, problem, sent)
        if isinstance(found, PreparedSubmission):
            found = await _judge(here.service, found)
        done = await here.service.writer.stored(found) if isinstance(found, Entry) else found
    return _told(done)


def submit_waiting(here: Here, assignment: UUID, problem: str, sent: Sent) -> Accepted:
    """Store a submission as `submit` does, and block the calling thread until it is stored."""
    service = here.service
    done: Accepted | Outdated = Outdated()
    while isinstance(done, Outdated):
        found = _prepared(here, assignment, problem, sent)
        if isinstance(found, PreparedSubmission):
            judge = partial(found.judge, service.memory.judging)
            found = service.judging_pool.run(found.known.author_id, judge)
        done = service.writer.submit(found) if isinstance(found, Entry) else found
    return done


def _prepared(
    here: Here, assignment: UUID, problem: str, sent: Sent
) -> PreparedSubmission | Entry | Accepted:
    """Prepare a submission from the database; return the stored one for a repeated request.

    Cheap answers are graded already.
    """
    service, judging = here.service, here.service.memory.judging
    with here.reading() as session:
        posed = here.posed(session, assignment, problem, right="submit")
        found = prepare(session, posed, sent, variants=service.variants, memory=service.memory)
    if isinstance(found, Accepted):
        return found  # a replay stores nothing, so a spent budget does not refuse it
    service.storage.check(found.known.author_id)
    return found if found.is_expensive(judging) else found.judge(judging)


def _told(done: Accepted) -> Response:
    headers = {"Location": f"/api/v1/submissions/{done.id}"}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(done.reply, 201, headers, media_type="application/json")
