"""Marks by hand, which override the engine, and their removal."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.core.errors import Conflict, FieldError, Invalid
from api.db.models import Answer, Grading, Regrade
from api.http.etags import Expected
from api.schemas.grading.marks import MarkIn
from api.services.audit.recorder import record
from api.services.engine.variants import Variants
from api.services.review.locations import Asked, Found
from api.services.review.marking_items import Work, hold, point_to, reckon, refresh_works, write
from api.services.review.marks.claims import check_free
from api.services.review.marks.rubric import Criterion, own_items
from api.services.review.marks.values import Given

__all__ = ["criteria", "mark", "unmark"]


def mark(
    session: Session,
    found: Found,
    given: MarkIn,
    *,
    variants: Variants,
    expected: Expected,
    now: datetime,
) -> None:
    """Store a mark for an answer.

    Raises `Conflict` if another marker holds it, and `Precondition` if it changed.
    """
    asked, me = found.asked, found.member.caller.id
    rubric = criteria(session, asked, given, variants=variants)
    [work] = hold(session, [found.answer.id])
    expected.check(work.review.version)
    check_free(work.review, me, now=now)
    before = _mark_told(work.answer)
    wanted = Given.of(given)
    result = reckon(session, asked, work, wanted, rubric=rubric, variants=variants)
    write(session, asked, [(work, wanted, result)], now=now)
    _note(session, found, "answer.marked", before, now=now, reason=given.reason)


def criteria(
    session: Session, asked: Asked, given: MarkIn, *, variants: Variants
) -> Mapping[UUID, Criterion]:
    """Return the rubric of a part, with a shared lock. Raises `Invalid` for unknown items."""
    items = own_items(session, asked, variants=variants, lock="shared")
    if not items.keys() >= set(given.items):
        raise Invalid(
            "The rubric of this part has no such item; read it again.",
            errors=(FieldError("items", "must be items of the rubric of this part"),),
        )
    return {one: Criterion.of(row) for one, row in items.items()}


def _mark_told(answer: Answer) -> dict[str, Any]:
    """Return the state of an answer for the audit log."""
    credit = None if answer.credit is None else str(answer.credit)
    return {"status": answer.status, "credit": credit, "manual": answer.manual}


def unmark(session: Session, found: Found, *, expected: Expected, now: datetime) -> None:
    """Remove the mark of an answer: the grading by the engine counts again.

    Raises `Conflict` if the answer has no mark by a person or another marker holds it.
    """
    [work] = hold(session, [found.answer.id])
    expected.check(work.review.version)
    check_free(work.review, found.member.caller.id, now=now)
    if not work.answer.manual:
        raise Conflict("This answer has no mark by a person.")
    before = _mark_told(work.answer)
    point_to(work.answer, _by_machine(session, work), manual=False)
    _clear(work)
    refresh_works(session, [work], author=found.member.caller.id, now=now)
    _note(session, found, "answer.unmarked", before, now=now)


def _by_machine(session: Session, work: Work) -> Grading:
    """Return the last grading by the engine, except by the version of an undone regrade.

    The undo graded answers submitted under that version with the old one; that grading counts.
    """
    return session.scalars(
        select(Grading)
        .outerjoin(Regrade, Regrade.id == Grading.regrade_id)
        .where(
            Grading.answer_id == work.answer.id,
            Grading.kind != "manual",
            or_(Regrade.undone_at.is_(None), Grading.version_id != Regrade.to_version),
        )
        .order_by(Grading.created_at.desc(), Grading.id.desc())
        .limit(1)
    ).one()


def _clear(work: Work) -> None:
    review = work.review
    review.items, review.adjustment, review.credit = [], Fraction(0), None
    review.comment = review.reason = ""
    review.marked_by = review.marked_at = review.likeness = None
    review.version += 1


def _note(
    session: Session,
    found: Found,
    action: str,
    before: Mapping[str, Any],
    *,
    now: datetime,
    reason: str = "",
) -> None:
    record(
        session,
        found.member,
        action,
        now=now,
        target=("answer", found.answer.id),
        change=(before, _mark_told(found.answer)),
        reason=reason,
    )
