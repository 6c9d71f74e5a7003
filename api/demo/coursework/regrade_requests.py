"""Regrade requests of the demo class for answers that the engine graded as wrong."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import Answer, RegradeRequest
from api.demo.course_fixture import DemoCourse

REQUEST_TEXTS: Final = (
    "I think that my answer is the same as the one of the lecture notes.",
    "My neighbour has the same number and got full credit.",
    "I rounded at the end only, as the exercise says. Please look again.",
    "I forgot the border, I see that now. Is there any credit for the rest?",
)
REPLY: Final = "The border is what this question is about, so the credit stays."


def create_regrade_requests(session: Session, demo: DemoCourse) -> None:
    """Create regrade requests for answers in the closed assignment; the last one has a reply."""
    _, problems = demo.assignments[0]
    wrong = session.scalars(
        select(Answer)
        .where(
            Answer.problem_id.in_([row.id for row, _ in problems]),
            Answer.status.in_(("wrong", "mistake")),
        )
        .order_by(Answer.received_at.desc(), Answer.id)
        .limit(len(REQUEST_TEXTS))
    ).all()
    for text, answer in zip(REQUEST_TEXTS, wrong, strict=False):
        is_last = text == REQUEST_TEXTS[-1]
        requested_at = answer.received_at + timedelta(hours=5)
        request = RegradeRequest(
            id=new_id(),
            answer_id=answer.id,
            student_id=answer.student_id,
            text=text,
            created_at=requested_at,
        )
        if is_last:
            request.status, request.reply = "declined", REPLY
            request.replied_by = demo.instructor.id
            request.replied_at = requested_at + timedelta(days=1)
        session.add(request)
