"""One answer at the desk of a marker: claim, mark, flag, gradings and comments."""

from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from api.auth.roles import Right
from api.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Precondition,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import Here, HereDep
from api.http.etags import IfMatch, etag
from api.http.json_body import ApiRouter
from api.http.problem_details import responses
from api.routes.shared.error_responses import SEES, SENDS
from api.schemas.grading.marks import GradingView, MarkIn
from api.schemas.grading.regrade_requests import CommentIn, CommentView, OwnComments, StaffComments
from api.schemas.grading.review import FlagIn, ReviewItem
from api.services.review import comments
from api.services.review.gradings import gradings
from api.services.review.locations import Found, staff_answer
from api.services.review.marks import claims
from api.services.review.marks.marking import mark, unmark
from api.services.review.marks.marking_view import answer_item

__all__ = ["router"]

router = ApiRouter(tags=["review"])

ANSWER = "/answers/{answer}"
CLAIMS = responses(Unauthenticated, Forbidden, NotFound, "claimed")
MARKS = responses(
    *(Unauthenticated, Forbidden, NotFound, Conflict, "claimed"),
    *(Precondition, Invalid, PreconditionRequired),
)


def _found(here: Here, session: Session, answer: UUID, *, right: Right = "mark") -> Found:
    return staff_answer(session, here.caller(session), answer, right=right)


def _shown(here: Here, session: Session, found: Found, response: Response) -> ReviewItem:
    item = answer_item(session, found, variants=here.service.variants, now=here.now)
    response.headers["ETag"] = etag(item.version)
    return item


@router.get(f"{ANSWER}/review", responses=SEES)
def item(answer: UUID, here: HereDep, response: Response) -> ReviewItem:
    """Return an answer with what one needs to mark it."""
    with here.reading() as session:
        found = _found(here, session, answer, right="see_submissions")
        return _shown(here, session, found, response)


@router.post(f"{ANSWER}/claim", responses=CLAIMS)
def claim(answer: UUID, here: HereDep, response: Response) -> ReviewItem:
    """Claim an answer for 15 minutes, or hold on to it for that long."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        claims.claim(session, found, now=here.now)
        return _shown(here, session, found, response)


@router.delete(f"{ANSWER}/claim", responses=CLAIMS)
def release(answer: UUID, here: HereDep, response: Response) -> ReviewItem:
    """Give an answer back unmarked; instructors may take it from others."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        claims.release(session, found, now=here.now)
        return _shown(here, session, found, response)


@router.post(f"{ANSWER}/skip", responses=SEES)
def skip(answer: UUID, here: HereDep, response: Response) -> ReviewItem:
    """Pass an answer over: others may take it, and to you it comes last."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        claims.skip(session, found, now=here.now)
        return _shown(here, session, found, response)


@router.put(f"{ANSWER}/mark", responses=MARKS)
def put_mark(
    answer: UUID, body: MarkIn, here: HereDep, response: Response, if_match: IfMatch
) -> ReviewItem:
    """Mark an answer by rubric items, or with a credit, whatever the machine said of it.

    It counts from now on, and a regrade does not change it. `If-Match` is the ETag of the answer,
    so that no two markers mark over each other.
    """
    with here.transaction() as session:
        found = _found(here, session, answer)
        variants = here.service.variants
        mark(session, found, body, variants=variants, expected=if_match, now=here.now)
        return _shown(here, session, found, response)


@router.delete(f"{ANSWER}/mark", responses=MARKS)
def delete_mark(answer: UUID, here: HereDep, response: Response, if_match: IfMatch) -> ReviewItem:
    """Take a mark back: what the machine says counts again, a text waits again."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        unmark(session, found, expected=if_match, now=here.now)
        return _shown(here, session, found, response)


@router.put(f"{ANSWER}/flag", responses=SENDS)
def put_flag(answer: UUID, body: FlagIn, here: HereDep, response: Response) -> ReviewItem:
    """Ask that somebody looks at an answer again."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        claims.flag(session, found, body.note)
        return _shown(here, session, found, response)


@router.delete(f"{ANSWER}/flag", responses=SEES)
def delete_flag(answer: UUID, here: HereDep, response: Response) -> ReviewItem:
    """Take the flag from an answer."""
    with here.transaction() as session:
        found = _found(here, session, answer)
        claims.flag(session, found, "")
        return _shown(here, session, found, response)


@router.get(f"{ANSWER}/gradings", responses=SEES)
def history(answer: UUID, here: HereDep) -> list[GradingView]:
    """Return every grading of an answer, by whom and why, and which one counts."""
    with here.reading() as session:
        return gradings(session, _found(here, session, answer, right="see_submissions"))


@router.get(f"{ANSWER}/comments", responses=SEES)
def listed_comments(answer: UUID, here: HereDep) -> StaffComments | OwnComments:
    """Return the comments on an answer; its student reads the public ones once results show."""
    with here.reading() as session:
        return comments.comments(session, here.caller(session), answer, now=here.now)


@router.post(f"{ANSWER}/comments", status_code=201, responses=SENDS)
def comment(answer: UUID, body: CommentIn, here: HereDep) -> CommentView:
    """Comment on an answer, for its student or for the staff alone."""
    with here.transaction() as session:
        return comments.add_comment(session, _found(here, session, answer), body, now=here.now)


@router.delete("/comments/{comment}", status_code=204, responses=SEES)
def delete_comment(comment: UUID, here: HereDep) -> None:
    """Take back a comment of your own."""
    with here.transaction() as session:
        comments.delete_comment(session, here.caller(session), comment, now=here.now)
