"""All gradings of an answer, with the one that counts."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Grading
from api.schemas.grading.marks import GradingView
from api.services.enrolment.display_names import load_display_names
from api.services.review.review_subjects import AnswerContext
from api.services.review.serializers import serialize_staff


def load_gradings(session: Session, context: AnswerContext) -> list[GradingView]:
    """Return the gradings of an answer in order of creation."""
    rows = session.scalars(
        select(Grading)
        .where(Grading.answer_id == context.answer.id)
        .order_by(Grading.created_at, Grading.id)
    ).all()
    names = load_display_names(session, {row.author_id for row in rows})
    return [
        GradingView(
            id=row.id,
            kind=row.kind,  # type: ignore[arg-type]  # only three values are stored
            counts=row.id == context.answer.grading_id,
            status=row.status,
            credit=row.credit,
            score=None if row.credit is None else row.credit * context.part.points,
            feedback=row.said.get("feedback", ""),
            by=serialize_staff(row.author_id, names),
            reason=row.reason,
            engine=row.engine,
            version=row.version_id,
            regrade=row.regrade_id,
            at=row.created_at,
        )
        for row in rows
    ]
