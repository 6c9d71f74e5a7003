"""Rubric of a part: initially that of the problem, later as edited by the markers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from api.db.models import Answer, Review, RubricItem
from api.db.upserts import insert_missing
from api.schemas.grading.marks import RubricItemView, RubricView
from api.services.engine.variants import Variants
from api.services.review.locations import Asked
from grader.kinds.texts import TextPart

__all__ = ["Criterion", "live_items", "own_items", "rubric_view", "used"]

MARKED: Final = (
    select(Review.items)
    .join(Answer, Answer.id == Review.answer_id)
    .where(
        Answer.problem_id == bindparam("problem"),
        Answer.part == bindparam("part"),
        Review.marked_at.is_not(None),
    )
)
"""The rubric items of each answer to a part that is marked."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rubric item: its points, and the text for the student."""

    id: UUID
    label: str
    say: str
    points: Fraction

    @classmethod
    def of(cls, row: RubricItem) -> "Criterion":
        """Return the criterion of a row."""
        return cls(row.id, row.label, row.say, row.points)


def _first(asked: Asked, variants: Variants) -> list[dict[str, Any]]:
    """Return the rubric of the problem as rows with deterministic ids."""
    problem = asked.posed.problem
    part = variants.problem(asked.posed.version).part(asked.part)
    if not isinstance(part, TextPart):
        return []
    return [
        {
            "id": uuid5(problem.id, f"{asked.part}/{item.id}"),
            "problem_id": problem.id,
            "part": asked.part,
            "position": position,
            "label": item.id.replace("_", " "),
            "say": item.say.source,
            "points": Fraction(item.points),
            "version": 1,
        }
        for position, item in enumerate(part.rubric)
    ]


def _rows(session: Session, asked: Asked, *, lock: str = "") -> Sequence[RubricItem]:
    """Return all stored items of a part, including retired ones.

    *lock* is "shared" to grade by them, "own" to change them.
    """
    rows = (
        select(RubricItem)
        .where(RubricItem.problem_id == asked.posed.problem.id, RubricItem.part == asked.part)
        .order_by(RubricItem.position, RubricItem.id)
    )
    if lock:
        rows = rows.with_for_update(read=lock == "shared")
    return session.scalars(rows.execution_options(populate_existing=True)).all()


def live_items(session: Session, asked: Asked, *, variants: Variants) -> list[RubricItem]:
    """Return the current rubric of a part without writing to the database."""
    kept = _rows(session, asked)
    if not kept:
        return [RubricItem(**one) for one in _first(asked, variants)]
    return [one for one in kept if one.retired_at is None]


def own_items(
    session: Session, asked: Asked, *, variants: Variants, lock: str
) -> dict[UUID, RubricItem]:
    """Return the rubric of a part by id; store it if necessary, and lock it until commit."""
    if not _rows(session, asked):
        insert_missing(session, RubricItem, _first(asked, variants))
    kept = _rows(session, asked, lock=lock)
    return {one.id: one for one in kept if one.retired_at is None}


def used(session: Session, asked: Asked) -> Mapping[UUID, int]:
    """Return the number of answers that have each item of a part."""
    told = {"problem": asked.posed.problem.id, "part": asked.part}
    counts = Counter(chain.from_iterable(session.scalars(MARKED, told)))
    return {UUID(one): count for one, count in counts.items()}


def rubric_view(session: Session, asked: Asked, *, variants: Variants) -> RubricView:
    """Return the rubric of a part with the number of uses of each item."""
    counts = used(session, asked)
    items = live_items(session, asked, variants=variants)
    return RubricView(
        problem=asked.posed.problem.slug,
        part=asked.part,
        part_title=asked.title,
        points=asked.points,
        items=tuple(item_view(one, used=counts.get(one.id, 0)) for one in items),
    )


def item_view(row: RubricItem, *, used: int) -> RubricItemView:
    """Serialize a rubric item."""
    return RubricItemView(
        id=row.id,
        label=row.label,
        say=row.say,
        points=row.points,
        position=row.position,
        used=used,
        version=row.version,
    )
