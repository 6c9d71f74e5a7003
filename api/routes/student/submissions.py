"""Submission of answers."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    ServiceError,
    Unauthenticated,
)
from api.core.ids import parse_id
from api.dependencies import RequestContext, SubmissionContext, SubmissionContextDep
from api.http.field_types import IdempotencyKey
from api.http.json_body import LARGE_BODY_BYTES, ApiRouter, StrictRequest, StrictRoute
from api.http.problem_details import error_responses
from api.http.request_body import get_body
from api.schemas.student.submissions import AnswersIn, SubmissionReply
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.preparation import (
    PreparedSubmission,
    SubmissionRequest,
    prepare_from_cache,
    prepare_submission,
)
from api.services.submissions.writer.write_transaction import StaleCache
from api.state import AppState
from grader.errors import GraderError

KEY_ADAPTER: Final[TypeAdapter[str | None]] = TypeAdapter(IdempotencyKey | None)


class _SubmissionRoute(StrictRoute):
    """Route that tries the submission cache before FastAPI handles the request.

    FastAPI's validation and dependencies take longer than grading from the cache. FastAPI handles
    every invalid or unusual request, so that errors have one source.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that tries the cache first."""
        handle = super().get_route_handler()

        async def submit_from_cache_or_handle(request: Request) -> Response:
            return await _submit_from_cache(request) or await handle(request)

        return submit_from_cache_or_handle


async def _submit_from_cache(request: Request) -> Response | None:
    """Store a submission prepared from the cache; None if FastAPI has to handle the request.

    Raises the `ServiceError` that refuses the request.
    """
    body = get_body(request.scope)
    # Parsing a larger body would block the event loop.
    is_short = body.length is not None and body.length <= LARGE_BODY_BYTES
    if request.scope["query_string"] or not is_short:
        return None
    content = await body.read()
    if content is None:
        return None
    strict_request = StrictRequest(request.scope)
    try:
        strict_request.parse_body(content)
    except ServiceError:
        return None
    context = SubmissionContext(strict_request)
    prepared = _prepare_cached_submission(context, strict_request)
    if prepared is None or context.service.storage.is_spent(prepared.submitter.author_id):
        return None
    # Before grading: a refused request must stay cheap.
    context.consume_request_limit(prepared.submitter.author_id)
    try:
        entry = await _grade_submission(context.service, prepared)
    except GraderError:
        return None
    outcome = await context.service.writer.submit_async(entry)
    if isinstance(outcome, StaleCache):
        context.service.submission_cache.evict_submitter(prepared.submitter)
        return None
    return _build_response(outcome)


def _prepare_cached_submission(
    context: RequestContext, request: StrictRequest
) -> PreparedSubmission | None:
    """Return the submission, prepared from the cache; None if the cache does not suffice."""
    digest, assignment = context.credential_digest(), parse_id(request.path_params["assignment"])
    if digest is None or assignment is None:
        return None
    try:
        body = AnswersIn.model_validate(request.json_value)
        key = KEY_ADAPTER.validate_python(request.headers.get("idempotency-key"))
    except ValidationError:
        return None
    return prepare_from_cache(
        digest,
        assignment,
        request.path_params["problem"],
        SubmissionRequest(body.answers, key, context.now, attachments=body.attachments),
        variants=context.service.variants,
        cache=context.service.submission_cache,
    )


async def _grade_submission(service: AppState, prepared: PreparedSubmission) -> PendingSubmission:
    """Grade a submission: inline, or in the judging pool if grading may take long."""
    answer_grader = service.submission_cache.answer_grader
    if not prepared.is_expensive(answer_grader):
        return prepared.grade(answer_grader)
    author = prepared.submitter.author_id
    return await service.grading_pool.run_async(author, partial(prepared.grade, answer_grader))


router = ApiRouter(tags=["submissions"], route_class=_SubmissionRoute)
SUBMISSIONS_PATH: Final = "/assignments/{assignment}/problems/{problem}/submissions"


@router.post(
    SUBMISSIONS_PATH,
    status_code=201,
    response_model=SubmissionReply,
    responses=error_responses(
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        "deadline_passed",
        "attempts_exhausted",
        "cool_down",
        InvalidInput,
        "idempotency_key_reused",
        RateLimited,
        "storage_budget",
    ),
)
async def submit(
    assignment: UUID,
    problem: str,
    body: AnswersIn,
    context: SubmissionContextDep,
    idempotency_key: Annotated[IdempotencyKey | None, Header()] = None,
) -> Response:
    """Submit answers to one or more parts. The response is sent once they are stored.

    Requests with the same `Idempotency-Key` and the same answers are one submission: repeat the
    request if no response arrived. Without a key, a repeated request is a new submission.
    """
    submission_request = SubmissionRequest(
        body.answers, idempotency_key, context.now, attachments=body.attachments
    )
    outcome: StoredSubmission | StaleCache = StaleCache()
    while isinstance(outcome, StaleCache):
        prepared = await run_in_threadpool(
            _prepare_from_database, context, assignment, problem, submission_request
        )
        if isinstance(prepared, PreparedSubmission):
            prepared = await _grade_submission(context.service, prepared)
        outcome = (
            await context.service.writer.submit_async(prepared)
            if isinstance(prepared, PendingSubmission)
            else prepared
        )
    return _build_response(outcome)


def submit_and_wait(
    context: RequestContext, assignment: UUID, problem: str, submission_request: SubmissionRequest
) -> StoredSubmission:
    """Store a submission as `submit` does, and block the calling thread until it is stored."""
    service = context.service
    outcome: StoredSubmission | StaleCache = StaleCache()
    while isinstance(outcome, StaleCache):
        prepared = _prepare_from_database(context, assignment, problem, submission_request)
        if isinstance(prepared, PreparedSubmission):
            grade_job = partial(prepared.grade, service.submission_cache.answer_grader)
            prepared = service.grading_pool.run(prepared.submitter.author_id, grade_job)
        outcome = (
            service.writer.submit(prepared) if isinstance(prepared, PendingSubmission) else prepared
        )
    return outcome


def _prepare_from_database(
    context: RequestContext, assignment: UUID, problem: str, submission_request: SubmissionRequest
) -> PreparedSubmission | PendingSubmission | StoredSubmission:
    """Prepare a submission from the database; return the stored one for a repeated request.

    Cheap answers are graded already.
    """
    service, answer_grader = context.service, context.service.submission_cache.answer_grader
    # The writer records the use of the credential; only a view as a student is recorded here.
    reading = context.reading if context.view_as else context.reading_without_activity
    with reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="submit")
        prepared = prepare_submission(
            session,
            assigned,
            submission_request,
            variants=service.variants,
            cache=service.submission_cache,
        )
    if isinstance(prepared, StoredSubmission):
        return prepared  # a replay stores nothing, so a spent budget does not refuse it
    service.storage.check(prepared.submitter.author_id)
    return prepared if prepared.is_expensive(answer_grader) else prepared.grade(answer_grader)


def _build_response(stored: StoredSubmission) -> Response:
    headers = {"Location": f"/api/v1/submissions/{stored.id}"}
    if stored.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(stored.reply, 201, headers, media_type="application/json")
