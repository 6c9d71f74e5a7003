"""Visibility of results and solutions: when a student sees verdicts, keys and worked solutions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from api.core.clock import from_micros
from api.db.models import Assignment
from grader.policy import Rules

__all__ = ["Shown", "results_shown", "solutions_end", "solutions_shown"]


@dataclass(frozen=True, slots=True)
class Shown:
    """Visibility: whether something is visible *now*, otherwise *since* when, if known."""

    now: bool
    since: datetime | None = None


def results_shown(assignment: Assignment, rules: Rules, *, now: datetime) -> Shown:
    """Return whether a student with these *rules* sees verdicts and credit.

    The close includes the late days that the student could still spend.
    """
    return _shown(assignment.results, assignment.results_released_at, rules, now)


def solutions_shown(
    assignment: Assignment, rules: Rules, *, sharing: Iterable[Rules] = (), now: datetime
) -> Shown:
    """Return whether a student with these *rules* sees keys and worked solutions.

    Solutions stay hidden until the student's own time is over: with the rule ``after_due``, while
    an answer can still earn credit; with any other rule, while answers are accepted at all. They
    also stay hidden until the time of students with the same numbers (*sharing*) is over, who could
    learn the key.
    """
    shown = _shown(assignment.solutions, assignment.solutions_released_at, rules, now)
    ends = (solutions_end(assignment, one) for one in (rules, *sharing))
    last = max((end for end in ends if end is not None), default=None)
    if last is not None and now <= last:
        return Shown(now=False, since=last)
    return shown


def solutions_end(assignment: Assignment, rules: Rules) -> datetime | None:
    """Return the last instant at which these *rules* hide the solutions; None if there is none."""
    is_after_due = assignment.solutions == "after_due"
    return _instant(rules.pays_until if is_after_due else rules.ends_at)


def _ends(rule: str, rules: Rules) -> datetime | None:
    """Return the end of the student's time for which *rule* waits."""
    return _instant(rules.due if rule == "after_due" else rules.ends_at)


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _shown(rule: str, released: datetime | None, rules: Rules, now: datetime) -> Shown:
    if released is not None and released <= now:
        return Shown(now=True)
    match rule:
        case "at_once":
            return Shown(now=True)
        case "after_due" | "after_close":
            end = _ends(rule, rules)
            return Shown(now=end is not None and end < now, since=end)
        case _:
            return Shown(now=False, since=released)
