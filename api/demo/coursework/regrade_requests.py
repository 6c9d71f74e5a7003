"""Regrade requests of the demo class for answers that the engine graded as wrong."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import Answer, RegradeRequest
from api.demo.course_fixture import Scenery

__all__ = ["ask_again"]

ASKED: Final = (
    "I think that my answer is the same as the one of the lecture notes.",
    "My neighbour has the same number and got full credit.",
    "I rounded at the end only, as the exercise says. Please look again.",
    "I forgot the border, I see that now. Is there any credit for the rest?",
)
REPLY: Final = "The border is what this question is about, so the credit stays."


def ask_again(session: Session, scenery: Scenery) -> None:
    """Create regrade requests for answers in the closed assignment; the last one has a reply."""
    _, posed = scenery.posed[0]
    wrong = session.scalars(
        select(Answer)
        .where(
            Answer.problem_id.in_([row.id for row, _ in posed]),
            Answer.status.in_(("wrong", "mistake")),
        )
        .order_by(Answer.received_at.desc(), Answer.id)
        .limit(len(ASKED))
    ).all()
    for text, answer in zip(ASKED, wrong, strict=False):
        last = text == ASKED[-1]
        asked = answer.received_at + timedelta(hours=5)
        request = RegradeRequest(
            id=new_id(),
            answer_id=answer.id,
            student_id=answer.student_id,
            text=text,
            created_at=asked,
        )
        if last:
            request.status, request.reply = "declined", REPLY
            request.replied_by = scenery.instructor.id
            request.replied_at = asked + timedelta(days=1)
        session.add(request)
