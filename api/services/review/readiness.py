"""Readiness check: what remains to do before results are released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.core.clock import from_micros
from api.db.models import Answer, Assignment, AssignmentProblem, ProblemVersion
from api.schemas.grading.regrade_requests import Readiness, Unassessed
from api.services.assignments.release import results_shown
from api.services.assignments.rules import own_timeline, rules_in_class
from api.services.review.queue import in_queue, progress, texts_of
from grader.policy import Rules

__all__ = ["readiness"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A problem with its *title*; *is_single*: it has one part, which needs no name."""

    title: str
    is_single: bool

    def of(self, left: Unassessed) -> str:
        """Return the name of the question that the answers belong to."""
        if self.is_single and not left.part_title:
            return f"“{self.title}”"
        part = f"“{left.part_title}”" if left.part_title else left.part
        return f"part {part} of “{self.title}”"


def readiness(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> Readiness:
    """Return whether all answers of an assignment are graded, and what is missing.

    Call this before releasing results.
    """
    done = progress(session, member, assignment, now=now)
    left = tuple(
        Unassessed(
            problem=one.problem, part=one.part, part_title=one.part_title, waiting=one.waiting
        )
        for one in done.parts
        if one.waiting
    )
    rules = Rules((own_timeline(assignment, member.course),))
    shown = results_shown(assignment, rules, now=now)
    ends = [one.ends_at for one in rules_in_class(session, assignment, member.course)]
    is_open = any(end is None or from_micros(end) >= now for end in ends)
    places = _places(session, assignment) if left else {}
    warnings = tuple(_warnings(left, places, done.requests, is_open=is_open))
    return Readiness(
        ready=not left,
        unassessed=left,
        students=_students(session, assignment) if left else 0,
        requests=done.requests,
        results=assignment.results,
        results_from=shown.since,
        warnings=warnings,
    )


def _places(session: Session, assignment: Assignment) -> dict[str, _Place]:
    """Return the titles of the problems of an assignment by their slugs."""
    posed = (
        select(AssignmentProblem.slug, ProblemVersion.title, ProblemVersion.parts)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id, AssignmentProblem.removed_at.is_(None)
        )
    )
    found = session.execute(posed)
    return {one.slug: _Place(one.title, is_single=len(one.parts) == 1) for one in found}


def _warnings(
    left: tuple[Unassessed, ...], places: Mapping[str, _Place], requests: int, *, is_open: bool
) -> Iterator[str]:
    for one in left:
        some = "1 answer" if one.waiting == 1 else f"{one.waiting} answers"
        verb = "is" if one.waiting == 1 else "are"
        yield f"{some} to {places[one.problem].of(one)} {verb} not marked."
    if requests:
        some = "1 request" if requests == 1 else f"{requests} requests"
        yield f"{some} for a regrade {'is' if requests == 1 else 'are'} not answered."
    if is_open:
        yield "The assignment is still open: more answers may come."


def _students(session: Session, assignment: Assignment) -> int:
    """Return the number of students with an answer that waits."""
    waiting = in_queue(assignment, texts_of(session, assignment)), not_(Answer.manual)
    found = session.scalar(select(func.count(Answer.student_id.distinct())).where(*waiting))
    return found or 0
