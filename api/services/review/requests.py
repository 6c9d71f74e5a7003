"""Regrade requests of students: when they are allowed, and the student's own list."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.auth.principal import Principal
from api.auth.roles import is_permitted
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
from api.http.pagination import Cursor, apply_keyset
from api.schemas.grading.regrade_requests import OwnRequest
from api.services.assignments import timeline
from api.services.assignments.release import Visibility, compute_results_visibility
from api.services.assignments.rules import load_rules
from api.services.courses.time_zones import get_zone
from api.services.review.review_subjects import (
    AnswerContext,
    load_answer_unchecked,
    load_own_answer_rules,
)

_OwnRequestColumns: TypeAlias = tuple[RegradeRequest, Answer, AssignmentProblem, Assignment, Course]

PART_NOT_FOUND_MESSAGE = "There is no such submission, or it has no such part."


def create_regrade_request(
    session: Session, caller: Principal, submission: UUID, part: str, text: str, *, now: datetime
) -> OwnRequest:
    """Store a student's request about one of their own answers.

    Raises `NotFound` for any other answer, `NotReleased` before results are shown, and `Conflict`
    if a request is open, the window is over or the limit is reached.
    """
    context = _load_regradable_answer(session, caller, submission, part, now=now)
    _lock_and_check_no_open_request(session, context)
    _check_request_limit(session, context)
    row = RegradeRequest(
        id=new_id(),
        answer_id=context.answer.id,
        student_id=context.member.student_id,
        text=text,
        status="open",
        reply="",
        created_at=now,
        version=1,
    )
    session.add(row)
    assigned_problem = context.part.assigned_problem
    return _serialize_request(
        row,
        context.answer,
        assigned_problem.problem,
        assigned_problem.assignment,
        Visibility(now=True),
    )


def _load_regradable_answer(
    session: Session, caller: Principal, submission: UUID, part: str, *, now: datetime
) -> AnswerContext:
    """Return the answer, after checking that the student may request a regrade of it now."""
    answer = session.scalar(
        select(Answer.id).where(Answer.submission_id == submission, Answer.part == part)
    )
    if answer is None:
        raise NotFound(PART_NOT_FOUND_MESSAGE)
    try:
        context = load_answer_unchecked(session, caller, answer)
        rules = load_own_answer_rules(session, context, now=now)
    except NotFound as error:
        raise NotFound(PART_NOT_FOUND_MESSAGE) from error
    context.member.require("request_regrade")
    visibility = compute_results_visibility(
        context.part.assigned_problem.assignment, rules, now=now
    )
    if not visibility.now:
        raise NotReleased("Results are not released yet.")
    _check_request_window(session, context, visibility, now=now)
    return context


def _check_request_window(
    session: Session, context: AnswerContext, visibility: Visibility, *, now: datetime
) -> None:
    """Raise `Conflict` before the answer is graded, and after the days for requests.

    The days start when the student can see this result, and follow the course's calendar.
    """
    if context.answer.credit is None:
        raise Conflict("This answer is not graded yet.")
    assignment, course = context.part.assigned_problem.assignment, context.member.course
    graded_at = session.get_one(Grading, context.answer.grading_id).created_at
    end = _compute_window_end(assignment, course, visibility, graded_at)
    if end is not None and now > end:
        ended = timeline.format_absolute(end, get_zone(course.zone))
        raise Conflict(
            f"The regrade window for this answer ended on {ended}.", code="requests_closed"
        )


def _compute_window_end(
    assignment: Assignment, course: Course, visibility: Visibility, graded_at: datetime
) -> datetime | None:
    """Return the end of the regrade window of an answer, or None if it does not end."""
    if assignment.regrade_days is None:
        return None
    since = graded_at
    shown_from = [
        one for one in (assignment.results_released_at, visibility.since) if one is not None
    ]
    if shown_from:
        since = max(since, min(shown_from))
    where = get_zone(course.zone)
    wall = since.astimezone(where).replace(tzinfo=None, fold=0)
    return from_micros(
        timeline.local_to_microseconds(wall + timedelta(days=assignment.regrade_days), where)
    )


def find_regradable_answers(
    session: Session,
    member: CourseMembership,
    assignment: Assignment,
    answers: Collection[UUID],
    *,
    visibility: Visibility,
    now: datetime,
) -> frozenset[UUID]:
    """Return which of a student's own answers they may request a regrade of now."""
    if not answers or not visibility.now or member.viewing:
        return frozenset()
    if _is_request_limit_reached(session, assignment, member.student_id):
        return frozenset()
    open_request = select(RegradeRequest.id).where(
        RegradeRequest.answer_id == Answer.id, RegradeRequest.status == "open"
    )
    rows = session.execute(
        select(Answer.id, Grading.created_at)
        .join(Grading, Grading.id == Answer.grading_id)
        .where(Answer.id.in_(answers), Answer.credit.is_not(None), ~open_request.exists())
    )
    ends = {
        answer: _compute_window_end(assignment, member.course, visibility, graded_at)
        for answer, graded_at in rows
    }
    return frozenset(answer for answer, end in ends.items() if end is None or now <= end)


