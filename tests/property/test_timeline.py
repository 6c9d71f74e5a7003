"""Tests of timelines in any zone and year: their order, local times, and no loss."""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from factories import CALM
from hypothesis import example, given
from hypothesis import strategies as st

from api.core.clock import from_micros, to_micros
from api.schemas.assignments.timeline import ExtensionSpec, LateStep, Offset, TimelineSpec
from api.services.assignments.timeline import (
    apply_extension,
    local_to_microseconds,
    resolve_timeline,
    shift_days,
    to_naive_local_times,
    with_late_days,
)
from grader.policy import Timeline

# Zones whose clocks do odd things, at the days on which they do, come up more often than the rest.
CHANGES = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "Pacific/Apia": ("2011-12-30", "2012-04-01"),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),
    "Asia/Pyongyang": ("2015-08-15", "2018-05-05"),
    "Antarctica/Troll": ("2026-03-29", "2026-10-25"),
}
ZONES = st.sampled_from(sorted(CHANGES)).map(ZoneInfo) | st.timezones()
WALLS = st.datetimes(datetime(1995, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - a wall clock
MINUTES = st.integers(-3 * 1440, 3 * 1440)
CREDITS = st.fractions(0, 1, max_denominator=20)


@st.composite
def places(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """Draw a zone and a local time in it, often within three days of a clock change."""
    zone = draw(ZONES)
    days = CHANGES.get(zone.key)
    if days is None or draw(st.integers(0, 3)) == 0:
        return zone, draw(WALLS)
    day = datetime.fromisoformat(draw(st.sampled_from(days)))
    return zone, day + timedelta(minutes=draw(MINUTES))


@st.composite
def timelines(draw: st.DrawFn) -> tuple[ZoneInfo, TimelineSpec]:
    """Draw a zone and a timeline in which every field may be set."""
    zone, due = draw(places())
    release = due - timedelta(minutes=draw(st.integers(0, 3000)))
    credits_ = sorted(draw(st.lists(CREDITS, max_size=3)), reverse=True)
    late, end = [], due
    for credit in credits_:
        minutes = timedelta(minutes=draw(st.integers(1, 3000)))
        days = (end - due).days + draw(st.integers(1, 2))
        if draw(st.booleans()):
            late.append(LateStep(until=end + minutes, credit=credit))
            end += minutes
        else:
            late.append(LateStep(days=days, credit=credit))
            end = due + timedelta(days=days)
    close = draw(
        st.none()
        | st.builds(Offset, days=st.integers(0, 5))
        | st.integers(0, 9000).map(lambda one: due + timedelta(minutes=one))
    )
    given_release = draw(st.sampled_from([None, release]))
    return zone, TimelineSpec(
        release=given_release, due=due, late=late, late_days=draw(st.integers(0, 3)), close=close
    )


@st.composite
def extensions(draw: st.DrawFn, spec: TimelineSpec) -> ExtensionSpec:
    """Draw an extension of any kind, possibly with times before those of *spec*."""
    assert spec.due is not None
    given = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "due": MINUTES.map(lambda one: spec.due + timedelta(minutes=one)),
                "close": MINUTES.map(lambda one: spec.due + timedelta(minutes=one)),
                "release": MINUTES.map(lambda one: spec.due + timedelta(minutes=one)),
            },
        )
    )
    if "due" not in given:
        given["days"] = draw(st.integers(0, 3))
        given["hours"] = draw(st.integers(0, 30))
    return ExtensionSpec(**given, no_cool_down=True)


def instants(line: Timeline) -> list[int]:
    """Return all instants of a timeline, and the microsecond after each."""
    named = [line.release, line.due, line.close, *(until for until, _ in line.steps)]
    return [one + more for one in named if one is not None for more in (0, 1)]


def worth(line: Timeline, at: int) -> Fraction:
    """Return the credit of work at an instant, or -1 where it is not accepted."""
    credit = line.scheduled_credit_at(at) if line.is_released(at) else None
    return Fraction(-1) if credit is None else credit


