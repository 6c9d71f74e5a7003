"""Drafts of answers, and previews of how an answer would be read."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from api.core.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    RateLimited,
    Unauthenticated,
)
from api.dependencies import ContextDep, DraftContextDep, RequestContext
from api.http.etags import format_etag, parse_if_match
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import INPUT_ERRORS, READ_ERRORS
from api.schemas.student.problem import DraftView
from api.schemas.student.work import DraftIn, ReadAs, ReadingIn
from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from api.services.student.drafts import load_draft, save_draft
from api.services.student.problem_session import get_number_style, open_problem_session
from api.services.submissions.preparation import check_parts
from grader.reading import RawAnswer
from problems.registry import REGISTRY

router = ApiRouter(tags=["student"])

DRAFT_PATH = "/assignments/{assignment}/problems/{problem}/draft"
READING_PATH = "/assignments/{assignment}/problems/{problem}/reading"

IfMatchHeader = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="the ETag of the draft to replace; without it, any draft is replaced",
    ),
]


WRITE_ERRORS = error_responses(
    Unauthenticated,
    Forbidden,
    NotFound,
    PreconditionFailed,
    InvalidInput,
    RateLimited,
    "storage_budget",
)


@router.get(DRAFT_PATH, responses=READ_ERRORS)
def get_draft(assignment: UUID, problem: str, context: ContextDep, response: Response) -> DraftView:
    """Return the student's draft."""
    with context.reading() as session:
        problem_session = open_problem_session(
            session, context.authorize_problem(session, assignment, problem), now=context.now
        )
        draft = load_draft(session, problem_session.key)
    response.headers["ETag"] = format_etag(draft.version)
    return draft


@router.put(DRAFT_PATH, responses=WRITE_ERRORS)
def put_draft(
    assignment: UUID,
    problem: str,
    body: DraftIn,
    context: DraftContextDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> DraftView:
    """Save the draft, readable or not, before and after the close.

    Without `If-Match`, the last write wins.
    """
    return _save_draft_and_set_etag(
        context, (assignment, problem), body.answers, if_match, response
    )


@router.delete(DRAFT_PATH, responses=WRITE_ERRORS)
def delete_draft(
    assignment: UUID,
    problem: str,
    context: DraftContextDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> DraftView:
    """Delete the draft and return an empty one with the next version number."""
    return _save_draft_and_set_etag(context, (assignment, problem), {}, if_match, response)


def _save_draft_and_set_etag(
    context: RequestContext,
    path_ids: tuple[UUID, str],
    answers: Mapping[str, RawAnswer],
    if_match: str | None,
    response: Response,
) -> DraftView:
    expected_versions = None if if_match is None else parse_if_match(if_match)
    with context.transaction() as session:
        problem_session = open_problem_session(
            session, context.authorize_problem(session, *path_ids, right="submit"), now=context.now
        )
        draft = save_draft(
            session,
            problem_session,
            answers,
            variants=context.service.variants,
            expected=expected_versions,
            storage=context.service.storage,
        )
    response.headers["ETag"] = format_etag(draft.version)
    return draft


@router.post(READING_PATH, responses=INPUT_ERRORS)
def post_reading(
    assignment: UUID, problem: str, body: ReadingIn, context: DraftContextDep
) -> ReadAs:
    """Return how a text is read as an answer to a part. The key plays no part in this."""
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem)
        problem_session = open_problem_session(session, assigned, now=context.now)
        variant = problem_session.load_variant(session, context.service.variants)
    answers = {body.part: body.answer}
    check_parts(variant.problem, answers)
    question = KeylessQuestion.from_part(
        variant.problem.get_part(body.part), variant.student_scope(REGISTRY)
    )
    reader = partial(
        read_answer, question, body.answer, numbers=get_number_style(problem_session, variant)
    )
    return context.service.grading_pool.run_inline_or_pooled(
        assigned.member.caller.id, answers, reader
    )
