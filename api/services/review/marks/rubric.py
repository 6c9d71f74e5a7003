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
from api.db.upserts import insert_missing_rows
from api.schemas.grading.marks import RubricItemView, RubricView
from api.services.engine.variants import VariantCache
from api.services.review.review_subjects import AssignedPart
from grader.kinds.texts import RubricItem as DefinedRubricItem
from grader.kinds.texts import TextPart

MARKED_ITEMS_QUERY: Final = (
    select(Review.items)
    .join(Answer, Answer.id == Review.answer_id)
    .where(
        Answer.problem_id == bindparam("problem"),
        Answer.part == bindparam("part"),
        Review.marked_at.is_not(None),
    )
)
"""Query for the rubric items of each answer to a part that is marked."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rubric item: its points, and the text for the student."""

    id: UUID
    label: str
    say: str
    points: Fraction

    @classmethod
    def from_row(cls, row: RubricItem) -> "Criterion":
        """Return the criterion of a row."""
        return cls(row.id, row.label, row.say, row.points)


def _build_default_items(part: AssignedPart, variants: VariantCache) -> list[dict[str, Any]]:
    """Return the rubric of the problem as rows with deterministic ids."""
    return [
        {
            "id": _default_item_id(part, item.id),
            "problem_id": part.assigned_problem.problem.id,
            "part": part.part_id,
            "position": position,
            "label": item.id.replace("_", " "),
            "say": item.say.source,
            "points": Fraction(item.points),
            "version": 1,
        }
        for position, item in enumerate(_load_defined_items(part, variants))
    ]


def _default_item_id(part: AssignedPart, item: str) -> UUID:
    return uuid5(part.assigned_problem.problem.id, f"{part.part_id}/{item}")


def _load_defined_items(part: AssignedPart, variants: VariantCache) -> Sequence[DefinedRubricItem]:
    """Return the rubric in the problem's definition."""
    definition = variants.get_problem(part.assigned_problem.version).get_part(part.part_id)
    return definition.rubric if isinstance(definition, TextPart) else ()


def find_phrases_by_item(
    part: AssignedPart, variants: VariantCache
) -> Mapping[UUID, tuple[str, ...]]:
    """Return the words and phrases to look for, by rubric item of the problem's definition."""
    return {
        _default_item_id(part, item.id): item.look_for
        for item in _load_defined_items(part, variants)
        if item.look_for
    }


def _load_stored_items(
    session: Session, part: AssignedPart, *, lock: str = ""
) -> Sequence[RubricItem]:
    """Return all stored items of a part, including retired ones.

    *lock* is "shared" to grade by them, "own" to change them.
    """
    query = (
        select(RubricItem)
        .where(
            RubricItem.problem_id == part.assigned_problem.problem.id,
            RubricItem.part == part.part_id,
        )
        .order_by(RubricItem.position, RubricItem.id)
    )
    if lock:
        query = query.with_for_update(read=lock == "shared")
    return session.scalars(query.execution_options(populate_existing=True)).all()


def load_current_rubric_items(
    session: Session, part: AssignedPart, *, variants: VariantCache
) -> list[RubricItem]:
    """Return the current rubric of a part without writing to the database."""
    stored_items = _load_stored_items(session, part)
    if not stored_items:
        return [RubricItem(**one) for one in _build_default_items(part, variants)]
    return [item for item in stored_items if item.retired_at is None]


def ensure_and_lock_rubric_items(
    session: Session, part: AssignedPart, *, variants: VariantCache, lock: str
) -> dict[UUID, RubricItem]:
    """Return the rubric of a part by id; store it if necessary, and lock it until commit."""
    if not _load_stored_items(session, part):
        insert_missing_rows(session, RubricItem, _build_default_items(part, variants))
    stored_items = _load_stored_items(session, part, lock=lock)
    return {item.id: item for item in stored_items if item.retired_at is None}


def count_rubric_item_uses(session: Session, part: AssignedPart) -> Mapping[UUID, int]:
    """Return the number of answers that have each item of a part."""
    params = {"problem": part.assigned_problem.problem.id, "part": part.part_id}
    counts = Counter(chain.from_iterable(session.scalars(MARKED_ITEMS_QUERY, params)))
    return {UUID(one): count for one, count in counts.items()}


def load_rubric(session: Session, part: AssignedPart, *, variants: VariantCache) -> RubricView:
    """Return the rubric of a part with the number of uses of each item."""
    counts = count_rubric_item_uses(session, part)
    items = load_current_rubric_items(session, part, variants=variants)
    phrases = find_phrases_by_item(part, variants)
    return RubricView(
        problem=part.assigned_problem.problem.slug,
        part=part.part_id,
        part_title=part.title,
        points=part.points,
        items=tuple(
            serialize_rubric_item(
                item, used=counts.get(item.id, 0), look_for=phrases.get(item.id, ())
            )
            for item in items
        ),
    )


def serialize_rubric_item(
    row: RubricItem, *, used: int, look_for: tuple[str, ...] = ()
) -> RubricItemView:
    """Serialize a rubric item; one that a TA added has nothing to look for."""
    return RubricItemView(
        id=row.id,
        label=row.label,
        say=row.say,
        points=row.points,
        position=row.position,
        look_for=look_for,
        used=used,
        version=row.version,
    )
