"""Aids on the grading page: highlights, similar graded answers, comments to give again.

They inform the TA. None of them ticks a rubric item by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from api.dependencies import RequestContext
from api.markup.student_answers import Highlight
from api.pages.staff.grading.answer_text import summarize_texts_distinctly
from api.pages.staff.grading.marks import mark_to_fields
from api.routes.grading import marks as api
from api.schemas.grading.marks import NeighborView, RubricView
from api.schemas.grading.regrade_requests import RequestView
from api.schemas.grading.review import ReviewItem
from api.services.review.decisions import load_requests_about_answer
from api.services.review.marks.reusable_comments import load_reusable_comments
from api.services.review.review_subjects import find_part, load_answer_for_staff

NEIGHBOR_KEYS: Final = ("q", "w", "e")
COMMENT_KEYS: Final = ("d", "f", "g", "h", "j")
MAX_LENGTH_WITH_NEIGHBORS: Final = 10_000
"""Length of an answer, in characters, beyond which the page has no room for others."""


@dataclass(frozen=True, slots=True)
class NeighborRow:
    """A similar graded answer: a *brief* text, its rubric *items*, and the *fields* of its mark."""

    view: NeighborView
    brief: str
    items: str
    fields: Mapping[str, str]
    key: str


@dataclass(frozen=True, slots=True)
class ReusableComment:
    """A comment that can be given again, with its shortcut key."""

    text: str
    key: str


def build_highlights(rubric: RubricView, keys: Sequence[str]) -> tuple[Highlight, ...]:
    """Return what each rubric item looks for, labeled with its key."""
    return tuple(
        Highlight(_item_label(position, keys), item.look_for)
        for position, item in enumerate(rubric.items)
    )


def _item_label(position: int, keys: Sequence[str]) -> str:
    return keys[position] if position < len(keys) else str(position + 1)


def list_neighbors(
    context: RequestContext, item: ReviewItem, rubric: RubricView, keys: Sequence[str]
) -> list[NeighborRow]:
    """Return the nearest graded answers; their marks name rubric items as the page does."""
    if len(str(item.typed or "")) > MAX_LENGTH_WITH_NEIGHBORS:
        return []
    labels = {each.id: _item_label(place, keys) for place, each in enumerate(rubric.items)}
    views = api.get_neighbors(item.answer, context)
    briefs = summarize_texts_distinctly([view.text for view in views])
    return [
        _build_row(view, brief, labels, key)
        for view, brief, key in zip(views, briefs, NEIGHBOR_KEYS, strict=False)
    ]


def _build_row(view: NeighborView, brief: str, labels: Mapping[UUID, str], key: str) -> NeighborRow:
    # A mark with an item that was retired since cannot be given again.
    is_current = all(item in labels for item in view.mark.items)
    items = ", ".join(labels.get(item, "–") for item in view.mark.items)
    return NeighborRow(view, brief, items, mark_to_fields(view.mark) if is_current else {}, key)


def load_requests(context: RequestContext, answer: UUID) -> list[RequestView]:
    """Return the regrade requests about an answer, oldest first."""
    with context.reading() as session:
        caller = context.authenticate(session)
        subject = load_answer_for_staff(session, caller, answer, right="see_submissions")
        return load_requests_about_answer(session, subject)


def load_comments_to_reuse(
    context: RequestContext, part_key: tuple[UUID, str, str], item: ReviewItem
) -> list[ReusableComment]:
    """Return comments on other answers of the part, without those that this answer has."""
    assignment, problem, part = part_key
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_submissions")
        lines = load_reusable_comments(session, find_part(assigned, part))
    current_lines = item.mark.comment.splitlines() if item.mark else []
    fresh = [line for line in lines if line not in current_lines]
    return [ReusableComment(text, key) for text, key in zip(fresh, COMMENT_KEYS, strict=False)]
