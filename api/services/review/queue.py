"""What waits for a person: the last text of each student, and whatever no machine could judge.

Test students and those who left are not in the queue. Its order is by chance, the same for every
marker, and tells nothing of who handed in when.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, not_, or_, select
from sqlalchemy.orm import Session

from api.clock import to_micros
from api.http.paging import Cursor
from api.schemas.review import PartProgress, ReviewProgress
from api.services.access import Member
from api.services.review.places import Asked, rank
from api.tables import (
    Answer,
    Assignment,
    AssignmentProblem,
    Enrolment,
    ProblemVersion,
    RegradeRequest,
    Review,
    ReviewSkip,
)
from grader.result import FREE

__all__ = [
    "Queued",
    "Shows",
    "in_queue",
    "open_requests",
    "page",
    "progress",
    "progress_of_parts",
    "queue",
]

TEXT: Final = "text"
NEVER: Final = 0

Shows: TypeAlias = Literal["all", "waiting", "marked", "mine", "flagged"]
"""What of a queue is listed; *mine* are those that the caller marked or holds."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An answer in the queue, as one marker meets it.

    *claimed_by* is who holds it now. *skipped* is when this marker passed it over, 0 for never.
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
        """What the marker's own order is by: what was passed over comes last."""
        return self.skipped, self.rank


def in_queue(assignment: Assignment, texts: Sequence[tuple[UUID, str]]) -> ColumnElement[bool]:
    """Return the condition that an answer is in the queue of *assignment*.

    *texts* are its parts whose answers are texts, as (problem, part).
    """
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
    return and_(_of_students(assignment), or_(last, and_(not_(is_text), by_person)))


def _of_students(assignment: Assignment) -> ColumnElement[bool]:
    problems = select(AssignmentProblem.id).where(
        AssignmentProblem.assignment_id == assignment.id, AssignmentProblem.removed_at.is_(None)
    )
    students = select(Enrolment.user_id).where(
        Enrolment.course_id == assignment.course_id,
        Enrolment.role == "student",
        Enrolment.is_test.is_(False),
        Enrolment.withdrawn_at.is_(None),
    )
    return and_(Answer.problem_id.in_(problems), Answer.student_id.in_(students))


def queue(session: Session, asked: Asked, *, now: datetime) -> list[Queued]:
    """Return the queue of a part in its order."""
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
    """Return the question for some columns of the answers in the queue of a part."""
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
    """Return a page of what of a queue is to be shown to *me*."""
    shown = FILTERS[shows]
    found = [one for one in queued if shown(one, me)]
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
    """Return how far the marking of an assignment is, part by part, by three queries."""
    parts = progress_of_parts(session, member, assignment, now=now)
    return ReviewProgress(
        parts=parts,
        waiting=sum(one.waiting for one in parts),
        marked=sum(one.marked for one in parts),
        requests=open_requests(session, assignment),
    )


def progress_of_parts(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> tuple[PartProgress, ...]:
    """Return how far the marking of each part is that has something to mark, by two queries."""
    problems = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.slug, ProblemVersion.parts)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id,
            AssignmentProblem.removed_at.is_(None),
        )
        .order_by(AssignmentProblem.position, AssignmentProblem.id)
    ).all()
    texts = [(row.id, one["id"]) for row in problems for one in row.parts if one["kind"] == TEXT]
    counts = _counts(session, assignment, texts, me=member.caller.id, now=now)
    return tuple(
        PartProgress(problem=row.slug, part=one["id"], kind=one["kind"], **counts[key])
        for row in problems
        for one in row.parts
        if (key := (row.id, one["id"])) in counts
    )


def _counts(
    session: Session,
    assignment: Assignment,
    texts: Sequence[tuple[UUID, str]],
    *,
    me: UUID,
    now: datetime,
) -> dict[tuple[UUID, str], dict[str, int]]:
    waits = not_(Answer.manual)
    held = and_(waits, Review.claimed_until > now)
    conditions = {
        "waiting": waits,
        "marked": Answer.manual,
        "claimed": held,
        "flagged": Review.flag != "",
        "mine": and_(Answer.manual, Review.marked_by == me),
    }
    sums = [func.sum(case((one, 1), else_=0)) for one in conditions.values()]
    rows = session.execute(
        select(Answer.problem_id, Answer.part, *sums)
        .outerjoin(Review, Review.answer_id == Answer.id)
        .where(in_queue(assignment, texts))
        .group_by(Answer.problem_id, Answer.part)
    )
    return {
        (problem, part): dict(zip(conditions, map(int, counts), strict=True))
        for problem, part, *counts in rows
    }


def open_requests(session: Session, assignment: Assignment) -> int:
    """Return how many requests for a regrade are open in an assignment."""
    found = session.scalar(
        select(func.count())
        .select_from(RegradeRequest)
        .join(Answer, Answer.id == RegradeRequest.answer_id)
        .where(RegradeRequest.status == "open", _of_students(assignment))
    )
    return found or 0
