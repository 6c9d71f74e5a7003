"""Quotes of reports for staff: the passage that a student confirmed an answer from."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import ReportAnswer, Submission
from api.schemas.grading.report_quotes import ReportQuote


def load_report_quotes(
    session: Session, submission: Submission, *, is_blind: bool
) -> dict[str, ReportQuote]:
    """Return the quotes of a submission by part; in anonymous grading the submitted text alone.

    Answers that were typed instead of a passage, and submissions without a report, have none.
    """
    rows = session.scalars(select(ReportAnswer).where(ReportAnswer.submission_id == submission.id))
    return {row.part: _build_quote(row, submission, is_blind=is_blind) for row in rows if row.quote}


def _build_quote(row: ReportAnswer, submission: Submission, *, is_blind: bool) -> ReportQuote:
    if is_blind:
        # The rest of the line may have the name of the student.
        return ReportQuote(text=str(submission.answers[row.part]), location=None, report=None)
    return ReportQuote(text=row.quote, location=row.location, report=row.report_id)
