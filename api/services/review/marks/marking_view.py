"""Marking view: one answer with the mark of equivalent ones, and the next answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.auth.principal import Principal
from api.schemas.grading.review import NextAnswer, ReviewItem
from api.services.engine.variant_identity import load_identities
from api.services.engine.variants import VariantCache
from api.services.review.marks.answer_similarity import similarity_id
from api.services.review.marks.claims import claim_next_answer
from api.services.review.marks.groups import load_equivalent_mark
from api.services.review.review_subjects import AnswerContext, AssignedPart, load_answer_for_staff
from api.services.review.serializers import serialize_review_item


def load_review_item(
    session: Session, context: AnswerContext, *, variants: VariantCache, now: datetime
) -> ReviewItem:
    """Return an answer in full, with the latest mark of an equivalent answer."""
    session.flush()
    submission = context.submission
    numbers = load_identities(session, submission.version_id)[submission.position]
    similarity = similarity_id(context.part, context.answer, submission, numbers)
    equivalent_mark = load_equivalent_mark(session, context.part, similarity)
    return serialize_review_item(
        session, context, equivalent_mark=equivalent_mark, variants=variants, now=now
    )


def claim_next_item(
    session: Session,
    caller: Principal,
    part: AssignedPart,
    *,
    variants: VariantCache,
    now: datetime,
) -> NextAnswer:
    """Claim the next answer of a part for *caller*, and return it."""
    answer, waiting, claimed = claim_next_answer(session, part, now=now)
    return NextAnswer(
        item=None if answer is None else _load_claimed_item(session, caller, answer, variants, now),
        waiting=waiting,
        claimed=claimed,
    )


def _load_claimed_item(
    session: Session, caller: Principal, answer: UUID, variants: VariantCache, now: datetime
) -> ReviewItem:
    context = load_answer_for_staff(session, caller, answer, right="mark")
    return load_review_item(session, context, variants=variants, now=now)
