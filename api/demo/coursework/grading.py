"""Grades by the graders of the demo: most texts of the closed assignment, but not all."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import cycle
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, RubricItem, Submission
from api.demo.course_fixture import Scenery
from api.http.etags import Expected
from api.schemas.grading.marks import MarkIn
from api.services.engine.variants import Variants
from api.services.review.locations import Found, asked_part
from api.services.review.marks.marking import mark
from api.services.review.marks.rubric import live_items

__all__ = ["mark_some"]

SHARE: Final = 2, 3
"""How many of the texts are marked: two of three, the oldest ones."""
LONG_WORD: Final = re.compile(r"\w{7,}")
LATER: Final = timedelta(days=2)


def mark_some(session: Session, scenery: Scenery) -> None:
    """Grade texts by the rubric, with alternating graders, two days after the submission."""
    variants = Variants()
    for found in _texts(session, scenery):
        rubric = live_items(session, found.asked, variants=variants)
        given = MarkIn(items=tuple(one.id for one in _ticked(rubric, _typed(found))))
        at = found.answer.received_at + LATER
        mark(session, found, given, variants=variants, expected=Expected(None), now=at)


def _texts(session: Session, scenery: Scenery) -> Iterator[Found]:
    """Yield the texts to grade, each with the grader whose turn it is."""
    assignment, posed = scenery.posed[0]
    graders = cycle(scenery.graders)
    for row, version in posed:
        parts = [part["id"] for part in version.parts if part["kind"] == "text"]
        for part in parts:
            answers = _last(session, row.id, part)
            for answer, submission in answers[: len(answers) * SHARE[0] // SHARE[1]]:
                seen = scenery.posed_to_grader(next(graders), assignment, (row, version))
                yield Found(answer, submission, asked_part(seen, part))


def _last(session: Session, problem: UUID, part: str) -> Sequence[tuple[Answer, Submission]]:
    """Return the last text of each student, oldest first."""
    rows = session.execute(
        select(Answer, Submission)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.problem_id == problem, Answer.part == part)
        .order_by(Answer.received_at, Answer.id)
    )
    last = {answer.student_id: (answer, submission) for answer, submission in rows}
    return sorted(last.values(), key=lambda one: (one[0].received_at, one[0].id))


def _typed(found: Found) -> str:
    return str(found.submission.answers.get(found.answer.part, "")).lower()


def _ticked(rubric: Sequence[RubricItem], text: str) -> Iterator[RubricItem]:
    """Yield the rubric items with a long word that occurs in *text*."""
    for one in rubric:
        if any(word in text for word in LONG_WORD.findall(one.say.lower())):
            yield one
