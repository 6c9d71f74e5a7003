"""Quotes of reports for staff: the passage that a student confirmed an answer from."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import ReportAnswer
from api.schemas.grading.report_quotes import ReportQuote


def load_report_quotes(
    session: Session, submission: UUID, *, is_blind: bool
) -> dict[str, ReportQuote]:
    """Return the quotes of a submission by part; in anonymous grading the passage alone.

    Answers that were typed instead of a passage, and submissions without a report, have none.
    """
    rows = session.scalars(select(ReportAnswer).where(ReportAnswer.submission_id == submission))
    return {
        row.part: ReportQuote(
            text=row.quote,
            location=None if is_blind else row.location,
            report=None if is_blind else row.report_id,
        )
        for row in rows
        if row.quote
    }
