"""Tests of the demo's people: clearly invented, with the habits of a real class."""

from collections import Counter
from fractions import Fraction

import pytest
from factories import CALM
from hypothesis import given
from hypothesis import strategies as st

from api.demo.coursework.submission_times import draw_submission_times
from api.demo.people import (
    MAX_NAMES,
    STYLES,
    Habits,
    StudentProfile,
    generate_people,
    generate_profiles,
)
from api.demo.seeded_random import SeededRandom
from grader.policy import Timeline
from grader.variants.random_stream import RandomStream

DAY = 86_400_000_000
WEEKS = Timeline(release=100 * DAY, due=114 * DAY, close=116 * DAY)
HABITS = st.builds(
    Habits, early=st.integers(0, 100), late=st.integers(0, 100), absent=st.integers(0, 100)
)


def stream(label: object) -> RandomStream:
    return RandomStream(b"a test", str(label))


@pytest.mark.parametrize("n", [0, 1, 200, MAX_NAMES])
def test_generated_people_have_unique_names_and_addresses(n):
    found = generate_people(n, stream(n))
    assert len(found) == n
    assert len({one.name for one in found}) == n
    assert len({one.email for one in found}) == n


def test_generated_addresses_are_ascii_under_example_edu():
    for one in generate_people(MAX_NAMES, stream(0)):
        local, _, domain = one.email.partition("@")
        assert domain == "example.edu"
        assert local.isascii()
        assert local.replace(".", "").isalpha()
        assert local.islower()
        assert len(local.split(".")) == 2


def test_requesting_more_people_than_names_is_refused():
    with pytest.raises(ValueError, match=f"there are {MAX_NAMES} names, not"):
        generate_people(MAX_NAMES + 1, stream(0))


def test_same_stream_gives_the_same_class_with_varied_skills():
    found = generate_profiles(200, stream(1), mistakes=("no_bias", "rounded_up", "stride_ignored"))
    assert found == generate_profiles(
        200, stream(1), mistakes=("no_bias", "rounded_up", "stride_ignored")
    )
    skills = sorted(one.skill for one in found)
    assert skills[0] < 40
    assert 50 < skills[100] < 70
    assert skills[-1] > 80
    assert {one.habits.style for one in found} == set(STYLES)
    assert {len(one.habits.favorites) for one in found} == {0, 1, 2}


@CALM
@given(
    st.integers(1, 60),
    HABITS,
    st.integers(0, 30),
    st.integers(0, 14),
    st.integers(0, 5),
    st.booleans(),
)
def test_generated_submission_times_lie_within_the_open_period(
    count, habits, release, lasts, late, closes
):
    due = (release + lasts) * DAY
    timeline = Timeline(
        release=release * DAY,
        due=due,
        steps=((due + DAY // 2, Fraction(1, 2)),) if late else (),
        close=due + late * DAY if closes else None,
    )
    found = draw_submission_times(
        timeline, StudentProfile(50, habits), stream((count, release)), count=count
    )
    assert len(found) <= count
    assert list(found) == sorted(set(found))
    assert all(timeline.is_open(at) for at in found)


@pytest.mark.parametrize(
    "timeline", [Timeline(), Timeline(release=5 * DAY), Timeline(due=40 * DAY), Timeline(close=DAY)]
)
def test_assignment_with_an_incomplete_timeline_is_answered_too(timeline):
    found = [
        draw_submission_times(timeline, StudentProfile(50, Habits(absent=0)), stream(at), count=3)
        for at in range(20)
    ]
    assert all(found)
    assert all(at >= 0 and timeline.is_open(at) for one in found for at in one)


def when(**habits) -> Counter[str]:
    """Count when 300 students begin: earlier, on the last day, late or never."""
    found: Counter[str] = Counter()
    for at in range(300):
        times = draw_submission_times(
            WEEKS, StudentProfile(50, Habits(**habits)), stream(at), count=1
        )
        if not times:
            found["never"] += 1
        elif times[0] > WEEKS.due:
            found["late"] += 1
        else:
            found["last day" if times[0] > WEEKS.due - DAY else "earlier"] += 1
    return found


def test_most_students_submit_on_the_last_day_and_a_few_late_or_never():
    found = when()
    assert found["last day"] > found["earlier"] > found["late"] > found["never"] > 0
    assert found["last day"] > 150


@pytest.mark.parametrize(
    ("habits", "all_are"),
    [
        ({"absent": 100}, "never"),
        ({"absent": 0, "late": 100}, "late"),
        ({"absent": 0, "late": 0, "early": 100}, "earlier"),
        ({"absent": 0, "late": 0, "early": 0}, "last day"),
    ],
)
def test_habits_determine_submission_times(habits, all_are):
    assert when(**habits) == {all_are: 300}


def test_seeded_random_respects_weights_and_ranges():
    dice = SeededRandom(stream("dice"))
    found = Counter(dice.pick_weighted("abc", (1, 0, 3)) for _ in range(4000))
    assert found["b"] == 0
    assert 900 < found["a"] < 1100
    assert sorted(dice.shuffled(range(50))) == list(range(50))
    assert {dice.between(-1, 1) for _ in range(100)} == {-1, 0, 1}
    assert not any(dice.chance(0) for _ in range(100))
    assert all(dice.chance(100) for _ in range(100))
