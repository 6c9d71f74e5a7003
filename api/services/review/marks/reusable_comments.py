"""Comments that TAs gave to other answers of a part, to give them again."""

from collections import Counter
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Answer, Review
from api.services.review.review_subjects import AssignedPart

MAX_COMMENTS: Final = 5
MAX_COMMENT_LENGTH: Final = 300
"""Number of characters of a line beyond which it is too specific to give again."""


def load_reusable_comments(session: Session, part: AssignedPart) -> list[str]:
    """Return the lines of comments that students of a part read, the most frequent first."""
    comments = session.scalars(
        select(Review.comment)
        .join(Answer, Answer.id == Review.answer_id)
        .where(
            Answer.problem_id == part.assigned_problem.problem.id,
            Answer.part == part.part_id,
            Answer.manual,
            Review.comment != "",
        )
    )
    lines = Counter(
        line
        for comment in comments
        for line in dict.fromkeys(filter(None, map(str.strip, comment.splitlines())))
        if len(line) <= MAX_COMMENT_LENGTH
    )
    by_frequency = sorted(lines, key=lambda line: (-lines[line], line))
    return by_frequency[:MAX_COMMENTS]
