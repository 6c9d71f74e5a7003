"""Readiness check: what remains to do before results are released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, not_, select
from sqlalchemy.orm import Session

from api.auth.authorization import CourseMembership
from api.core.clock import from_micros, to_micros
from api.db.models import Answer, Assignment, AssignmentProblem, Course, ProblemVersion
from api.schemas.grading.regrade_requests import Readiness, Unassessed
from api.services.assignments.release import compute_results_visibility
from api.services.assignments.rules import build_base_timeline, load_distinct_rules
from api.services.review.queue import load_review_progress, load_text_parts, queued_answer_condition
from grader.policy import SubmissionRules

STILL_OPEN: Final = "The assignment is still open: more answers may arrive."


@dataclass(frozen=True, slots=True)
class _ProblemLabel:
    """A problem with its *title*; *is_single*: it has one part, which needs no name."""

    title: str
    is_single: bool

    def question_name(self, unassessed: Unassessed) -> str:
        """Return the name of the question that the answers belong to."""
        if self.is_single and not unassessed.part_title:
            return f"“{self.title}”"
        part = f"“{unassessed.part_title}”" if unassessed.part_title else unassessed.part
        return f"part {part} of “{self.title}”"


def assess_release_readiness(
    session: Session, member: CourseMembership, assignment: Assignment, *, now: datetime
) -> Readiness:
    """Return whether all answers of an assignment are graded, and what is missing.

    Call this before releasing results.
    """
    done = load_review_progress(session, member, assignment, now=now)
    left = tuple(
        Unassessed(
            problem=part.problem, part=part.part, part_title=part.part_title, waiting=part.waiting
        )
        for part in done.parts
        if part.waiting
    )
    rules = SubmissionRules((build_base_timeline(assignment, member.course),))
    visibility = compute_results_visibility(assignment, rules, now=now)
    class_rules = load_distinct_rules(session, assignment, member.course)
    is_published = assignment.published_at is not None
    is_open = is_published and any(_accepts_answers(one, now) for one in class_rules)
    labels = _load_problem_labels(session, assignment) if left else {}
    warnings = tuple(_build_warnings(left, labels, done.requests, is_open=is_open))
    return Readiness(
        ready=not left,
        unassessed=left,
        students=_count_students_in_queue(session, assignment) if left else 0,
        requests=done.requests,
        results=assignment.results,
        results_from=visibility.since,
        warnings=warnings,
    )


def reveals_verdicts_before_last_attempt(
    session: Session, assignment: Assignment, course: Course, *, now: datetime
) -> bool:
    """Return whether a release now shows verdicts to students who may answer again."""
    if assignment.published_at is None:
        return False
    return any(
        rules.attempts != 1
        and _accepts_answers(rules, now)
        and not compute_results_visibility(assignment, rules, now=now).now
        for rules in load_distinct_rules(session, assignment, course)
    )


def _accepts_answers(rules: SubmissionRules, now: datetime) -> bool:
    """Return whether students with these rules can open the assignment and may yet answer."""
    end = rules.closes_at_with_late_days
    return rules.is_released(to_micros(now)) and (end is None or from_micros(end) >= now)


def _load_problem_labels(session: Session, assignment: Assignment) -> dict[str, _ProblemLabel]:
    """Return the titles of the problems of an assignment by their slugs."""
    query = (
        select(AssignmentProblem.slug, ProblemVersion.title, ProblemVersion.parts)
        .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
        .where(
            AssignmentProblem.assignment_id == assignment.id, AssignmentProblem.removed_at.is_(None)
        )
    )
    rows = session.execute(query)
    return {row.slug: _ProblemLabel(row.title, is_single=len(row.parts) == 1) for row in rows}


def _build_warnings(
    unassessed: tuple[Unassessed, ...],
    labels: Mapping[str, _ProblemLabel],
    requests: int,
    *,
    is_open: bool,
) -> Iterator[str]:
    for part in unassessed:
        some = "1 answer" if part.waiting == 1 else f"{part.waiting} answers"
        verb = "is" if part.waiting == 1 else "are"
        yield f"{some} to {labels[part.problem].question_name(part)} {verb} not graded."
    if requests:
        some = "1 request" if requests == 1 else f"{requests} requests"
        yield f"{some} for a regrade {'is' if requests == 1 else 'are'} not answered."
    if is_open:
        yield STILL_OPEN


def _count_students_in_queue(session: Session, assignment: Assignment) -> int:
    """Return the number of students with an answer in the review queue."""
    waiting = (
        queued_answer_condition(assignment, load_text_parts(session, assignment)),
        not_(Answer.manual),
    )
    count = session.scalar(select(func.count(Answer.student_id.distinct())).where(*waiting))
    return count or 0
