"""Review queue: the last text of each student, and every answer that the engine could not grade.

The queue omits test students, students who left, and answers with overridden points. Its order is
random and the same for every marker, so that it does not reveal when students submitted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, false, func, or_, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import to_micros
from api.db.engine import cache_in_snapshot
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    ProblemVersion,
    RegradeRequest,
    Review,
    ReviewSkip,
)
from api.http.pagination import Cursor
from api.schemas.grading.review import PartProgress, ReviewProgress
from api.services.courses.active_students import select_active_students
from api.services.review.overridden_answers import overridden_points_condition
from api.services.review.review_subjects import AssignedPart, compute_queue_rank
from grader.grading.result import FREE_STATUSES

TEXT: Final = "text"
NEVER_SKIPPED: Final = 0
QUERY_CACHE_SIZE: Final = 256
"""Number of assignments whose queue queries are cached."""
WAITING_CONDITION: Final = ~Answer.manual
COUNTED_CONDITIONS: Final = {
    "waiting": WAITING_CONDITION,
    "marked": Answer.manual,
    "claimed": and_(WAITING_CONDITION, Review.claimed_until > bindparam("now")),
    "flagged": Review.flag != "",
    "mine": and_(Answer.manual, Review.marked_by == bindparam("me")),
}
"""Conditions by which the queued answers of a part are counted."""
PROBLEMS_QUERY: Final = (
    select(AssignmentProblem.id, AssignmentProblem.slug, ProblemVersion.parts)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
"""Query for the problems of an assignment in their order."""

QueueFilter: TypeAlias = Literal["all", "waiting", "marked", "mine", "flagged"]
"""Filter of a queue; *mine* are the answers that the caller marked or holds."""


@dataclass(frozen=True, slots=True)
class QueuedAnswer:
    """An answer in the queue, from the view of one marker.

    *claimed_by* holds it now. *skipped_at_micros* is the time at which this marker skipped it, 0
    for never.
    """

    answer: UUID
    student: UUID
    rank: str
    waiting: bool
    claimed_by: UUID | None
    marked_by: UUID | None
    flagged: bool
    skipped_at_micros: int


def queued_answer_condition(
    assignment: Assignment, text_parts: Sequence[tuple[UUID, str]]
) -> ColumnElement[bool]:
    """Return the condition that an answer is in the queue of *assignment*.

    *text_parts* are the parts with text answers, as (problem, part).
    """
    return _build_queued_answer_condition(assignment.id, assignment.course_id, tuple(text_parts))


@lru_cache(maxsize=QUERY_CACHE_SIZE)
def _build_queued_answer_condition(
    assignment_id: UUID, course_id: UUID, text_parts: tuple[tuple[UUID, str], ...]
) -> ColumnElement[bool]:
    """Return the cached condition: building it takes as long as querying with it."""
    is_text = or_(
        false(),
        *(and_(Answer.problem_id == text, Answer.part == part) for text, part in text_parts),
    )
    rank = func.row_number().over(
        partition_by=(Answer.problem_id, Answer.part, Answer.student_id),
        order_by=Answer.sequence.desc(),
    )
    ranked = (
        select(Answer.id.label("id"), rank.label("place"))
        .where(is_text, Answer.status.not_in(FREE_STATUSES), Answer.repeats.is_(None))
        .subquery()
    )
    last = Answer.id.in_(select(ranked.c.id).where(ranked.c.place == 1))
    by_person = or_(Answer.status == "needs_review", Answer.manual)
    due = or_(Answer.manual, ~overridden_points_condition(assignment_id))
    return and_(
        _active_student_condition(assignment_id, course_id),
        due,
        or_(last, and_(~is_text, by_person)),
    )


def _active_student_condition(assignment_id: UUID, course_id: UUID) -> ColumnElement[bool]:
    problems = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == assignment_id, AssignmentProblem.removed_at.is_(None)
    )
    students = select_active_students(course_id)
    return and_(Answer.problem_id.in_(problems), Answer.student_id.in_(students))


def load_queue(session: Session, part: AssignedPart, *, now: datetime) -> list[QueuedAnswer]:
    """Return the queue of a part in order, cached within a read-only session."""
    key = (QueuedAnswer, part.assigned_problem.problem.id, part.part_id)
    return cache_in_snapshot(session, key, lambda: _load_queue_uncached(session, part, now=now))


def _load_queue_uncached(
    session: Session, part: AssignedPart, *, now: datetime
) -> list[QueuedAnswer]:
    me = part.assigned_problem.member.caller.id
    rows = session.execute(
        _select_queue(
            part,
            Answer.id,
            Answer.student_id,
            Answer.manual,
            Review.claimed_by,
            Review.claimed_until,
            Review.marked_by,
            Review.flag,
            ReviewSkip.at,
        )
        .outerjoin(Review, Review.answer_id == Answer.id)
        .outerjoin(ReviewSkip, and_(ReviewSkip.answer_id == Answer.id, ReviewSkip.user_id == me))
    )
    answers = [
        QueuedAnswer(
            answer=answer,
            student=student,
            rank=compute_queue_rank(part.secret, answer),
            waiting=not manual,
            claimed_by=holder if until is not None and until > now else None,
            marked_by=marker,
            flagged=bool(flag),
            skipped_at_micros=NEVER_SKIPPED if skipped is None else to_micros(skipped),
        )
        for answer, student, manual, holder, until, marker, flag, skipped in rows
    ]
    return sorted(answers, key=lambda item: item.rank)


def _select_queue(part: AssignedPart, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Return the query for *columns* of the answers in the queue of a part."""
    problem = part.assigned_problem.problem
    texts = [(problem.id, part.part_id)] if part.kind == TEXT else []
    return select(*columns).where(
        Answer.problem_id == problem.id,
        Answer.part == part.part_id,
        queued_answer_condition(part.assigned_problem.assignment, texts),
    )


