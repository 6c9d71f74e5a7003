"""Tests of the timeline drawing: ordered, to scale, and without overlaps."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest

from api.pages.staff.assignments.timeline_chart import (
    MIN_LABEL_DISTANCE,
    WIDTHS,
    draw_timelines,
    list_timeline_marks,
)
from api.schemas.student.assignments import Moment, Stage, Times

DUE = datetime(2026, 11, 10, tzinfo=UTC)


def at(**after) -> Moment:
    when = DUE + timedelta(**after)
    return Moment(at=when, text=f"{when:%d %b}", relative="")


def times(*stages, release=None, closes=None) -> Times:
    """Return times with one late stage per (days after due, credit) pair."""
    found = [Stage(until=at(), credit=Fraction(1))]
    found += [Stage(until=at(days=days), credit=Fraction(credit)) for days, credit in stages]
    end = closes or found[-1].until
    return Times(
        release=release,
        due=at(),
        closes=end,
        stages=found,
        state="open",
        credit_now=None,
        late_days_until=None,
    )


CASES = {
    "due alone": times(),
    "late, without a release": times((1, "9/10"), (3, "1/2")),
    "all": times((1, "9/10"), (3, "1/2"), release=at(days=-9)),
    "steps of minutes": times((0.001, "9/10"), (0.002, 0), release=at(days=-90)),
}


@pytest.mark.parametrize("told", CASES.values(), ids=CASES)
def test_timeline_steps_are_contiguous_and_scaled_by_credit(told):
    for one in draw_timelines(told, DUE):
        assert one.width == WIDTHS[one.size]
        ends = [(step.x, step.x + step.width) for step in one.steps]
        for (_, end), (start, _) in pairwise(ends):
            assert abs(end - start) < 0.2
        assert all(0 <= start <= end <= one.width for start, end in ends)
        top = max(step.height for step in one.steps)
        assert [round(step.height / top, 2) for step in one.steps] == [
            round(float(step.credit), 2) for step in one.steps
        ]


@pytest.mark.parametrize("told", CASES.values(), ids=CASES)
def test_timeline_labels_do_not_overlap_or_touch_borders(told):
    for one in draw_timelines(told, DUE):
        places = [label for _, _, label in one.marks]
        assert all(two - first >= MIN_LABEL_DISTANCE - 0.1 for first, two in pairwise(places))
        assert min(places) >= 10
        assert max(places) <= one.width - 10


def test_timeline_list_and_drawing_use_same_numbers():
    told = CASES["all"]
    listed = list_timeline_marks(told)
    assert [one.label.split(";")[0] for one in listed] == [
        "Released",
        "Due",
        "Until then late work is worth 90 %",
        "Closes",
    ]
    assert [number for number, _, _ in draw_timelines(told, DUE)[0].marks] == [1, 2, 3, 4]


@pytest.mark.parametrize(("now", "is_there"), [(-30, False), (-1, True), (2, True), (9, False)])
def test_timeline_marks_now_only_within_its_range(now, is_there):
    found = draw_timelines(CASES["all"], DUE + timedelta(days=now))
    assert all((one.now is not None) == is_there for one in found)


def test_no_timeline_is_drawn_without_times():
    nothing = Times(
        release=None,
        due=None,
        closes=None,
        stages=[Stage(until=None, credit=Fraction(1))],
        state="open",
        credit_now=None,
        late_days_until=None,
    )
    assert draw_timelines(nothing, DUE) == ()
