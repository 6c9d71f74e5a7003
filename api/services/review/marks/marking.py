"""Marks by hand, which override the engine, and their removal."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, FieldError, InvalidInput
from api.db.models import Answer, Grading, Regrade
from api.http.etags import IfMatchVersions
from api.schemas.grading.marks import MarkIn
from api.services.audit.recorder import record_action
from api.services.engine.variants import VariantCache
from api.services.review.marking_items import (
    MarkingItem,
    evaluate_mark,
    lock_marking_items,
    recompute_item_grades,
    set_current_grading,
    store_marks,
)
from api.services.review.marks.claims import check_not_claimed
from api.services.review.marks.rubric import Criterion, ensure_and_lock_rubric_items
from api.services.review.marks.values import MarkValues
from api.services.review.review_subjects import AnswerContext, AssignedPart


def mark_answer(
    session: Session,
    context: AnswerContext,
    request: MarkIn,
    *,
    variants: VariantCache,
    expected: IfMatchVersions,
    now: datetime,
) -> None:
    """Store a mark for an answer.

    Raises `Conflict` if another marker holds it, and `PreconditionFailed` if it changed.
    """
    part, me = context.part, context.member.caller.id
    rubric = lock_criteria_for_mark(session, part, request, variants=variants)
    [item] = lock_marking_items(session, [context.answer.id])
    expected.check(item.review.version)
    check_not_claimed(item.review, me, now=now)
    before = _serialize_answer_state(item.answer)
    mark_values = MarkValues.from_request(request)
    outcome = evaluate_mark(session, part, item, mark_values, rubric=rubric, variants=variants)
    store_marks(session, part, [(item, mark_values, outcome)], now=now)
    _record_mark_change(session, context, "answer.marked", before, now=now, reason=request.reason)


def lock_criteria_for_mark(
    session: Session, part: AssignedPart, request: MarkIn, *, variants: VariantCache
) -> Mapping[UUID, Criterion]:
    """Return the rubric of a part, with a shared lock. Raises `InvalidInput` for unknown items."""
    items = ensure_and_lock_rubric_items(session, part, variants=variants, lock="shared")
    if not items.keys() >= set(request.items):
        raise InvalidInput(
            "The rubric of this part has no such item. Reload it.",
            errors=(FieldError("items", "must be items of the rubric of this part"),),
        )
    return {item: Criterion.from_row(row) for item, row in items.items()}


def _serialize_answer_state(answer: Answer) -> dict[str, Any]:
    """Return the state of an answer for the audit log."""
    credit = None if answer.credit is None else str(answer.credit)
    return {"status": answer.status, "credit": credit, "manual": answer.manual}


def unmark_answer(
    session: Session, context: AnswerContext, *, expected: IfMatchVersions, now: datetime
) -> None:
    """Remove the mark of an answer: the grading by the engine counts again.

    Raises `Conflict` if the answer has no mark by a person or another marker holds it.
    """
    [item] = lock_marking_items(session, [context.answer.id])
    expected.check(item.review.version)
    check_not_claimed(item.review, context.member.caller.id, now=now)
    if not item.answer.manual:
        raise Conflict("No person has graded this answer.")
    before = _serialize_answer_state(item.answer)
    set_current_grading(item.answer, _load_engine_grading(session, item), manual=False)
    _clear_review(item)
    recompute_item_grades(session, [item], author=context.member.caller.id, now=now)
    _record_mark_change(session, context, "answer.unmarked", before, now=now)


def undo_mark(
    session: Session,
    context: AnswerContext,
    *,
    variants: VariantCache,
    expected: IfMatchVersions,
    now: datetime,
) -> None:
    """Undo the last mark of an answer: the mark before it counts again, or none.

    Raises as `mark_answer` and `unmark_answer` do.
    """
    replaced = _load_replaced_mark(session, context.answer)
    if replaced is None:
        unmark_answer(session, context, expected=expected, now=now)
    else:
        mark_answer(session, context, replaced, variants=variants, expected=expected, now=now)


def _load_replaced_mark(session: Session, answer: Answer) -> MarkIn | None:
    """Return the mark that the current mark of *answer* replaced, or None."""
    replaced = session.get_one(Grading, answer.grading_id).record.get("mark", {}).get("replaced")
    if not answer.manual or replaced is None:
        return None
    earlier = session.get_one(Grading, UUID(replaced))
    mark = earlier.record["mark"]
    return MarkIn(
        items=tuple(map(UUID, mark["items"])),
        adjustment=Fraction(mark["adjustment"]),
        credit=None if mark["credit"] is None else Fraction(mark["credit"]),
        comment=mark["comment"],
        reason=earlier.reason,
    )


def _load_engine_grading(session: Session, item: MarkingItem) -> Grading:
    """Return the last grading by the engine, except by the version of an undone regrade.

    The undo graded answers submitted under that version with the old one; that grading counts.
    """
    return session.scalars(
        select(Grading)
        .outerjoin(Regrade, Regrade.id == Grading.regrade_id)
        .where(
            Grading.answer_id == item.answer.id,
            Grading.kind != "manual",
            or_(Regrade.undone_at.is_(None), Grading.version_id != Regrade.to_version),
        )
        .order_by(Grading.created_at.desc(), Grading.id.desc())
        .limit(1)
    ).one()


def _clear_review(item: MarkingItem) -> None:
    review = item.review
    review.items, review.adjustment, review.credit = [], Fraction(0), None
    review.comment = review.reason = ""
    review.marked_by = review.marked_at = review.likeness = None
    review.version += 1


def _record_mark_change(
    session: Session,
    context: AnswerContext,
    action: str,
    before: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
) -> None:
    record_action(
        session,
        context.member,
        action,
        now=now,
        target=("answer", context.answer.id),
        change=(before, _serialize_answer_state(context.answer)),
        reason=reason,
    )
