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

from api.auth.authorization import Member
from api.core.clock import to_micros
from api.db.engine import once
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
from api.services.courses.active_students import students_who_count
from api.services.review.locations import Asked, rank
from api.services.review.overridden_answers import has_points_by_hand
from grader.grading.result import FREE

__all__ = [
    "Queued",
    "Shows",
    "in_queue",
    "page",
    "progress",
    "progress_of_parts",
    "queue",
    "texts_of",
]

TEXT: Final = "text"
NEVER: Final = 0
KEPT: Final = 256
"""So many assignments keep what asks for their queues."""
WAITS: Final = ~Answer.manual
CONDITIONS: Final = {
    "waiting": WAITS,
    "marked": Answer.manual,
    "claimed": and_(WAITS, Review.claimed_until > bindparam("now")),
    "flagged": Review.flag != "",
    "mine": and_(Answer.manual, Review.marked_by == bindparam("me")),
}
"""What is counted of a part."""
POSED: Final = (
    select(AssignmentProblem.id, AssignmentProblem.slug, ProblemVersion.parts)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
"""The problems of an assignment in their order."""

Shows: TypeAlias = Literal["all", "waiting", "marked", "mine", "flagged"]
"""What of a queue is listed; *mine* are those that the caller marked or holds."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An answer in the queue, from the view of one marker.

    *claimed_by* holds it now. *skipped* is the time at which this marker skipped it, 0 for never.
    """

    answer: UUID
    student: UUID
    rank: str
    waiting: bool
    claimed_by: UUID | None
    marked_by: UUID | None
    flagged: bool
    skipped: int

    @property
    def turn(self) -> tuple[int, str]:
        """Sort key for this marker: skipped answers come last."""
        return self.skipped, self.rank


def in_queue(assignment: Assignment, texts: Sequence[tuple[UUID, str]]) -> ColumnElement[bool]:
    """Return the condition that an answer is in the queue of *assignment*.

    *texts* are the parts with text answers, as (problem, part).
    """
    return _in_queue(assignment.id, assignment.course_id, tuple(texts))


@lru_cache(maxsize=KEPT)
def _in_queue(
    assignment_id: UUID, course_id: UUID, texts: tuple[tuple[UUID, str], ...]
) -> ColumnElement[bool]:
    """Return the cached condition: building it takes as long as querying with it."""
    is_text = or_(
        false(), *(and_(Answer.problem_id == one, Answer.part == part) for one, part in texts)
    )
    place = func.row_number().over(
        partition_by=(Answer.problem_id, Answer.part, Answer.student_id),
        order_by=Answer.sequence.desc(),
    )
    ranked = (
        select(Answer.id.label("id"), place.label("place"))
        .where(is_text, Answer.status.not_in(FREE), Answer.repeats.is_(None))
        .subquery()
    )
    last = Answer.id.in_(select(ranked.c.id).where(ranked.c.place == 1))
    by_person = or_(Answer.status == "needs_review", Answer.manual)
    due = or_(Answer.manual, ~has_points_by_hand(assignment_id))
    return and_(_of_students(assignment_id, course_id), due, or_(last, and_(~is_text, by_person)))


def _of_students(assignment_id: UUID, course_id: UUID) -> ColumnElement[bool]:
    problems = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == assignment_id, AssignmentProblem.removed_at.is_(None)
    )
    students = students_who_count(course_id)
    return and_(Answer.problem_id.in_(problems), Answer.student_id.in_(students))


def queue(session: Session, asked: Asked, *, now: datetime) -> list[Queued]:
    """Return the queue of a part in order, cached within a read-only session."""
    key = (Queued, asked.posed.problem.id, asked.part)
    return once(session, key, lambda: _queue(session, asked, now=now))


