"""Announcements: messages that a change in a course causes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import Assignment, RegradeRequest
from api.services.courses.active_students import select_active_students
from api.services.outbox.queue import MessageSubject, Outbox


def announce_results(
    session: Session, outbox: Outbox, assignment: Assignment, *, now: datetime
) -> None:
    """Tell the students of a course that staff released the results of an assignment.

    They are told once, even if the results are hidden and released again. Nobody is told if
    results are visible at once anyway, or if the assignment is not published.
    """
    if not outbox.is_enabled or assignment.results_released_at is None:
        return
    if assignment.results == "at_once" or assignment.published_at is None:
        return
    outbox.add(
        session,
        "results_released",
        session.scalars(select_active_students(assignment.course_id)),
        MessageSubject(course_id=assignment.course_id, assignment_id=assignment.id),
        now=now,
    )


def announce_answered_request(
    session: Session, outbox: Outbox, request_id: UUID, assignment_id: UUID, *, now: datetime
) -> None:
    """Tell a student that their request for a regrade was answered."""
    if not outbox.is_enabled:
        return
    request = session.get_one(RegradeRequest, request_id)
    assignment = session.get_one(Assignment, assignment_id)
    subject = MessageSubject(
        course_id=assignment.course_id, assignment_id=assignment_id, request_id=request_id
    )
    outbox.add(session, "request_answered", [request.student_id], subject, now=now)
