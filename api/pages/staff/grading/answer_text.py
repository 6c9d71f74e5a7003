"""Texts of answers on the grading pages: rendered, shortened, and the answers around one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from api.dependencies import RequestContext
from api.markup.student_answers import Highlight, RenderedAnswer
from api.services.review.marks.adjacent import AdjacentAnswers, load_adjacent_answers
from api.services.review.review_subjects import find_part

SUMMARY_LENGTH: Final = 160
"""Number of characters of a long text that are displayed until it is expanded."""
COMMON_LENGTH: Final = 60
"""Number of the first characters of a text whose summary begins where it differs from others."""
CONTEXT_LENGTH: Final = 40
"""Number of the characters before the difference."""


def render_answer(
    context: RequestContext, typed: object, highlights: Iterable[Highlight] = ()
) -> RenderedAnswer | None:
    """Return a text answer as HTML; None for an answer that is no text."""
    if not isinstance(typed, str):
        return None
    return context.service.answer_renderer.render(typed, highlights)


def load_adjacent(
    context: RequestContext, part_key: tuple[UUID, str, str], answer: UUID | None = None
) -> AdjacentAnswers:
    """Return the answers of a part that the caller graded before and after *answer*."""
    assignment, problem, part = part_key
    with context.reading() as session:
        assigned = context.authorize_problem(session, assignment, problem, right="see_submissions")
        return load_adjacent_answers(session, find_part(assigned, part), answer, now=context.now)


def summarize_texts_distinctly(texts: Sequence[str]) -> list[str]:
    """Return a summary of each text, which differs from those of the others.

    A text that begins as another one does is shortened up to where they differ.

    >>> first, second = summarize_texts_distinctly(["a" * 300 + "b", "a" * 300 + "c"])
    >>> first[-3:], second[-3:]
    ('aab', 'aac')
    """
    return [_summarize_text(text, texts) for text in texts]


def _summarize_text(text: str, texts: Sequence[str]) -> str:
    if len(text) <= SUMMARY_LENGTH:
        return text
    shared = max((_count_common_prefix(text, other) for other in texts if other != text), default=0)
    if shared < SUMMARY_LENGTH - CONTEXT_LENGTH:
        return f"{text[:SUMMARY_LENGTH]}…"
    start = min(shared, len(text) - 1) - CONTEXT_LENGTH
    end = start + SUMMARY_LENGTH - COMMON_LENGTH
    return f"{text[:COMMON_LENGTH]} … {text[start:end]}{'…' if end < len(text) else ''}"


def _count_common_prefix(text: str, other: str) -> int:
    """Return how many characters two different texts have in common at their beginnings."""
    lengths = range(1, min(len(text), len(other)) + 1)
    return bisect_left(lengths, 1, key=lambda length: int(text[:length] != other[:length]))
