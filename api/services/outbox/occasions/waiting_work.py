"""Work that waits for the staff of a course: answers to grade, and regrade requests to answer."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.db.models import Answer, Assignment, AssignmentProblem, Grade, RegradeRequest, Submission


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """Number of *works* (a student in an assignment) to grade, and of open *requests*."""

    works: int
    requests: int

    @property
    def total(self) -> int:
        """All that waits."""
        return self.works + self.requests


def count_waiting_work(session: Session, course_id: UUID) -> WaitingWork:
    """Return what waits for the staff of a course."""
    works = session.scalar(
        select(func.count())
        .select_from(Grade)
        .join(Assignment, Assignment.id == Grade.assignment_id)
        .where(Assignment.course_id == course_id, Assignment.deleted_at.is_(None), Grade.waiting)
    )
    requests = session.scalar(
        select(func.count())
        .select_from(RegradeRequest)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .where(
            RegradeRequest.status == "open",
            Assignment.course_id == course_id,
            Assignment.deleted_at.is_(None),
        )
    )
    return WaitingWork(works or 0, requests or 0)
