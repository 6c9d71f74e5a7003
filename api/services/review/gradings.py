"""All gradings of an answer, with the one that counts."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import Grading
from api.schemas.grading.marks import GradingView
from api.services.enrolment.display_names import names_of
from api.services.review.locations import Found
from api.services.review.serializers import staff

__all__ = ["gradings"]


def gradings(session: Session, found: Found) -> list[GradingView]:
    """Return the gradings of an answer in order of creation."""
    rows = session.scalars(
        select(Grading)
        .where(Grading.answer_id == found.answer.id)
        .order_by(Grading.created_at, Grading.id)
    ).all()
    names = names_of(session, {row.author_id for row in rows})
    return [
        GradingView(
            id=row.id,
            kind=row.kind,  # type: ignore[arg-type]  # only three values are stored
            counts=row.id == found.answer.grading_id,
            status=row.status,
            credit=row.credit,
            score=None if row.credit is None else row.credit * found.asked.points,
            said=row.said.get("feedback", ""),
            by=staff(row.author_id, names),
            reason=row.reason,
            engine=row.engine,
            version=row.version_id,
            regrade=row.regrade_id,
            at=row.created_at,
        )
        for row in rows
    ]
