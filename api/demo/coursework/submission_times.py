"""Submission times of a student: mostly on the last day, sometimes late, sometimes none."""

from typing import Final

from api.demo.people import StudentProfile
from api.demo.seeded_random import SeededRandom
from grader.policy import Timeline
from grader.variants.random_stream import RandomStream

SECOND_MICROS: Final = 1_000_000
HOUR_MICROS: Final = 3600 * SECOND_MICROS
DAY_MICROS: Final = 24 * HOUR_MICROS
DEFAULT_DURATION_MICROS: Final = 14 * DAY_MICROS
"""Duration of an assignment without a start or an end."""
MAX_LATENESS_MICROS: Final = 3 * DAY_MICROS
"""Maximum lateness of a submission if the assignment does not close earlier."""
MAX_WORKING_MICROS: Final = 25 * 60 * SECOND_MICROS
"""Maximum time that a student works at a problem before the first submission."""
POSTPONED_PERCENT: Final = 12
"""Percentage of cases in which a student opens a problem and leaves it for later."""
MAX_PAUSE_SECONDS: Final = 40 * 60
"""Maximum seconds between two submissions."""


def draw_submission_times(
    timeline: Timeline, profile: StudentProfile, stream: RandomStream, *, count: int
) -> tuple[int, ...]:
    """Return the times of *count* submissions, in order; fewer if the time is up before.

    They are instants in microseconds at which the timeline accepts answers; empty if the student
    never submits.
    """
    rng = SeededRandom(stream)
    if count < 1 or rng.chance(profile.habits.absent):
        return ()
    opens, due, closes = _submission_window(timeline)
    instant = _choose_first_submission_time(rng, profile, (opens, due, closes))
    instants = []
    for _ in range(count):
        if instant > closes:
            break
        instants.append(instant)
        instant += rng.between(20, MAX_PAUSE_SECONDS) * SECOND_MICROS + rng.below(SECOND_MICROS)
    return tuple(instants)


def choose_opening_time(first: int, stream: RandomStream) -> int:
    """Return when a student opens a problem, given the instant of the *first* submission.

    Most start work at once; some take a look and come back hours or a day later.
    """
    rng = SeededRandom(stream)
    is_postponed = rng.chance(POSTPONED_PERCENT)
    lead_time = (
        rng.between(MAX_WORKING_MICROS, DAY_MICROS)
        if is_postponed
        else rng.between(SECOND_MICROS, MAX_WORKING_MICROS)
    )
    return first - lead_time


def _submission_window(timeline: Timeline) -> tuple[int, int, int]:
    """Return the start of submissions, the due time, and the last instant for late ones."""
    due = timeline.due if timeline.due is not None else timeline.close
    if due is None:
        due = (timeline.release or 0) + DEFAULT_DURATION_MICROS
    opens = (
        timeline.release if timeline.release is not None else max(0, due - DEFAULT_DURATION_MICROS)
    )
    last = timeline.closes_at
    closes = due + MAX_LATENESS_MICROS if last is None else min(last, due + MAX_LATENESS_MICROS)
    return min(opens, closes), min(due, closes), closes


def _choose_first_submission_time(
    rng: SeededRandom, profile: StudentProfile, window: tuple[int, int, int]
) -> int:
    """Return when a student begins; times near the due time are likelier."""
    opens, due, closes = window
    if closes > due and rng.chance(profile.habits.late):
        return rng.between(due + 1, closes)
    if rng.chance(profile.habits.early):
        return rng.between(opens, max(opens, due - DAY_MICROS))
    last_day = max(opens, due - DAY_MICROS)
    return max(rng.between(last_day, due), rng.between(last_day, due))
