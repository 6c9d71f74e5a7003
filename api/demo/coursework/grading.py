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
from api.demo.course_fixture import DemoCourse
from api.http.etags import IfMatchVersions
from api.schemas.grading.marks import MarkIn
from api.services.engine.variants import VariantCache
from api.services.review.marks.marking import mark_answer
from api.services.review.marks.rubric import load_current_rubric_items
from api.services.review.review_subjects import AnswerContext, find_part

GRADED_SHARE: Final = 2, 3
"""Share of the texts that are graded: two of three, the oldest ones."""
LONG_WORD_PATTERN: Final = re.compile(r"\w{7,}")
GRADING_DELAY: Final = timedelta(days=2)


def grade_some_texts(session: Session, demo: DemoCourse) -> None:
    """Grade texts by the rubric, with alternating graders, two days after the submission."""
    variants = VariantCache()
    for context in _find_texts(session, demo):
        rubric = load_current_rubric_items(session, context.part, variants=variants)
        mark_input = MarkIn(
            items=tuple(one.id for one in _match_items(rubric, _get_answer_text(context)))
        )
        graded_at = context.answer.received_at + GRADING_DELAY
        mark_answer(
            session,
            context,
            mark_input,
            variants=variants,
            expected=IfMatchVersions(None),
            now=graded_at,
        )


def _find_texts(session: Session, demo: DemoCourse) -> Iterator[AnswerContext]:
    """Yield the texts to grade, each with the grader whose turn it is."""
    assignment, problems = demo.assignments[0]
    graders = cycle(demo.graders)
    for row, version in problems:
        parts = [part["id"] for part in version.parts if part["kind"] == "text"]
        for part in parts:
            answers = _load_last_answers(session, row.id, part)
            for answer, submission in answers[: len(answers) * GRADED_SHARE[0] // GRADED_SHARE[1]]:
                assigned_problem = demo.problem_for_grader(
                    next(graders), assignment, (row, version)
                )
                yield AnswerContext(answer, submission, find_part(assigned_problem, part))


def _load_last_answers(
    session: Session, problem: UUID, part: str
) -> Sequence[tuple[Answer, Submission]]:
    """Return the last text of each student, oldest first."""
    rows = session.execute(
        select(Answer, Submission)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.problem_id == problem, Answer.part == part)
        .order_by(Answer.received_at, Answer.id)
    )
    last = {answer.student_id: (answer, submission) for answer, submission in rows}
    return sorted(last.values(), key=lambda item: (item[0].received_at, item[0].id))


def _get_answer_text(context: AnswerContext) -> str:
    return str(context.submission.answers.get(context.answer.part, "")).lower()


def _match_items(rubric: Sequence[RubricItem], text: str) -> Iterator[RubricItem]:
    """Yield the rubric items with a long word that occurs in *text*."""
    for item in rubric:
        if any(word in text for word in LONG_WORD_PATTERN.findall(item.say.lower())):
            yield item
