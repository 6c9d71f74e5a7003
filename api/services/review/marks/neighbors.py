"""Neighbors of a text answer: similar texts, which help a TA to grade alike.

Texts are compared, never clustered: linkage merges nearly all texts of a class into one cluster.
Time grows with the number of texts, not with its square, and memory holds one short text each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from api.db.models import Answer, ProblemVersion, Review, Submission, Variant
from api.schemas.grading.marks import NeighborView
from api.services.engine.variant_identity import (
    IDENTITY_COLUMNS,
    VariantIdentity,
    load_identities,
    variant_condition,
    version_condition,
)
from api.services.enrolment.display_names import load_display_names
from api.services.review.identity_masks import NO_MASK
from api.services.review.marks.adjacent import load_adjacent_answers
from api.services.review.review_subjects import AnswerContext, AssignedPart, load_student_masks
from api.services.review.serializers import serialize_mark

MAX_COMPARED_CHARACTERS: Final = 1_000
"""Number of characters of a text that are compared."""
MAX_COMPARED_TEXTS: Final = 5_000
MIN_SIMILARITY: Final = 50
"""Similarity below which a text is no neighbor, of 100."""
NEIGHBORS: Final = 3
TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class _Match:
    """A graded answer with its similarity from 0 to 100."""

    answer: UUID
    similarity: int


def _comparable_text_expression(part: AssignedPart) -> ColumnElement[str]:
    """Return the expression for the typed text of an answer, without what is not compared."""
    typed = Submission.answers[part.part_id].as_string()
    return func.substr(typed, 1, 2 * MAX_COMPARED_CHARACTERS)


def _load_texts(session: Session, part: AssignedPart, answers: Sequence[UUID]) -> dict[UUID, str]:
    """Return the comparable text of each of *answers*."""
    rows = session.execute(
        select(Answer.id, _comparable_text_expression(part))
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.id.in_(bindparam("answers", expanding=True))),
        {"answers": answers},
    )
    return {answer: normalize_text(text or "") for answer, text in rows}


def normalize_text(text: str) -> str:
    r"""Return a text for comparison: in lower case, with single blanks, and shortened.

    >>> normalize_text("Fewer\n  Parameters")
    'fewer parameters'
    """
    return " ".join(text.casefold().split())[:MAX_COMPARED_CHARACTERS]


def rank_by_similarity(text: str, texts: Mapping[UUID, str]) -> dict[UUID, int]:
    """Return the similarity to *text* of each of *texts*, from 0 to 100.

    It is 0 below `MIN_SIMILARITY`.
    """
    compared = dict(list(texts.items())[:MAX_COMPARED_TEXTS])
    [scores] = (
        process.cdist([text], [*compared.values()], scorer=fuzz.ratio, score_cutoff=MIN_SIMILARITY)
        if compared
        else [[]]
    )
    return {answer: round(float(score)) for answer, score in zip(compared, scores, strict=True)}


def load_queue_similarities(
    session: Session, part: AssignedPart, waiting: Sequence[UUID], *, now: datetime
) -> Mapping[UUID, int]:
    """Return how similar each of *waiting* is to the answer that the caller graded last.

    It is empty for answers that are no text, and before the caller has graded one.
    """
    if part.kind != TEXT or not waiting:
        return {}
    last = load_adjacent_answers(session, part, None, now=now).last_graded
    if last is None:
        return {}
    texts = _load_texts(session, part, [last.answer, *waiting[:MAX_COMPARED_TEXTS]])
    text = texts.pop(last.answer, "")
    return rank_by_similarity(text, texts)


def load_neighbors(session: Session, context: AnswerContext) -> list[NeighborView]:
    """Return the nearest graded answers to the same part, each with other words; nearest first.

    Answers with the same mark-relevant words as *context* are left out: the queue offers their
    mark already.
    """
    part = context.part
    if part.kind != TEXT:
        return []
    graded = session.execute(
        select(Answer.id, _comparable_text_expression(part))
        .join(Submission, Submission.id == Answer.submission_id)
        .where(
            Answer.problem_id == part.assigned_problem.problem.id,
            Answer.part == part.part_id,
            Answer.manual,
            Answer.id != context.answer.id,
        )
        .order_by(Answer.id.desc())
        .limit(MAX_COMPARED_TEXTS)
    )
    typed = context.submission.answers.get(part.part_id)
    text = normalize_text(typed if isinstance(typed, str) else "")
    texts = {answer: normalize_text(other or "") for answer, other in graded}
    return _serialize_neighbors(session, context, _find_nearest(text, texts))


def _find_nearest(text: str, texts: Mapping[UUID, str]) -> list[_Match]:
    """Return the nearest of *texts*; of equal ones the latest, and none that equals *text*."""
    ranked = rank_by_similarity(text, texts)
    nearest: dict[str, _Match] = {}
    for answer, similarity in sorted(ranked.items(), key=lambda item: -item[1]):
        if len(nearest) == NEIGHBORS or not similarity:
            break
        if texts[answer] != text:
            nearest.setdefault(texts[answer], _Match(answer, similarity))
    return list(nearest.values())


def _serialize_neighbors(
    session: Session, context: AnswerContext, matches: Sequence[_Match]
) -> list[NeighborView]:
    part, submission = context.part, context.submission
    identity = load_identities(session, submission.version_id)[submission.position]
    rows = session.execute(
        select(Answer, Review, Submission.answers, *IDENTITY_COLUMNS)
        .join(Review, Review.answer_id == Answer.id)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(ProblemVersion, version_condition(Submission))
        .join(Variant, variant_condition(Submission))
        .where(Answer.id.in_([match.answer for match in matches]))
    ).all()
    by_answer = {row[0].id: row for row in rows}
    names = load_display_names(session, {row[1].marked_by for row in rows})
    masks = load_student_masks(session, part, {row[0].student_id for row in rows})
    neighbors = []
    for match in matches:
        if match.answer not in by_answer:
            continue  # its mark was removed since
        answer, review, answers, draw_hash, seed = by_answer[match.answer]
        mark = serialize_mark(review, names)
        if mark is None or answer.credit is None:
            continue
        neighbors.append(
            NeighborView(
                answer=answer.id,
                text=masks.get(answer.student_id, NO_MASK).apply(
                    str(answers.get(part.part_id, "")).strip()
                ),
                similarity=match.similarity,
                score=answer.credit * part.points,
                points=part.points,
                same_numbers=VariantIdentity(draw_hash, seed) == identity,
                mark=mark,
            )
        )
    return neighbors
