"""Marking view: one answer with the mark of equivalent ones, and the next answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.schemas.grading.review import NextAnswer, ReviewItem
from api.services.engine.variant_identity import numbers_in
from api.services.engine.variants import Variants
from api.services.review.locations import Asked, Found, staff_answer
from api.services.review.marks.answer_similarity import likeness
from api.services.review.marks.claims import claim_next
from api.services.review.marks.groups import same_as
from api.services.review.serializers import review_item

__all__ = ["answer_item", "next_item"]


def answer_item(session: Session, found: Found, *, variants: Variants, now: datetime) -> ReviewItem:
    """Return an answer in full, with the latest mark of an equivalent answer."""
    session.flush()
    one = found.submission
    numbers = numbers_in(session, one.version_id)[one.position]
    like = likeness(found.asked, found.answer, one, numbers)
    same = same_as(session, found.asked, like)
    return review_item(session, found, same=same, variants=variants, now=now)


def next_item(
    session: Session, caller: Caller, asked: Asked, *, variants: Variants, now: datetime
) -> NextAnswer:
    """Claim the next answer of a part for *caller*, and return it."""
    answer, waiting, claimed = claim_next(session, asked, now=now)
    return NextAnswer(
        item=None if answer is None else _item(session, caller, answer, variants, now),
        waiting=waiting,
        claimed=claimed,
    )


def _item(
    session: Session, caller: Caller, answer: UUID, variants: Variants, now: datetime
) -> ReviewItem:
    found = staff_answer(session, caller, answer, right="mark")
    return answer_item(session, found, variants=variants, now=now)
