"""Regrade requests of students: when they are allowed, and the student's own list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import Caller
from api.auth.roles import permitted
from api.core.clock import from_micros
from api.core.errors import Conflict, Forbidden, NotFound, NotReleased
from api.core.ids import new_id
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Course,
    Enrolment,
    Grade,
    Grading,
    RegradeRequest,
)
from api.http.pagination import Cursor, keyset
from api.schemas.grading.regrade_requests import OwnRequest
from api.services.assignments import timeline
from api.services.assignments.release import Shown, results_shown
from api.services.assignments.rules import rules_for
from api.services.review.locations import Found, own_rules, reach_answer

__all__ = ["ask", "own_requests"]

_Columns: TypeAlias = tuple[RegradeRequest, Answer, AssignmentProblem, Assignment, Course]

NO_PART = "There is no such submission, or it has no such part."


def ask(
    session: Session, caller: Caller, submission: UUID, part: str, text: str, *, now: datetime
) -> OwnRequest:
    """Store a student's request about one of their own answers.

    Raises `NotFound` for any other answer, `NotReleased` before results are shown, and `Conflict`
    if a request is open, the window is over or the limit is reached.
    """
    found = _own(session, caller, submission, part, now=now)
    _check_one_open(session, found)
    _check_limit(session, found)
    row = RegradeRequest(
        id=new_id(),
        answer_id=found.answer.id,
        student_id=found.member.student_id,
        text=text,
        status="open",
        reply="",
        created_at=now,
        version=1,
    )
    session.add(row)
    posed = found.asked.posed
    return _told(row, found.answer, posed.problem, posed.assignment, Shown(now=True))


def _own(session: Session, caller: Caller, submission: UUID, part: str, *, now: datetime) -> Found:
    """Return the answer, after checking that the student may request a regrade of it now."""
    answer = session.scalar(
        select(Answer.id).where(Answer.submission_id == submission, Answer.part == part)
    )
    if answer is None:
        raise NotFound(NO_PART)
    try:
        found = reach_answer(session, caller, answer)
        rules = own_rules(session, found, now=now)
    except NotFound as error:
        raise NotFound(NO_PART) from error
    found.member.need("request_regrade")
    shown = results_shown(found.asked.posed.assignment, rules, now=now)
    if not shown.now:
        raise NotReleased("Results are not shown yet, so there is none to ask about.")
    _check_window(session, found, shown, now=now)
    return found


def _check_window(session: Session, found: Found, shown: Shown, *, now: datetime) -> None:
    """Raise `Conflict` before the answer is graded, and after the days for requests.

    The days start when the student can see this result, and follow the course's calendar.
    """
    assignment = found.asked.posed.assignment
    if found.answer.credit is None:
        raise Conflict("This answer is not marked yet; ask when it is.")
    if assignment.regrade_days is None:
        return
    since = session.get_one(Grading, found.answer.grading_id).created_at
    shown_from = [one for one in (assignment.results_released_at, shown.since) if one is not None]
    if shown_from:
        since = max(since, min(shown_from))
    where = timeline.zone(found.member.course.zone)
    wall = since.astimezone(where).replace(tzinfo=None, fold=0)
    end = from_micros(timeline.moment(wall + timedelta(days=assignment.regrade_days), where))
    if now > end:
        raise Conflict(
            f"The time to ask about this answer ended on {timeline.absolute(end, where)}.",
            code="requests_closed",
        )


def _check_one_open(session: Session, found: Found) -> None:
    # Of two concurrent requests by a student, the second waits here for the first.
    session.execute(
        select(Grade.student_id)
        .where(
            Grade.assignment_id == found.asked.posed.assignment.id,
            Grade.student_id == found.member.student_id,
        )
        .with_for_update()
    ).all()
    there = session.scalar(
        select(RegradeRequest.id).where(
            RegradeRequest.answer_id == found.answer.id, RegradeRequest.status == "open"
        )
    )
    if there is not None:
        raise Conflict("You have asked about this answer already; the request is open.")


def _check_limit(session: Session, found: Found) -> None:
    assignment = found.asked.posed.assignment
    if assignment.regrade_limit is None:
        return
    made = session.scalar(
        select(func.count())
        .select_from(RegradeRequest)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            RegradeRequest.student_id == found.member.student_id,
        )
    )
    if (made or 0) >= assignment.regrade_limit:
        raise Conflict(
            f"No more requests can be made in this assignment: {assignment.regrade_limit} are "
            "allowed.",
            code="requests_closed",
        )


def own_requests(
    session: Session, caller: Caller, *, after: Cursor | None, limit: int, now: datetime
) -> list[OwnRequest]:
    """Return the caller's own requests in all courses, latest first.

    Raises `Forbidden` if the token may not read.
    """
    if not permitted("student", "see_own_work", scopes=caller.scopes):
        raise Forbidden("This needs a token that may read.")
    rows = (
        select(RegradeRequest, Answer, AssignmentProblem, Assignment, Course)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(
            Enrolment,
            (Enrolment.course_id == Course.id) & (Enrolment.user_id == RegradeRequest.student_id),
        )
        .where(
            RegradeRequest.student_id == caller.id,
            Enrolment.withdrawn_at.is_(None),
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
        )
    )
    if caller.only_course is not None:
        rows = rows.where(Course.id == caller.only_course)
    page = keyset(
        rows, RegradeRequest.created_at, RegradeRequest.id, after=after, order="descending"
    )
    return _shown(session, caller, session.execute(page.limit(limit)).all(), now)


def _shown(
    session: Session, caller: Caller, found: Sequence[Row[*_Columns]], now: datetime
) -> list[OwnRequest]:
    told, shown = [], {}
    for row, answer, problem, assignment, course in found:
        if assignment.id not in shown:
            rules = rules_for(session, assignment, course, [caller.id])[caller.id]
            shown[assignment.id] = results_shown(assignment, rules, now=now)
        told.append(_told(row, answer, problem, assignment, shown[assignment.id]))
    return told


def _told(
    row: RegradeRequest,
    answer: Answer,
    problem: AssignmentProblem,
    assignment: Assignment,
    shown: Shown,
) -> OwnRequest:
    return OwnRequest(
        id=row.id,
        course=assignment.course_id,
        assignment=assignment.id,
        problem=problem.slug,
        part=answer.part,
        submission=answer.submission_id,
        answer=answer.id,
        text=row.text,
        status=row.status,  # type: ignore[arg-type]  # only three values are stored
        reply=row.reply,
        created_at=row.created_at,
        replied_at=row.replied_at,
        credit=answer.credit if shown.now else None,
    )
