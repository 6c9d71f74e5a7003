"""Claims: one marker at a time holds an answer, for 15 minutes or until it is graded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.db.models import Review, ReviewSkip
from api.db.upserts import insert_missing_rows, upsert_rows
from api.services.review.marks.neighbors import load_queue_similarities
from api.services.review.queue import QueuedAnswer, load_queue
from api.services.review.review_subjects import AnswerContext, AssignedPart

CLAIM_DURATION: Final = timedelta(minutes=15)


def claim_next_answer(
    session: Session, part: AssignedPart, *, now: datetime
) -> tuple[UUID | None, int, int]:
    """Claim the next answer; return it with the numbers of answers waiting and held by others.

    The answer is None if none is free. A marker who already holds an answer gets it again, so that
    nobody collects answers. Of texts, the one that is most similar to the last one that they graded
    comes first.
    """
    me = part.assigned_problem.member.caller.id
    waiting = [one for one in load_queue(session, part, now=now) if one.waiting]
    similarities = load_queue_similarities(
        session, part, [one.answer for one in waiting if one.claimed_by is None], now=now
    )
    taken = next(
        (
            one
            for one in _filter_and_sort_claimable(waiting, me, similarities)
            if _try_claim_unmarked(session, one, me, now=now)
        ),
        None,
    )
    held = sum(one.claimed_by not in {None, me} for one in waiting)
    return (taken.answer if taken else None), len(waiting), held


def _filter_and_sort_claimable(
    waiting: list[QueuedAnswer], caller_id: UUID, similarities: Mapping[UUID, int]
) -> list[QueuedAnswer]:
    """Return the answers that may be claimed, in the order in which to try them.

    The one that is held comes first, skipped ones last. The order among the others is by
    similarity, then random.
    """

    def sort_key(item: QueuedAnswer) -> tuple[bool, int, int, str]:
        similarity = similarities.get(item.answer, 0)
        return item.claimed_by is None, item.skipped_at_micros, -similarity, item.rank

    return sorted((one for one in waiting if one.claimed_by in {None, caller_id}), key=sort_key)


def _try_claim_unmarked(
    session: Session, queued: QueuedAnswer, caller_id: UUID, *, now: datetime
) -> bool:
    """Claim an answer, and return whether it succeeded."""
    return _try_claim(session, queued.answer, caller_id, now=now, marked=False)


def _try_claim(
    session: Session, answer: UUID, caller_id: UUID, *, now: datetime, marked: bool
) -> bool:
    """Claim an answer unless another marker holds it or, if *marked* is False, it has a mark.

    A single statement decides: if two markers claim at once, the second waits for the first and
    then finds the claim.
    """
    insert_missing_rows(session, Review, [{"answer_id": answer}])
    claims = update(Review).where(
        Review.answer_id == answer,
        or_(
            Review.claimed_by.is_(None), Review.claimed_by == caller_id, Review.claimed_until <= now
        ),
    )
    if not marked:
        claims = claims.where(Review.marked_at.is_(None))
    done = session.execute(
        claims.values(claimed_by=caller_id, claimed_until=now + CLAIM_DURATION)
        .returning(Review.answer_id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None


def claim_answer(session: Session, context: AnswerContext, *, now: datetime) -> None:
    """Claim an answer or extend the claim. Raises `Conflict` if another marker holds it."""
    me = context.member.caller.id
    if not _try_claim(session, context.answer.id, me, now=now, marked=True):
        check_not_claimed(session.get_one(Review, context.answer.id), me, now=now)


def check_not_claimed(review: Review, caller_id: UUID, *, now: datetime) -> None:
    """Raise `Conflict` if another marker holds the answer."""
    until = review.claimed_until
    if review.claimed_by in {None, caller_id} or until is None or until <= now:
        return
    minutes = -(-(until - now) // timedelta(minutes=1))
    raise Conflict(
        f"Another person has claimed this answer, for {minutes} more minutes at most.",
        code="claimed",
    )


def release_claim(session: Session, context: AnswerContext, *, now: datetime) -> None:
    """Release an answer. Members who may manage assignments can release the claims of others."""
    review = session.scalar(
        select(Review).where(Review.answer_id == context.answer.id).with_for_update()
    )
    if review is None:
        return
    if not context.member.has_permission("manage_assignments"):
        check_not_claimed(review, context.member.caller.id, now=now)
    review.claimed_by = review.claimed_until = None


def skip_answer(session: Session, context: AnswerContext, *, now: datetime) -> None:
    """Skip an answer: others may claim it, and it comes last for this marker."""
    me = context.member.caller.id
    upsert_rows(session, ReviewSkip, [{"answer_id": context.answer.id, "user_id": me, "at": now}])
    session.execute(
        update(Review)
        .where(Review.answer_id == context.answer.id, Review.claimed_by == me)
        .values(claimed_by=None, claimed_until=None)
    )


def flag_answer(session: Session, context: AnswerContext, note: str) -> None:
    """Flag an answer for a second look; an empty *note* removes the flag."""
    insert_missing_rows(session, Review, [{"answer_id": context.answer.id}])
    session.execute(update(Review).where(Review.answer_id == context.answer.id).values(flag=note))
