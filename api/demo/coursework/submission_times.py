"""Submission times of a student: mostly on the last day, sometimes late, sometimes none."""

from typing import Final

from api.demo.people import Classmate
from api.demo.seeded_random import Dice
from grader.policy import Timeline
from grader.variants.draw import Stream

__all__ = ["moments", "opening"]

SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
DAY: Final = 24 * HOUR
USUAL: Final = 14 * DAY
"""How long an assignment lasts that does not say from when, or until when."""
LATEST: Final = 3 * DAY
"""How late anybody is where nothing closes earlier."""
LONGEST_THOUGHT: Final = 25 * 60 * SECOND
"""The longest that a student works at a problem before anything is sent."""
SLOW: Final = 12
"""How many of a hundred open a problem and leave it for later."""
LONGEST_PAUSE: Final = 40 * 60
"""The longest that a student thinks between two submissions, in seconds."""


def moments(
    timeline: Timeline, classmate: Classmate, stream: Stream, *, count: int
) -> tuple[int, ...]:
    """Return the times of *count* submissions, in order; fewer if the time is up before.

    They are instants in microseconds at which the timeline accepts answers; empty if the student
    never submits.
    """
    dice = Dice(stream)
    if count < 1 or dice.chance(classmate.habits.absent):
        return ()
    opens, due, closes = _span(timeline)
    at = _first(dice, classmate, (opens, due, closes))
    found = []
    for _ in range(count):
        if at > closes:
            break
        found.append(at)
        at += dice.between(20, LONGEST_PAUSE) * SECOND + dice.below(SECOND)
    return tuple(found)


def opening(first: int, stream: Stream) -> int:
    """Return when a student opens a problem, given the instant of the *first* submission.

    Most start work at once; some take a look and come back hours or a day later.
    """
    dice = Dice(stream)
    slow = dice.chance(SLOW)
    before = dice.between(LONGEST_THOUGHT, DAY) if slow else dice.between(SECOND, LONGEST_THOUGHT)
    return first - before


def _span(timeline: Timeline) -> tuple[int, int, int]:
    """Return the start of submissions, the due time, and the last instant for late ones."""
    due = timeline.due if timeline.due is not None else timeline.close
    if due is None:
        due = (timeline.release or 0) + USUAL
    opens = timeline.release if timeline.release is not None else max(0, due - USUAL)
    last = timeline.closes_at
    closes = due + LATEST if last is None else min(last, due + LATEST)
    return min(opens, closes), min(due, closes), closes


def _first(dice: Dice, classmate: Classmate, span: tuple[int, int, int]) -> int:
    """Return when a student begins; times near the due time are likelier."""
    opens, due, closes = span
    if closes > due and dice.chance(classmate.habits.late):
        return dice.between(due + 1, closes)
    if dice.chance(classmate.habits.early):
        return dice.between(opens, max(opens, due - DAY))
    last_day = max(opens, due - DAY)
    return max(dice.between(last_day, due), dice.between(last_day, due))
