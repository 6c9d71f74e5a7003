"""Tests of timelines: when answers are accepted, and the credit that lateness leaves.

Every limit is inclusive.
"""

from fractions import Fraction

import pytest

from grader.policy import SubmissionRules, Timeline

NINE, HALF = Fraction(9, 10), Fraction(1, 2)
STEPS = ((110, NINE), (120, HALF))


@pytest.mark.parametrize(
    ("timeline", "at", "credit"),
    [
        (Timeline(), -(10**18), 1),
        (Timeline(), 10**18, 1),
        (Timeline(release=50), 0, 1),
        (Timeline(close=100), 100, 1),
        (Timeline(close=100), 101, None),
        (Timeline(due=100), 100, 1),
        (Timeline(due=100), 101, None),
        (Timeline(due=100, close=130), 101, 0),
        (Timeline(due=100, close=130), 130, 0),
        (Timeline(due=100, close=130), 131, None),
        (Timeline(due=100, close=90), 90, 1),
        (Timeline(due=100, close=90), 91, None),
        (Timeline(due=100, steps=STEPS), 99, 1),
        (Timeline(due=100, steps=STEPS), 100, 1),
        (Timeline(due=100, steps=STEPS), 101, NINE),
        (Timeline(due=100, steps=STEPS), 110, NINE),
        (Timeline(due=100, steps=STEPS), 111, HALF),
        (Timeline(due=100, steps=STEPS), 120, HALF),
        (Timeline(due=100, steps=STEPS), 121, None),
        (Timeline(due=100, steps=STEPS, close=130), 121, 0),
        (Timeline(due=100, steps=STEPS, close=130), 131, None),
        (Timeline(due=100, steps=STEPS, close=115), 115, HALF),
        (Timeline(due=100, steps=STEPS, close=115), 116, None),
        (Timeline(due=100, steps=((90, HALF), (120, NINE))), 95, 1),
        (Timeline(due=100, steps=((90, HALF), (120, NINE))), 101, NINE),
        (Timeline(due=100, steps=((110, NINE), (120, Fraction(1)))), 120, 1),
    ],
)
def test_due_time_late_steps_and_close_are_inclusive_and_practice_earns_nothing(
    timeline, at, credit
):
    assert timeline.scheduled_credit_at(at) == credit


@pytest.mark.parametrize(
    ("timeline", "closes"),
    [
        (Timeline(), None),
        (Timeline(release=5), None),
        (Timeline(close=100), 100),
        (Timeline(due=100), 100),
        (Timeline(due=100, steps=STEPS), 120),
        (Timeline(due=100, steps=((90, HALF),)), 100),
        (Timeline(due=100, steps=STEPS, close=115), 115),
        (Timeline(due=100, steps=STEPS, close=130), 130),
    ],
)
def test_timeline_closes_at_its_close_or_after_its_last_step(timeline, closes):
    assert timeline.closes_at == closes
    assert SubmissionRules((timeline,)).closes_at == closes


@pytest.mark.parametrize(
    ("timeline", "at", "released", "is_open"),
    [
        (Timeline(), 0, True, True),
        (Timeline(release=10), 9, False, False),
        (Timeline(release=10), 10, True, True),
        (Timeline(release=10, due=20), 21, True, False),
        (Timeline(release=30, due=20), 25, False, False),
        (Timeline(release=30, due=20), 15, False, False),
    ],
)
def test_timeline_is_open_from_release_to_close(timeline, at, released, is_open):
    assert (timeline.is_released(at), timeline.is_open(at)) == (released, is_open)
    rules = SubmissionRules((timeline,))
    assert (rules.is_released(at), rules.is_open(at)) == (released, is_open)


