"""Quotes of reports for staff: the passage that a student confirmed an answer from."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.db.models import ReportAnswer, Submission
from api.schemas.grading.report_quotes import ReportQuote
from api.services.review.identity_masks import NO_MASK, IdentityMask, load_identity_masks


def load_report_quotes(
    session: Session, submission: Submission, *, is_blind: bool
) -> dict[str, ReportQuote]:
    """Return the quotes of a submission by part.

    In anonymous grading they are the submitted text alone, with the student's name masked.
    Answers that were typed instead of a passage, and submissions without a report, have none.
    """
    rows = session.scalars(select(ReportAnswer).where(ReportAnswer.submission_id == submission.id))
    quoted = [row for row in rows if row.quote]
    masks = load_identity_masks(session, [submission.student_id]) if is_blind and quoted else {}
    mask = masks.get(submission.student_id, NO_MASK) if is_blind else None
    return {row.part: _build_quote(row, submission, mask) for row in quoted}


def _build_quote(
    row: ReportAnswer, submission: Submission, mask: IdentityMask | None
) -> ReportQuote:
    if mask is not None:
        # The rest of the line may have the name of the student.
        text = mask.apply(str(submission.answers[row.part]))
        return ReportQuote(text=text, location=None, report=None)
    return ReportQuote(text=row.quote, location=row.location, report=row.report_id)