def _queue(session: Session, asked: Asked, *, now: datetime) -> list[Queued]:
    me = asked.posed.member.caller.id
    rows = session.execute(
        _listed(
            asked,
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
    found = [
        Queued(
            answer=answer,
            student=student,
            rank=rank(asked.secret, answer),
            waiting=not manual,
            claimed_by=holder if until is not None and until > now else None,
            marked_by=marker,
            flagged=bool(flag),
            skipped=NEVER if skipped is None else to_micros(skipped),
        )
        for answer, student, manual, holder, until, marker, flag, skipped in rows
    ]
    return sorted(found, key=lambda one: one.rank)


def _listed(asked: Asked, *columns: Any) -> Select[*tuple[Any, ...]]:
    """Return the query for *columns* of the answers in the queue of a part."""
    problem = asked.posed.problem
    texts = [(problem.id, asked.part)] if asked.kind == TEXT else []
    return select(*columns).where(
        Answer.problem_id == problem.id,
        Answer.part == asked.part,
        in_queue(asked.posed.assignment, texts),
    )


def page(
    queued: Sequence[Queued], shows: Shows, *, me: UUID, after: Cursor | None, limit: int
) -> list[Queued]:
    """Return a page of the answers of a queue that match the filter *shows* for *me*."""
    found = [one for one in queued if FILTERS[shows](one, me)]
    if after is not None:
        found = [one for one in found if one.rank > str(after.value)]
    return found[:limit]


FILTERS: Final[Mapping[Shows, Callable[[Queued, UUID], bool]]] = {
    "all": lambda _one, _me: True,
    "waiting": lambda one, _me: one.waiting,
    "marked": lambda one, _me: not one.waiting,
    "mine": lambda one, me: one.marked_by == me or (one.waiting and one.claimed_by == me),
    "flagged": lambda one, _me: one.flagged,
}


def progress(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> ReviewProgress:
    """Return the grading progress of an assignment, part by part, with three queries.

    The result is cached within a read-only session.
    """
    key = (ReviewProgress, assignment.id)
    return once(session, key, lambda: _progress(session, member, assignment, now=now))


def _progress(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> ReviewProgress:
    parts = progress_of_parts(session, member, assignment, now=now)
    return ReviewProgress(
        parts=parts,
        waiting=sum(one.waiting for one in parts),
        marked=sum(one.marked for one in parts),
        requests=_open_requests(session, assignment),
    )


def progress_of_parts(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> tuple[PartProgress, ...]:
    """Return the grading progress of each part that has answers to grade, with two queries."""
    problems, texts = _posed(session, assignment), texts_of(session, assignment)
    counts = _counts(session, assignment, texts, me=member.caller.id, now=now)
    return tuple(
        PartProgress(
            problem=row.slug,
            part=one["id"],
            part_title=one.get("title", ""),
            kind=one["kind"],
            **counts[key],
        )
        for row in problems
        for one in row.parts
        if (key := (row.id, one["id"])) in counts
    )


def texts_of(session: Session, assignment: Assignment) -> list[tuple[UUID, str]]:
    """Return the parts of an assignment with text answers, as (problem, part)."""
    return [
        (row.id, one["id"])
        for row in _posed(session, assignment)
        for one in row.parts
        if one["kind"] == TEXT
    ]


def _posed(session: Session, assignment: Assignment) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return id, slug and parts of the problems of an assignment, in order."""
    key, told = (PartProgress, assignment.id), {"assignment": assignment.id}
    return once(session, key, lambda: session.execute(POSED, told).all())


def _counts(
    session: Session,
    assignment: Assignment,
    texts: Sequence[tuple[UUID, str]],
    *,
    me: UUID,
    now: datetime,
) -> dict[tuple[UUID, str], dict[str, int]]:
    statement = _counting(assignment.id, assignment.course_id, tuple(texts))
    return {
        (problem, part): dict(zip(CONDITIONS, map(int, counts), strict=True))
        for problem, part, *counts in session.execute(statement, {"me": me, "now": now})
    }


@lru_cache(maxsize=KEPT)
def _counting(
    assignment_id: UUID, course_id: UUID, texts: tuple[tuple[UUID, str], ...]
) -> Select[*tuple[Any, ...]]:
    """Return the query that counts, by part, the queued answers that meet each condition."""
    sums = [func.sum(case((one, 1), else_=0)) for one in CONDITIONS.values()]
    return (
        select(Answer.problem_id, Answer.part, *sums)
        .outerjoin(Review, Review.answer_id == Answer.id)
        .where(_in_queue(assignment_id, course_id, texts))
        .group_by(Answer.problem_id, Answer.part)
    )


def _open_requests(session: Session, assignment: Assignment) -> int:
    """Return the number of open regrade requests of an assignment."""
    # There are few requests and many answers, so look up the answer of each request.
    students = _of_students(assignment.id, assignment.course_id)
    own = select(Answer.id).where(Answer.id == RegradeRequest.answer_id, students)
    open_ = RegradeRequest.status == "open", own.exists()
    return session.scalar(select(func.count()).select_from(RegradeRequest).where(*open_)) or 0
