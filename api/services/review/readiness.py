"""What is left to do before results are released."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from api.clock import from_micros
from api.schemas.review_requests import Readiness, Unassessed
from api.services.access import Member
from api.services.release import results_shown
from api.services.review.queue import in_queue, progress, texts_of
from api.services.rules import own_timeline, rules_in_class
from api.tables import Answer, Assignment, AssignmentProblem, ProblemVersion
from grader.policy import Rules

__all__ = ["readiness"]


def readiness(
    session: Session, member: Member, assignment: Assignment, *, now: datetime
) -> Readiness:
    """Return whether all answers of an assignment are marked, and what is missing.

    Whoever releases results asks this first.
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
    titles = _titles(session, assignment) if left else {}
    warnings = tuple(_warnings(left, titles, done.requests, is_open=is_open))
    return Readiness(
        ready=not left,
        unassessed=left,
        students=_students(session, assignment) if left else 0,
        requests=done.requests,
        results=assignment.results,
        results_from=shown.since,
        warnings=warnings,
    )


def _titles(session: Session, assignment: Assignment) -> dict[str, str]:
    """Return what people call the problems of an assignment, by their names in it."""
    posed = (
        select(AssignmentProblem.slug, ProblemVersion.title)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id, AssignmentProblem.removed_at.is_(None)
        )
    )
    return {one.slug: one.title for one in session.execute(posed)}


def _warnings(
    left: tuple[Unassessed, ...], titles: Mapping[str, str], requests: int, *, is_open: bool
) -> Iterator[str]:
    for one in left:
        some = "1 answer" if one.waiting == 1 else f"{one.waiting} answers"
        verb = "is" if one.waiting == 1 else "are"
        part = f"“{one.part_title}”" if one.part_title else one.part
        yield f"{some} to part {part} of “{titles[one.problem]}” {verb} not marked."
    if requests:
        some = "1 request" if requests == 1 else f"{requests} requests"
        yield f"{some} for a regrade {'is' if requests == 1 else 'are'} not answered."
    if is_open:
        yield "The assignment is still open: more answers may come."


def _students(session: Session, assignment: Assignment) -> int:
    """Return how many students have an answer that waits."""
    waiting = in_queue(assignment, texts_of(session, assignment)), not_(Answer.manual)
    found = session.scalar(select(func.count(Answer.student_id.distinct())).where(*waiting))
    return found or 0