def _lock_and_check_no_open_request(session: Session, context: AnswerContext) -> None:
    # Of two concurrent requests by a student, the second waits here for the first.
    session.execute(
        select(Grade.student_id)
        .where(
            Grade.assignment_id == context.part.assigned_problem.assignment.id,
            Grade.student_id == context.member.student_id,
        )
        .with_for_update()
    ).all()
    open_request = session.scalar(
        select(RegradeRequest.id).where(
            RegradeRequest.answer_id == context.answer.id, RegradeRequest.status == "open"
        )
    )
    if open_request is not None:
        raise Conflict("You already have an open request about this answer.")


def _check_request_limit(session: Session, context: AnswerContext) -> None:
    assignment = context.part.assigned_problem.assignment
    if _is_request_limit_reached(session, assignment, context.member.student_id):
        raise Conflict(
            f"You cannot make more requests in this assignment: {assignment.regrade_limit} are "
            "allowed.",
            code="requests_closed",
        )


def _is_request_limit_reached(session: Session, assignment: Assignment, student: UUID) -> bool:
    if assignment.regrade_limit is None:
        return False
    request_count = session.scalar(
        select(func.count())
        .select_from(RegradeRequest)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .join(AssignmentProblem, AssignmentProblem.id == Answer.problem_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            RegradeRequest.student_id == student,
        )
    )
    return (request_count or 0) >= assignment.regrade_limit


def list_own_regrade_requests(
    session: Session, caller: Principal, *, after: Cursor | None, limit: int, now: datetime
) -> list[OwnRequest]:
    """Return the caller's own requests in all courses, latest first.

    Raises `Forbidden` if the token may not read.
    """
    if not is_permitted("student", "see_own_work", scopes=caller.scopes):
        raise Forbidden("This requires a token with the scope `read`.")
    query = (
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
        query = query.where(Course.id == caller.only_course)
    page = apply_keyset(
        query, RegradeRequest.created_at, RegradeRequest.id, after=after, order="descending"
    )
    return _serialize_requests(session, caller, session.execute(page.limit(limit)).all(), now)


def _serialize_requests(
    session: Session, caller: Principal, rows: Sequence[Row[*_OwnRequestColumns]], now: datetime
) -> list[OwnRequest]:
    requests, visibilities = [], {}
    for row, answer, problem, assignment, course in rows:
        if assignment.id not in visibilities:
            rules = load_rules(session, assignment, course, [caller.id])[caller.id]
            visibilities[assignment.id] = compute_results_visibility(assignment, rules, now=now)
        requests.append(
            _serialize_request(row, answer, problem, assignment, visibilities[assignment.id])
        )
    return requests


def _serialize_request(
    row: RegradeRequest,
    answer: Answer,
    problem: AssignmentProblem,
    assignment: Assignment,
    visibility: Visibility,
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
        credit=answer.credit if visibility.now else None,
    )
