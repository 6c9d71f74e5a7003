"""Claims: one marker at a time holds an answer, for 15 minutes or until it is graded."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from api.core.errors import Conflict
from api.db.models import Review, ReviewSkip
from api.db.upserts import insert_missing, upsert
from api.services.review.locations import Asked, Found
from api.services.review.queue import Queued, queue

__all__ = ["check_free", "claim", "claim_next", "flag", "release", "skip"]

CLAIMED_FOR: Final = timedelta(minutes=15)


def claim_next(session: Session, asked: Asked, *, now: datetime) -> tuple[UUID | None, int, int]:
    """Claim the next answer; return it with the numbers of answers waiting and held by others.

    The answer is None if none is free. A marker who already holds an answer gets it again, so that
    nobody collects answers.
    """
    me = asked.posed.member.caller.id
    waiting = [one for one in queue(session, asked, now=now) if one.waiting]
    taken = next((one for one in _turns(waiting, me) if _take(session, one, me, now=now)), None)
    held = sum(one.claimed_by not in {None, me} for one in waiting)
    return (taken.answer if taken else None), len(waiting), held


def _turns(waiting: list[Queued], me: UUID) -> list[Queued]:
    """Return the answers that may be claimed, in the order in which to try them."""
    free = [one for one in waiting if one.claimed_by in {None, me}]
    return sorted(free, key=lambda one: (one.claimed_by is None, one.turn))


def _take(session: Session, one: Queued, me: UUID, *, now: datetime) -> bool:
    """Claim an answer, and return whether it succeeded."""
    return _hold(session, one.answer, me, now=now, marked=False)


def _hold(session: Session, answer: UUID, me: UUID, *, now: datetime, marked: bool) -> bool:
    """Claim an answer unless another marker holds it or, if *marked* is False, it has a mark.

    A single statement decides: if two markers claim at once, the second waits for the first and
    then finds the claim.
    """
    insert_missing(session, Review, [{"answer_id": answer}])
    claims = update(Review).where(
        Review.answer_id == answer,
        or_(Review.claimed_by.is_(None), Review.claimed_by == me, Review.claimed_until <= now),
    )
    if not marked:
        claims = claims.where(Review.marked_at.is_(None))
    done = session.execute(
        claims.values(claimed_by=me, claimed_until=now + CLAIMED_FOR)
        .returning(Review.answer_id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None


def claim(session: Session, found: Found, *, now: datetime) -> None:
    """Claim an answer or extend the claim. Raises `Conflict` if another marker holds it."""
    me = found.member.caller.id
    if not _hold(session, found.answer.id, me, now=now, marked=True):
        check_free(session.get_one(Review, found.answer.id), me, now=now)


def check_free(review: Review, me: UUID, *, now: datetime) -> None:
    """Raise `Conflict` if another marker holds the answer."""
    until = review.claimed_until
    if review.claimed_by in {None, me} or until is None or until <= now:
        return
    minutes = -(-(until - now) // timedelta(minutes=1))
    raise Conflict(
        f"Another marker has claimed this answer, for {minutes} more minutes at most.",
        code="claimed",
    )


def release(session: Session, found: Found, *, now: datetime) -> None:
    """Release an answer. Members who may manage assignments can release the claims of others."""
    review = session.scalar(
        select(Review).where(Review.answer_id == found.answer.id).with_for_update()
    )
    if review is None:
        return
    if not found.member.may("manage_assignments"):
        check_free(review, found.member.caller.id, now=now)
    review.claimed_by = review.claimed_until = None


def skip(session: Session, found: Found, *, now: datetime) -> None:
    """Skip an answer: others may claim it, and it comes last for this marker."""
    me = found.member.caller.id
    upsert(session, ReviewSkip, [{"answer_id": found.answer.id, "user_id": me, "at": now}])
    session.execute(
        update(Review)
        .where(Review.answer_id == found.answer.id, Review.claimed_by == me)
        .values(claimed_by=None, claimed_until=None)
    )


def flag(session: Session, found: Found, note: str) -> None:
    """Flag an answer for a second look; an empty *note* removes the flag."""
    insert_missing(session, Review, [{"answer_id": found.answer.id}])
    session.execute(update(Review).where(Review.answer_id == found.answer.id).values(flag=note))