def filter_queue(
    queued: Sequence[QueuedAnswer],
    queue_filter: QueueFilter,
    *,
    caller_id: UUID,
    after: Cursor | None,
    limit: int,
) -> list[QueuedAnswer]:
    """Return a page of the answers of a queue that match the filter *queue_filter* for *me*."""
    matches = [one for one in queued if QUEUE_FILTERS[queue_filter](one, caller_id)]
    if after is not None:
        matches = [match for match in matches if match.rank > str(after.value)]
    return matches[:limit]


QUEUE_FILTERS: Final[Mapping[QueueFilter, Callable[[QueuedAnswer, UUID], bool]]] = {
    "all": lambda _item, _me: True,
    "waiting": lambda item, _me: item.waiting,
    "marked": lambda item, _me: not item.waiting,
    "mine": lambda item, me: item.marked_by == me or (item.waiting and item.claimed_by == me),
    "flagged": lambda item, _me: item.flagged,
}


def load_review_progress(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> ReviewProgress:
    """Return the grading progress of an assignment, part by part, with three queries.

    The result is cached within a read-only session.
    """
    key = (ReviewProgress, assignment.id)
    return cache_in_snapshot(
        session, key, lambda: _compute_review_progress(session, member, assignment, now=now)
    )


def _compute_review_progress(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> ReviewProgress:
    parts = load_part_review_progress(session, member, assignment, now=now)
    return ReviewProgress(
        parts=parts,
        waiting=sum(part.waiting for part in parts),
        marked=sum(part.marked for part in parts),
        requests=_count_open_regrade_requests(session, assignment),
    )


def load_part_review_progress(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> tuple[PartProgress, ...]:
    """Return the grading progress of each part that has answers to grade, with two queries."""
    problems, texts = _load_problems(session, assignment), load_text_parts(session, assignment)
    counts = _count_queued_answers(session, assignment, texts, caller_id=member.caller.id, now=now)
    return tuple(
        PartProgress(
            problem=row.slug,
            part=part["id"],
            part_title=part.get("title", ""),
            kind=part["kind"],
            **counts[key],
        )
        for row in problems
        for part in row.parts
        if (key := (row.id, part["id"])) in counts
    )


def load_text_parts(session: Session, assignment: Assignment) -> list[tuple[UUID, str]]:
    """Return the parts of an assignment with text answers, as (problem, part)."""
    return [
        (row.id, part["id"])
        for row in _load_problems(session, assignment)
        for part in row.parts
        if part["kind"] == TEXT
    ]


def _load_problems(session: Session, assignment: Assignment) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return id, slug and parts of the problems of an assignment, in order."""
    key, params = (PartProgress, assignment.id), {"assignment": assignment.id}
    return cache_in_snapshot(session, key, lambda: session.execute(PROBLEMS_QUERY, params).all())


def _count_queued_answers(
    session: Session,
    assignment: Assignment,
    text_parts: Sequence[tuple[UUID, str]],
    *,
    caller_id: UUID,
    now: datetime,
) -> dict[tuple[UUID, str], dict[str, int]]:
    statement = _select_queue_counts(assignment.id, assignment.course_id, tuple(text_parts))
    return {
        (problem, part): dict(zip(COUNTED_CONDITIONS, map(int, counts), strict=True))
        for problem, part, *counts in session.execute(statement, {"me": caller_id, "now": now})
    }


@lru_cache(maxsize=QUERY_CACHE_SIZE)
def _select_queue_counts(
    assignment_id: UUID, course_id: UUID, text_parts: tuple[tuple[UUID, str], ...]
) -> Select[*tuple[Any, ...]]:
    """Return the query that counts, by part, the queued answers that meet each condition."""
    sums = [func.sum(case((condition, 1), else_=0)) for condition in COUNTED_CONDITIONS.values()]
    return (
        select(Answer.problem_id, Answer.part, *sums)
        .outerjoin(Review, Review.answer_id == Answer.id)
        .where(_build_queued_answer_condition(assignment_id, course_id, text_parts))
        .group_by(Answer.problem_id, Answer.part)
    )


def _count_open_regrade_requests(session: Session, assignment: Assignment) -> int:
    """Return the number of open regrade requests of an assignment."""
    # There are few requests and many answers, so look up the answer of each request.
    students = _active_student_condition(assignment.id, assignment.course_id)
    answer_query = select(Answer.id).where(Answer.id == RegradeRequest.answer_id, students)
    open_ = RegradeRequest.status == "open", answer_query.exists()
    return session.scalar(select(func.count()).select_from(RegradeRequest).where(*open_)) or 0