@pytest.mark.parametrize(
    "given",
    [
        {"steps": STEPS},
        {"due": 1, "steps": ((110, NINE), (110, HALF))},
        {"due": 1, "steps": ((120, NINE), (110, HALF))},
        {"due": 1, "steps": ((120, Fraction(11, 10)),)},
        {"due": 1, "steps": ((120, Fraction(-1, 10)),)},
    ],
)
def test_invalid_timeline_raises_value_error(given):
    with pytest.raises(ValueError, match="late step"):
        Timeline(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"timelines": ()},
        {"attempts": -1},
        {"cool_down": -1},
        {"by_attempt": (Fraction(1), Fraction(2))},
        {"by_attempt": (Fraction(-1),)},
    ],
)
def test_invalid_submission_rules_raise_value_error(given):
    with pytest.raises(ValueError, match=r"must|cannot"):
        SubmissionRules(**{"timelines": (Timeline(),), **given})


OWN = Timeline(release=10, due=100, steps=((110, HALF),))


@pytest.mark.parametrize(
    ("extension", "at", "late"),
    [
        (Timeline(release=10, due=120), 110, 1),
        (Timeline(release=10, due=120), 120, 1),
        (Timeline(release=10, due=120), 121, None),
        (Timeline(release=10, due=90), 100, 1),
        (Timeline(release=10, due=90, steps=((140, NINE),)), 110, NINE),
        (Timeline(release=10, due=90, steps=((140, NINE),)), 140, NINE),
        (Timeline(release=10, due=90, steps=((140, Fraction(1, 4)),)), 110, HALF),
        (Timeline(release=105, due=120), 104, HALF),
        (Timeline(release=105, due=120), 105, 1),
        (Timeline(release=5, due=20), 4, None),
        (Timeline(release=5, due=20), 5, 1),
        (Timeline(), -5, 1),
    ],
)
def test_late_credit_comes_from_the_best_open_timeline(extension, at, late):
    assert SubmissionRules((OWN, extension)).late_credit_at(at) == late
    assert SubmissionRules((extension, OWN)).late_credit_at(at) == late


@pytest.mark.parametrize(
    ("extension", "release", "due", "closes"),
    [
        (Timeline(), None, None, None),
        (Timeline(release=5, due=90), 5, 100, 110),
        (Timeline(release=50, due=120), 10, 120, 120),
        (Timeline(release=50, due=90, close=130), 10, 100, 130),
        (Timeline(release=10, close=130), 10, None, 130),
    ],
)
def test_most_generous_release_due_time_and_close_are_reported(extension, release, due, closes):
    rules = SubmissionRules((OWN, extension))
    assert (rules.release, rules.due, rules.closes_at) == (release, due, closes)


@pytest.mark.parametrize(
    ("timelines", "at", "then"),
    [
        ((Timeline(),), 0, None),
        ((OWN,), 9, 10),
        ((OWN,), 10, None),
        ((OWN, Timeline(release=200, due=300)), 150, 200),
        ((OWN, Timeline(release=200, due=300), Timeline(release=180, due=300)), 150, 180),
        ((OWN, Timeline(release=200, due=190)), 150, None),
    ],
)
def test_next_opening_is_the_next_release_of_any_timeline(timelines, at, then):
    assert SubmissionRules(timelines).next_opening_after(at) == then


@pytest.mark.parametrize(
    ("factors", "number", "factor"),
    [
        ((), 1, 1),
        ((), 99, 1),
        ((HALF,), 1, HALF),
        ((HALF,), 7, HALF),
        ((Fraction(1), NINE, HALF), 2, NINE),
        ((Fraction(1), NINE, HALF), 3, HALF),
        ((Fraction(1), NINE, HALF), 4, HALF),
    ],
)
def test_last_attempt_factor_repeats(factors, number, factor):
    assert SubmissionRules((OWN,), by_attempt=factors).attempt_factor(number) == factor


@pytest.mark.parametrize(
    ("attempts", "used", "left"), [(None, 9, None), (0, 0, 0), (3, 0, 3), (3, 3, 0), (3, 4, 0)]
)
def test_attempts_left_are_never_negative(attempts, used, left):
    assert SubmissionRules((OWN,), attempts=attempts).attempts_left(used) == left
