"""Drafts of answers, and how an answer would be read."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Header, Response

from api.core.errors import Forbidden, Invalid, NotFound, Precondition, RateLimited, Unauthenticated
from api.dependencies import Here, HereDep, HereTyping
from api.http.etags import etag, expected
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES, SENDS
from api.schemas.student.problem import DraftView
from api.schemas.student.work import DraftIn, ReadAs, ReadingIn
from api.services.engine.keyless_reading import Question, read_answer
from api.services.student.drafts import draft_of, save_draft
from api.services.student.problem_session import numbers_of, take_seat
from api.services.submissions.preparation import check_parts
from grader.reading import Typed
from problems.book import BOOK

__all__ = ["router"]

router = ApiRouter(tags=["student"])

DRAFT = "/assignments/{assignment}/problems/{problem}/draft"
READING = "/assignments/{assignment}/problems/{problem}/reading"

Match = Annotated[
    str | None,
    Header(alias="If-Match", description="the ETag of the draft that is replaced; none: whatever"),
]


WRITES = responses(
    Unauthenticated, Forbidden, NotFound, Precondition, Invalid, RateLimited, "storage_budget"
)


@router.get(DRAFT, responses=SEES)
def get_draft(assignment: UUID, problem: str, here: HereDep, response: Response) -> DraftView:
    """Return what the student has typed and not handed in."""
    with here.reading() as session:
        seat = take_seat(session, here.posed(session, assignment, problem), now=here.now)
        draft = draft_of(session, seat.key)
    response.headers["ETag"] = etag(draft.version)
    return draft


@router.put(DRAFT, responses=WRITES)
def put_draft(
    assignment: UUID,
    problem: str,
    body: DraftIn,
    here: HereTyping,
    response: Response,
    if_match: Match = None,
) -> DraftView:
    """Keep what is typed so far, readable or not, before and after the close.

    Without `If-Match` the last one wins.
    """
    return _save(here, (assignment, problem), body.answers, if_match, response)


@router.delete(DRAFT, responses=WRITES)
def delete_draft(
    assignment: UUID, problem: str, here: HereTyping, response: Response, if_match: Match = None
) -> DraftView:
    """Throw the draft away; what comes back is the empty one, whose version goes on."""
    return _save(here, (assignment, problem), {}, if_match, response)


def _save(
    here: Here,
    where: tuple[UUID, str],
    answers: Mapping[str, Typed],
    if_match: str | None,
    response: Response,
) -> DraftView:
    wanted = None if if_match is None else expected(if_match)
    with here.transaction() as session:
        seat = take_seat(session, here.posed(session, *where, right="submit"), now=here.now)
        draft = save_draft(
            session,
            seat,
            answers,
            variants=here.service.variants,
            expected=wanted,
            storage=here.service.storage,
        )
    response.headers["ETag"] = etag(draft.version)
    return draft


@router.post(READING, responses=SENDS)
def read(assignment: UUID, problem: str, body: ReadingIn, here: HereTyping) -> ReadAs:
    """Tell how a text is read as an answer to a part, by what cannot know the key."""
    with here.reading() as session:
        posed = here.posed(session, assignment, problem)
        seat = take_seat(session, posed, now=here.now)
        variant = seat.variant(session, here.service.variants)
    answers = {body.part: body.answer}
    check_parts(variant.problem, answers)
    question = Question.of(variant.problem.part(body.part), variant.scope(BOOK))
    read_it = partial(read_answer, question, body.answer, numbers=numbers_of(seat, variant))
    return here.service.judging_pool.judge(posed.member.caller.id, answers, read_it)