def is_never_worse(new: Timeline, old: Timeline) -> bool:
    return all(worth(new, at) >= worth(old, at) for at in (*instants(new), *instants(old)))


@CALM
@given(places())
def test_local_time_maps_to_its_instant_or_just_after_skipped_time(place):
    zone, wall = place
    here = from_micros(local_to_microseconds(wall, zone)).astimezone(zone)
    if here.replace(tzinfo=None, fold=0) == wall:
        again = here.replace(fold=1)
        assert to_micros(again) == to_micros(here)
    else:
        skipped = here.replace(tzinfo=None, fold=0) - wall
        before = from_micros(to_micros(here) - skipped // timedelta(microseconds=1))
        jump = here.utcoffset() - before.astimezone(zone).utcoffset()
        assert skipped == jump > timedelta(0)


@CALM
@given(places(), st.integers(0, 3000))
def test_later_local_time_is_never_earlier_outside_skipped_hours(place, minutes):
    zone, wall = place
    later = wall + timedelta(minutes=minutes)
    one, two = local_to_microseconds(wall, zone), local_to_microseconds(later, zone)
    shown = from_micros(one).astimezone(zone).replace(tzinfo=None)
    assert two >= one or shown > wall


@CALM
@given(timelines())
@example(
    (
        ZoneInfo("America/New_York"),
        TimelineSpec(release="2026-03-08 02:30", due="2026-03-08 03:00", close="2026-03-08 03:10"),
    )
)
def test_release_due_steps_and_close_stay_in_order(drawn):
    zone, spec = drawn
    line = resolve_timeline(spec, zone)
    order = [line.release, line.due, *(until for until, _ in line.steps), line.close]
    given_ = [one for one in order if one is not None]
    assert given_ == sorted(given_)
    assert [credit for _, credit in line.steps] == sorted(
        (credit for _, credit in line.steps), reverse=True
    )


@CALM
@given(timelines(), st.integers(-800, 800))
def test_copied_timeline_shows_same_times_of_day(drawn, days):
    _, spec = drawn
    moved = shift_days(spec, days)
    walls = [(spec.release, moved.release), (spec.due, moved.due), (spec.close, moved.close)]
    walls += [(one.until, two.until) for one, two in zip(spec.late, moved.late, strict=True)]
    for old, new in walls:
        if isinstance(old, datetime):
            assert new - old == timedelta(days=days)
        else:
            assert new == old
    assert shift_days(moved, -days) == spec


@CALM
@given(timelines(), st.data())
def test_extension_never_makes_timeline_worse(drawn, data):
    zone, spec = drawn
    extension = data.draw(extensions(spec))
    moved = apply_extension(spec, extension, zone)
    assert is_never_worse(resolve_timeline(moved, zone), resolve_timeline(spec, zone))
    assert TimelineSpec(**moved.model_dump()) == moved


@CALM
@given(timelines(), st.integers(0, 4))
def test_spending_late_days_never_makes_timeline_worse_or_moves_close(drawn, days):
    zone, spec = drawn
    old, new = (
        resolve_timeline(spec, zone),
        resolve_timeline(with_late_days(spec, days, zone), zone),
    )
    assert is_never_worse(new, old)
    assert old.close is None or new.close == old.close


@CALM
@given(timelines())
def test_spent_late_day_keeps_full_credit_one_calendar_day_longer(drawn):
    zone, spec = drawn
    line = resolve_timeline(spec, zone)
    for number in range(1, spec.late_days + 1):
        due = to_naive_local_times(spec, zone).due
        end = local_to_microseconds(due + timedelta(days=number), zone)
        last = end if line.close is None else min(end, line.close)
        assert (
            resolve_timeline(with_late_days(spec, number, zone), zone).scheduled_credit_at(last)
            == 1
        )
