"""Marking of a single answer: claim, mark, flag, gradings and comments."""

from uuid import UUID

from fastapi import Response
from sqlalchemy.orm import Session

from api.auth.roles import Permission
from api.core.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
)
from api.dependencies import ContextDep, RequestContext
from api.http.etags import IfMatch, format_etag
from api.http.json_body import ApiRouter
from api.http.problem_details import error_responses
from api.routes.shared.error_responses import INPUT_ERRORS, READ_ERRORS
from api.schemas.grading.marks import GradingView, MarkIn, NeighborView
from api.schemas.grading.regrade_requests import CommentIn, CommentView, OwnComments, StaffComments
from api.schemas.grading.review import FlagIn, ReviewItem
from api.services.review import comments
from api.services.review.gradings import load_gradings
from api.services.review.marks import claims
from api.services.review.marks.marking import mark_answer, undo_mark, unmark_answer
from api.services.review.marks.marking_view import load_review_item
from api.services.review.marks.neighbors import load_neighbors
from api.services.review.review_subjects import AnswerContext, load_answer_for_staff

router = ApiRouter(tags=["review"])

ANSWER_PATH = "/answers/{answer}"
CLAIM_ERRORS = error_responses(Unauthenticated, Forbidden, NotFound, "claimed")
MARK_ERRORS = error_responses(
    *(Unauthenticated, Forbidden, NotFound, Conflict, "claimed"),
    *(PreconditionFailed, InvalidInput, PreconditionRequired),
)


def _authorize_answer(
    context: RequestContext, session: Session, answer: UUID, *, right: Permission = "mark"
) -> AnswerContext:
    return load_answer_for_staff(session, context.authenticate(session), answer, right=right)


def _load_review_item_and_set_etag(
    context: RequestContext, session: Session, subject: AnswerContext, response: Response
) -> ReviewItem:
    item = load_review_item(session, subject, variants=context.service.variants, now=context.now)
    response.headers["ETag"] = format_etag(item.version)
    return item


@router.get(f"{ANSWER_PATH}/review", responses=READ_ERRORS)
def get_review_item(answer: UUID, context: ContextDep, response: Response) -> ReviewItem:
    """Return an answer with everything that is needed to grade it."""
    with context.reading() as session:
        subject = _authorize_answer(context, session, answer, right="see_submissions")
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.post(f"{ANSWER_PATH}/claim", responses=CLAIM_ERRORS)
def claim_answer(answer: UUID, context: ContextDep, response: Response) -> ReviewItem:
    """Claim an answer for 15 minutes, or renew your claim."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        claims.claim_answer(session, subject, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.delete(f"{ANSWER_PATH}/claim", responses=CLAIM_ERRORS)
def release_claim(answer: UUID, context: ContextDep, response: Response) -> ReviewItem:
    """Return an answer to the queue ungraded. Instructors can end the claims of others."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        claims.release_claim(session, subject, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.post(f"{ANSWER_PATH}/skip", responses=READ_ERRORS)
def skip_answer(answer: UUID, context: ContextDep, response: Response) -> ReviewItem:
    """Skip an answer: others can take it, and you see it last."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        claims.skip_answer(session, subject, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.put(f"{ANSWER_PATH}/mark", responses=MARK_ERRORS)
def put_mark(
    answer: UUID, body: MarkIn, context: ContextDep, response: Response, if_match: IfMatch
) -> ReviewItem:
    """Grade an answer by rubric items or with a credit; this replaces the automatic result.

    The mark counts at once, and regrades do not change it. `If-Match` is the ETag of the answer, so
    that two people cannot overwrite each other's marks.
    """
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        variants = context.service.variants
        mark_answer(session, subject, body, variants=variants, expected=if_match, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.delete(f"{ANSWER_PATH}/mark", responses=MARK_ERRORS)
def delete_mark(
    answer: UUID, context: ContextDep, response: Response, if_match: IfMatch
) -> ReviewItem:
    """Remove a mark. The automatic result counts again; a text returns to the queue."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        unmark_answer(session, subject, expected=if_match, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.post(f"{ANSWER_PATH}/undo", responses=MARK_ERRORS)
def post_undo(
    answer: UUID, context: ContextDep, response: Response, if_match: IfMatch
) -> ReviewItem:
    """Undo the last mark: the mark before it counts again, or the answer has none."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        variants = context.service.variants
        undo_mark(session, subject, variants=variants, expected=if_match, now=context.now)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.put(f"{ANSWER_PATH}/flag", responses=INPUT_ERRORS)
def put_flag(answer: UUID, body: FlagIn, context: ContextDep, response: Response) -> ReviewItem:
    """Flag an answer for a second look."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        claims.flag_answer(session, subject, body.note)
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.delete(f"{ANSWER_PATH}/flag", responses=READ_ERRORS)
def delete_flag(answer: UUID, context: ContextDep, response: Response) -> ReviewItem:
    """Remove the flag of an answer."""
    with context.transaction() as session:
        subject = _authorize_answer(context, session, answer)
        claims.flag_answer(session, subject, "")
        return _load_review_item_and_set_etag(context, session, subject, response)


@router.get(f"{ANSWER_PATH}/neighbors", responses=READ_ERRORS)
def get_neighbors(answer: UUID, context: ContextDep) -> list[NeighborView]:
    """Return the three graded answers to the same part with the most similar words."""
    with context.reading() as session:
        subject = _authorize_answer(context, session, answer, right="see_submissions")
        return load_neighbors(session, subject)


@router.get(f"{ANSWER_PATH}/gradings", responses=READ_ERRORS)
def get_gradings(answer: UUID, context: ContextDep) -> list[GradingView]:
    """Return all gradings of an answer, with authors and reasons, and which one counts."""
    with context.reading() as session:
        return load_gradings(
            session, _authorize_answer(context, session, answer, right="see_submissions")
        )


@router.get(f"{ANSWER_PATH}/comments", responses=READ_ERRORS)
def get_comments(answer: UUID, context: ContextDep) -> StaffComments | OwnComments:
    """Return the comments on an answer. Students read public ones once results are visible."""
    with context.reading() as session:
        return comments.load_comments(
            session, context.authenticate(session), answer, now=context.now
        )


@router.post(f"{ANSWER_PATH}/comments", status_code=201, responses=INPUT_ERRORS)
def post_comment(answer: UUID, body: CommentIn, context: ContextDep) -> CommentView:
    """Comment on an answer, for its student or for the staff only."""
    with context.transaction() as session:
        return comments.add_comment(
            session, _authorize_answer(context, session, answer), body, now=context.now
        )


@router.delete("/comments/{comment}", status_code=204, responses=READ_ERRORS)
def delete_comment(comment: UUID, context: ContextDep) -> None:
    """Delete one of your comments."""
    with context.transaction() as session:
        comments.delete_comment(session, context.authenticate(session), comment, now=context.now)
