"""Tests of timelines in the course's zone: parsing, instants and display."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from api.core.clock import from_micros, to_micros
from api.core.errors import InvalidInput
from api.schemas.assignments.timeline import ExtensionSpec, TimelineSpec
from api.services.assignments.timeline import (
    apply_extension,
    format_absolute,
    format_relative,
    local_to_microseconds,
    resolve_timeline,
    shift_days,
    to_naive_local_times,
    with_late_days,
)
from api.services.courses.time_zones import get_zone

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
APIA = ZoneInfo("Pacific/Apia")
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")


def at(text: str) -> int:
    """Return an instant that is written in UTC, as microseconds."""
    return to_micros(datetime.fromisoformat(text + "+00:00"))


def utc(micros: int | None) -> str:
    return "" if micros is None else from_micros(micros).replace(tzinfo=None).isoformat(" ")


def due(spec: TimelineSpec) -> str:
    return spec.model_dump()["due"]


# The right-hand side is worked out from the rules of each zone as they are published: New York is
# UTC-5 and UTC-4 from 8 March to 1 November 2026; Lord Howe is UTC+10:30 and UTC+11 until 5 April
# 2026; Sao Paulo began summer time at midnight of 4 November 2018 and ended it at midnight of 18
# February 2018; Samoa left out 30 December 2011.
INSTANTS = [
    ("2026-03-08 01:59", NEW_YORK, "2026-03-08 06:59:00"),
    ("2026-03-08 02:00", NEW_YORK, "2026-03-08 07:00:00"),
    ("2026-03-08 02:30", NEW_YORK, "2026-03-08 07:30:00"),
    ("2026-03-08 03:00", NEW_YORK, "2026-03-08 07:00:00"),
    ("2026-11-01 00:59:59.999999", NEW_YORK, "2026-11-01 04:59:59.999999"),
    ("2026-11-01 01:00", NEW_YORK, "2026-11-01 06:00:00"),
    ("2026-11-01 01:30", NEW_YORK, "2026-11-01 06:30:00"),
    ("2026-11-01 02:00", NEW_YORK, "2026-11-01 07:00:00"),
    ("2026-04-05 01:29", LORD_HOWE, "2026-04-04 14:29:00"),
    ("2026-04-05 01:45", LORD_HOWE, "2026-04-04 15:15:00"),
    ("2026-10-04 02:15", LORD_HOWE, "2026-10-03 15:45:00"),
    ("2018-11-04 00:00", SAO_PAULO, "2018-11-04 03:00:00"),
    ("2018-11-04 00:30", SAO_PAULO, "2018-11-04 03:30:00"),
    ("2018-02-17 23:30", SAO_PAULO, "2018-02-18 02:30:00"),
    ("2026-11-27 23:59", SAO_PAULO, "2026-11-28 02:59:00"),
    ("2011-12-29 23:59", APIA, "2011-12-30 09:59:00"),
    ("2011-12-30 12:00", APIA, "2011-12-30 22:00:00"),
    ("2011-12-31 00:00", APIA, "2011-12-30 10:00:00"),
    ("2024-02-29 23:59", BERLIN, "2024-02-29 22:59:00"),
    ("2026-12-31 23:59:59.999999", KIRITIMATI, "2026-12-31 09:59:59.999999"),
    ("2150-07-01 12:00", BERLIN, "2150-07-01 10:00:00"),
]


@pytest.mark.parametrize(("wall", "where", "instant"), INSTANTS)
def test_local_time_maps_to_one_instant_at_clock_changes(wall, where, instant):
    assert utc(resolve_timeline(TimelineSpec(due=wall), where).due) == instant


def step(credit: object = "50%", **end: object) -> dict[str, object]:
    return {**end, "credit": credit}


DUE = "2026-11-27 23:59"


def test_times_with_and_without_offset_are_compared_in_course_time_zone():
    spec = TimelineSpec(release="2026-11-27 12:00", due="2026-11-27T11:30Z")
    assert due(to_naive_local_times(spec, BERLIN)) == "2026-11-27 12:30"
    with pytest.raises(InvalidInput, match=r"due .* is before release") as caught:
        to_naive_local_times(spec, NEW_YORK)
    assert caught.value.errors[0].field == "timeline"


def test_due_late_step_and_close_are_exact_to_the_microsecond():
    spec = TimelineSpec(due=DUE, late=[step("90%", hours=24)], close={"days": 2})
    line = resolve_timeline(spec, BERLIN)
    end = at("2026-11-27 22:59:00")
    day = 86_400_000_000
    assert [
        line.scheduled_credit_at(end + more) for more in (0, 1, day, day + 1, 2 * day, 2 * day + 1)
    ] == [
        Fraction(1),
        Fraction(9, 10),
        Fraction(9, 10),
        Fraction(0),
        Fraction(0),
        None,
    ]


@pytest.mark.parametrize(
    ("due", "where", "day", "hours"),
    [
        ("2026-10-31 20:00", NEW_YORK, "2026-11-02 01:00:00", "2026-11-02 00:00:00"),
        ("2026-03-07 20:00", NEW_YORK, "2026-03-09 00:00:00", "2026-03-09 01:00:00"),
        ("2026-03-07 02:30", NEW_YORK, "2026-03-08 07:30:00", "2026-03-08 07:30:00"),
        ("2026-04-04 12:00", LORD_HOWE, "2026-04-05 01:30:00", "2026-04-05 01:00:00"),
        ("2011-12-29 10:00", APIA, "2011-12-30 20:00:00", "2011-12-30 20:00:00"),
        ("2026-06-01 12:00", BERLIN, "2026-06-02 10:00:00", "2026-06-02 10:00:00"),
    ],
)
def test_late_day_is_a_calendar_day_and_24_hours_are_exact(due, where, day, hours):
    ends = {
        name: resolve_timeline(TimelineSpec(due=due, late=[step(**end)]), where).steps[0][0]
        for name, end in (("day", {"days": 1}), ("hours", {"hours": 24}))
    }
    assert utc(ends["day"]) == day
    assert utc(ends["hours"]) == hours


def test_late_step_overtaken_due_to_clock_change_is_dropped():
    late = [step("90%", hours=24), step("80%", until="2026-03-08 20:30")]
    line = resolve_timeline(TimelineSpec(due="2026-03-07 20:00", late=late), NEW_YORK)
    assert [(utc(end), credit) for end, credit in line.steps] == [
        ("2026-03-09 01:00:00", Fraction(9, 10))
    ]


@pytest.mark.parametrize(
    ("given", "closes"),
    [
        ({}, ""),
        ({"release": DUE}, ""),
        ({"close": "2026-12-01 12:00"}, "2026-12-01 11:00:00"),
        ({"due": DUE}, "2026-11-27 22:59:00"),
        ({"due": DUE, "close": {"days": 0}}, "2026-11-27 22:59:00"),
        ({"due": DUE, "close": {"days": 1, "hours": 2}}, "2026-11-29 00:59:00"),
        ({"due": DUE, "late": [step(days=3)]}, "2026-11-30 22:59:00"),
        ({"due": DUE, "late": [step(days=3)], "close": {"days": 1}}, "2026-11-28 22:59:00"),
    ],
)
def test_timeline_closes_at_close_or_last_late_step_or_due(given, closes):
    assert utc(resolve_timeline(TimelineSpec(**given), BERLIN).closes_at) == closes


def test_times_in_skipped_hour_keep_their_order():
    walls = {"release": "2026-03-08 02:30", "due": "2026-03-08 03:00", "close": "2026-03-08 03:10"}
    line = resolve_timeline(TimelineSpec(**walls), NEW_YORK)
    assert [utc(one) for one in (line.release, line.due, line.close)] == ["2026-03-08 07:30:00"] * 3


SPEC = TimelineSpec(
    release="2026-10-20 09:00",
    due="2026-10-31 20:00",
    late=[step("90%", days=1), step("50%", until="2026-11-03 12:00")],
    late_days=2,
    close="2026-11-07 20:00",
)


@pytest.mark.parametrize(
    ("extension", "moved"),
    [
        (
            {"days": 2},
            {"due": "2026-11-02 20:00", "until": "2026-11-05 12:00", "close": "2026-11-09 20:00"},
        ),
        ({"hours": 24}, {"due": "2026-11-01 19:00", "until": "2026-11-04 11:00"}),
        ({"days": 1, "hours": 3}, {"due": "2026-11-01 23:00", "close": "2026-11-08 23:00"}),
        ({"due": "2026-11-01T20:00-05:00"}, {"due": "2026-11-01 20:00"}),
        ({"due": "2026-10-30 20:00"}, {"due": "2026-10-31 20:00", "close": "2026-11-07 20:00"}),
        ({"days": 2, "close": "2026-11-08 00:00"}, {"close": "2026-11-08 00:00"}),
        ({"days": 2, "close": "2026-11-01 00:00"}, {"close": "2026-11-07 20:00"}),
        ({"days": 9, "close": "2026-11-08 00:00"}, {"close": "2026-11-09 20:00"}),
        ({"release": "2026-10-19 09:00"}, {"release": "2026-10-19 09:00"}),
        ({"release": "2026-10-21 09:00"}, {"release": "2026-10-20 09:00"}),
        ({"attempts": 3}, {"due": "2026-10-31 20:00", "until": "2026-11-03 12:00"}),
    ],
)
def test_extension_moves_due_and_later_times_and_never_reduces(extension, moved):
    told = apply_extension(SPEC, ExtensionSpec(**extension), NEW_YORK).model_dump()
    told["until"] = told["late"][1]["until"]
    assert {name: told[name] for name in moved} == moved


def test_extension_of_timeline_without_due_or_close_leaves_it_open():
    endless = ExtensionSpec(days=2, due=None, close="2026-11-08 00:00", release=DUE)
    assert apply_extension(TimelineSpec(), endless, NEW_YORK) == TimelineSpec()
    spec = apply_extension(TimelineSpec(due=DUE), ExtensionSpec(close="2026-12-01 12:00"), BERLIN)
    assert utc(resolve_timeline(spec, BERLIN).closes_at) == "2026-12-01 11:00:00"


def test_shift_reversed_by_skipped_hour_becomes_a_whole_day():
    spec = TimelineSpec(due="2026-03-07 02:30", late=[step(days=1)])
    moved = apply_extension(spec, ExtensionSpec(due="2026-03-07 03:00"), NEW_YORK)
    assert due(moved) == "2026-03-08 02:30"
    assert utc(resolve_timeline(moved, NEW_YORK).steps[0][0]) == "2026-03-09 06:30:00"


@pytest.mark.parametrize(
    ("close", "days", "ends", "closes"),
    [
        (None, 0, "2026-10-31 20:00", "2026-11-03 12:00"),
        (None, 2, "2026-11-02 20:00", "2026-11-05 12:00"),
        ("2026-11-07 20:00", 2, "2026-11-02 20:00", "2026-11-07 20:00"),
        ({"days": 7}, 2, "2026-11-02 20:00", "2026-11-07 20:00"),
        ("2026-11-02 08:00", 2, "2026-11-02 08:00", "2026-11-02 08:00"),
        ("2026-11-02 08:00", 5, "2026-11-02 08:00", "2026-11-02 08:00"),
    ],
)
def test_late_days_move_due_by_calendar_days_but_never_past_close(close, days, ends, closes):
    spec = SPEC.model_copy(update={"close": None})
    spec = TimelineSpec(**{**spec.model_dump(), "close": close})
    spent = with_late_days(spec, days, NEW_YORK)
    closing = resolve_timeline(spent, NEW_YORK).closes_at
    assert due(spent) == ends
    assert from_micros(closing).astimezone(NEW_YORK).isoformat(" ", "minutes")[:16] == closes
    assert spent.late_days == max(2 - days, 0)


def test_changes_without_effect_in_skipped_hour_leave_timeline_unchanged():
    release = TimelineSpec(release="2026-03-08 03:10")
    assert apply_extension(release, ExtensionSpec(release="2026-03-08 02:40"), NEW_YORK) == release
    skipped = TimelineSpec(due="2026-03-08 02:30", late_days=1, close="2026-03-08 03:10")
    assert (
        utc(resolve_timeline(with_late_days(skipped, 1, NEW_YORK), NEW_YORK).due)
        == "2026-03-08 07:30:00"
    )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, "2024-02-29 23:59"),
        (1, "2024-03-01 23:59"),
        (366, "2025-03-01 23:59"),
        (364, "2025-02-27 23:59"),
        (-60, "2023-12-31 23:59"),
    ],
)
def test_copied_course_keeps_times_of_day(days, expected):
    spec = TimelineSpec(due="2024-02-29 23:59", late=[step(until="2024-03-02 08:00")])
    moved = shift_days(spec, days)
    assert due(moved) == expected
    assert moved.late[0].until - spec.late[0].until == timedelta(days=days)


def test_course_copy_outside_supported_years_is_rejected():
    with pytest.raises(InvalidInput, match="the years 1990 to 2199"):
        shift_days(TimelineSpec(due=DUE), 100_000)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Berlin", "did you mean Europe/Berlin?"),
        ("new york", "did you mean America/New_York?"),
        ("Europe/Berlln", "did you mean Europe/Berlin"),
        ("US/Kentucky/Louisville", "America/Kentucky/Louisville"),
        ("", "write one such as Europe/Berlin"),
        ("../../etc/passwd", "write one such as Europe/Berlin"),
        ("localtime", "write one such as Europe/Berlin"),
        ("Mars/Olympus" * 9999, "write one such as Europe/Berlin"),
        ("UTC+1", "There is no such time zone"),
        ("Europe/Berlin\0", "There is no such time zone"),
    ],
)
def test_unknown_time_zone_is_rejected_with_suggestions(name, said):
    with pytest.raises(InvalidInput) as caught:
        get_zone(name)
    assert said in caught.value.detail
    assert caught.value.errors[0].field == "zone"


def test_time_zone_is_found_by_name():
    assert get_zone("Europe/Berlin") is BERLIN


@pytest.mark.parametrize(
    ("instant", "where", "told"),
    [
        ("2026-11-27 22:59:00", BERLIN, "Fri 27 Nov 2026, 23:59 Europe/Berlin (CET)"),
        ("2026-07-01 22:05:07", BERLIN, "Thu 2 Jul 2026, 00:05:07 Europe/Berlin (CEST)"),
        ("2026-11-27 22:59:00.000001", BERLIN, "Fri 27 Nov 2026, 23:59:00 Europe/Berlin (CET)"),
        ("2026-11-01 05:30:00", NEW_YORK, "Sun 1 Nov 2026, 01:30 America/New_York (EDT)"),
        ("2026-11-01 06:30:00", NEW_YORK, "Sun 1 Nov 2026, 01:30 America/New_York (EST)"),
        ("2026-01-01 03:00:00", SAO_PAULO, "Thu 1 Jan 2026, 00:00 America/Sao_Paulo (UTC-03:00)"),
        ("2026-06-30 13:30:00", LORD_HOWE, "Wed 1 Jul 2026, 00:00 Australia/Lord_Howe (UTC+10:30)"),
        ("2026-01-01 00:00:00", ZoneInfo("UTC"), "Thu 1 Jan 2026, 00:00 UTC"),
    ],
)
def test_instant_is_shown_with_its_time_zone(instant, where, told):
    assert format_absolute(from_micros(at(instant)), where) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "less than a minute ago"),
        (0.000001, "in less than a minute"),
        (59.9, "in less than a minute"),
        (60, "in 1 minute"),
        (119, "in 1 minute"),
        (-120, "2 minutes ago"),
        (7199, "in 119 minutes"),
        (7200, "in 2 hours"),
        (-86400, "24 hours ago"),
        (2 * 86400 - 1, "in 47 hours"),
        (2 * 86400, "in 2 days"),
        (-400 * 86400, "400 days ago"),
    ],
)
def test_relative_time_uses_unit_with_at_least_two_and_rounds_down(seconds, told):
    now = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert format_relative((now + timedelta(seconds=seconds)).astimezone(BERLIN), now) == told


def test_local_time_conversion_ignores_fold():
    wall = datetime.fromisoformat("2026-11-01 01:30")
    assert local_to_microseconds(wall.replace(fold=1), NEW_YORK) == local_to_microseconds(
        wall, NEW_YORK
    )
