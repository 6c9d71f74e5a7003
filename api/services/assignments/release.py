"""Visibility of results and solutions: when a student sees verdicts, keys and worked solutions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.clock import from_micros, to_micros
from api.db.models import Assignment, Course, Enrolment
from api.services.assignments.rules import load_rules
from grader.policy import SubmissionRules


@dataclass(frozen=True, slots=True)
class Visibility:
    """Visibility: whether something is visible *now*, otherwise *since* when, if known."""

    now: bool
    since: datetime | None = None


def compute_results_visibility(
    assignment: Assignment, rules: SubmissionRules, *, now: datetime
) -> Visibility:
    """Return whether a student with these *rules* sees verdicts and credit.

    The close includes the late days that the student could still spend.
    """
    return _compute_visibility_by_rule(
        assignment.results, assignment.results_released_at, rules, now
    )


def compute_solutions_visibility(
    assignment: Assignment,
    rules: SubmissionRules,
    *,
    sharing: Iterable[SubmissionRules] = (),
    now: datetime,
) -> Visibility:
    """Return whether a student with these *rules* sees keys and worked solutions.

    Solutions stay hidden until the student's own time is over: with the rule ``after_due``, while
    an answer can still earn credit; with any other rule, while answers are accepted at all. They
    also stay hidden until the time of students with the same numbers (*sharing*) is over, who could
    learn the key.
    """
    visibility = _compute_visibility_by_rule(
        assignment.solutions, assignment.solutions_released_at, rules, now
    )
    ends = (solutions_hidden_until(assignment, one) for one in (rules, *sharing))
    last = max((end for end in ends if end is not None), default=None)
    if last is not None and now <= last:
        return Visibility(now=False, since=last)
    return visibility


def solutions_hidden_until(assignment: Assignment, rules: SubmissionRules) -> datetime | None:
    """Return the last instant at which these *rules* hide the solutions; None if there is none."""
    is_after_due = assignment.solutions == "after_due"
    return _to_datetime(
        rules.earns_credit_until if is_after_due else rules.closes_at_with_late_days
    )


def _find_awaited_end(rule: str, rules: SubmissionRules) -> datetime | None:
    """Return the end of the student's time for which *rule* waits."""
    return _to_datetime(rules.due if rule == "after_due" else rules.closes_at_with_late_days)


def _to_datetime(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _compute_visibility_by_rule(
    rule: str, released: datetime | None, rules: SubmissionRules, now: datetime
) -> Visibility:
    if released is not None and released <= now:
        return Visibility(now=True)
    match rule:
        case "at_once":
            return Visibility(now=True)
        case "after_due" | "after_close":
            end = _find_awaited_end(rule, rules)
            return Visibility(now=end is not None and end < now, since=end)
        case _:
            return Visibility(now=False, since=released)


def load_assignments_with_results(session: Session, student: UUID, *, now: datetime) -> set[UUID]:
    """Return the assignments whose results the student sees now."""
    rows = session.execute(
        select(Assignment, Course)
        .join(Course, Course.id == Assignment.course_id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(Enrolment.user_id == student, Assignment.published_at.is_not(None))
    )
    visible = set()
    for assignment, course in rows:
        rules = load_rules(session, assignment, course, [student])[student]
        results = compute_results_visibility(assignment, rules, now=now)
        if rules.is_released(to_micros(now)) and results.now:
            visible.add(assignment.id)
    return visible
