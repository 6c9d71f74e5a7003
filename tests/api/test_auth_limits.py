"""Tests of login throttles: guessing is slow, and nobody can lock out a whole room."""

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.rate_limits.event_limits import (
    EVENT_LIMITS,
    FREE_LOGIN_TRIES,
    EventLimit,
    LimitedAction,
    LoginDecision,
    LoginFailures,
    address_key,
    decide_login,
    seconds_until_allowed,
)

NOW = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ACCOUNT = EVENT_LIMITS["login_account"]
ADDRESS = EVENT_LIMITS["login_address"]

AGES = st.lists(st.integers(0, 4_000_000_000).map(lambda age: timedelta(microseconds=age)))
LIMIT = st.builds(
    EventLimit,
    st.integers(1, 8),
    st.integers(1, 120).map(lambda age: age * SECOND),
    st.none() | st.integers(120, 3600).map(lambda age: age * SECOND),
)


def before(*seconds: float) -> list[datetime]:
    return [NOW - timedelta(seconds=one) for one in seconds]


def test_every_limited_action_has_a_limit() -> None:
    assert set(EVENT_LIMITS) == set(get_args(LimitedAction))


@pytest.mark.parametrize(
    ("ages", "seconds"),
    [
        ([], 0),
        ([0, 0, 0, 0], 0),
        ([0, 0, 0, 0, 0], 60),
        ([0.5, 1, 2, 3, 4], 60),
        ([1, 2, 3, 4, 5], 59),
        ([5, 4, 3, 2, 1], 59),
        ([59.999999, 60, 61, 62, 63], 1),
        ([60, 61, 62, 63, 64], 0),
        ([0, 600, 1200, 1800, 2400], 60),
        ([0, 600, 1200, 1800, 3600], 0),
        ([0] * 6, 120),
        ([0] * 7, 240),
        ([0] * 8, 480),
        ([0] * 9, 900),
        ([0] * 10_000, 900),
        ([890] * 50, 10),
        ([900] * 50, 0),
    ],
)
def test_wait_doubles_with_each_failure_after_five_up_to_15_minutes(ages, seconds) -> None:
    assert seconds_until_allowed(ACCOUNT, before(*ages), NOW) == seconds


@pytest.mark.parametrize(
    ("ages", "seconds"),
    [
        (range(59), 0),
        (range(60), 1),
        ([0] * 60, 60),
        ([0] * 6_000, 60),
        ([*range(60), *range(60)], 31),
        ([60] * 6_000, 0),
    ],
)
def test_address_waits_only_until_the_last_minute_has_room_again(ages, seconds) -> None:
    assert seconds_until_allowed(ADDRESS, before(*ages), NOW) == seconds


@pytest.mark.parametrize(
    ("ahead", "seconds"), [(0.5, 60), (60, 60), (60.000001, 0), (3600, 0), (10**9, 0)]
)
def test_clock_set_back_does_not_lock_out_users(ahead, seconds) -> None:
    assert seconds_until_allowed(ACCOUNT, before(*[-ahead] * 5), NOW) == seconds


def test_time_zone_of_events_does_not_change_the_wait() -> None:
    zone = timezone(timedelta(hours=-4))
    events = [event.astimezone(zone) for event in before(0, 1, 2, 3, 4)]
    assert seconds_until_allowed(ACCOUNT, events, NOW) == 60


@given(LIMIT, AGES)
@example(
    EventLimit(1, SECOND, 890 * SECOND), [0 * SECOND] * 5 + [timedelta(microseconds=3_556_979_520)]
)
def test_client_that_waits_as_directed_is_admitted(limit, ages) -> None:
    events = [NOW - age for age in ages]
    seconds = seconds_until_allowed(limit, events, NOW)
    assert 0 <= seconds <= max(limit.window, limit.max_pause or limit.window) / SECOND
    assert seconds_until_allowed(limit, events, NOW + seconds * SECOND) == 0
    if seconds > 1:
        assert seconds_until_allowed(limit, events, NOW + (seconds - 1) * SECOND) >= 1


@given(LIMIT, AGES, st.integers(0, 4_000_000))
def test_additional_failure_never_shortens_the_wait(limit, ages, age) -> None:
    events = [NOW - age for age in ages]
    more = NOW - timedelta(milliseconds=age)
    assert seconds_until_allowed(limit, [more, *events], NOW) >= seconds_until_allowed(
        limit, events, NOW
    )


@given(LIMIT, AGES)
def test_events_older_than_retention_do_not_change_the_wait(limit, ages) -> None:
    events = [NOW - age for age in ages]
    kept = [event for event in events if NOW - event < limit.retention]
    assert seconds_until_allowed(limit, kept, NOW) == seconds_until_allowed(limit, events, NOW)


def test_fastest_allowed_guessing_makes_at_most_200_guesses_a_day() -> None:
    now, end, failures = NOW, NOW + timedelta(days=1), []
    while now < end:
        failures.append(now)
        now += max(
            seconds_until_allowed(ACCOUNT, failures, now) * SECOND, timedelta(milliseconds=10)
        )
    assert 96 <= len(failures) <= 200


NOISE = before(*[one / 100 for one in range(6_000)])
MUCH = before(*[0] * EVENT_LIMITS["login_address"].count)
SOME = before(*[0] * FREE_LOGIN_TRIES)


def failures(**known: list[datetime] | None) -> LoginFailures:
    """Return login failures of these kinds, and none of the others."""
    return LoginFailures(**({"device": None, "account": [], "address": [], "pair": []} | known))


@pytest.mark.parametrize(
    ("known", "ruling"),
    [
        ({}, LoginDecision(checks_password=True, wait_seconds=0)),
        ({"address": MUCH}, LoginDecision(checks_password=True, wait_seconds=60)),
        ({"address": MUCH, "pair": SOME[1:]}, LoginDecision(checks_password=True, wait_seconds=60)),
        ({"address": MUCH, "pair": SOME}, LoginDecision(checks_password=False, wait_seconds=60)),
        ({"account": SOME * 2}, LoginDecision(checks_password=True, wait_seconds=120)),
        (
            {"account": SOME * 2, "pair": SOME},
            LoginDecision(checks_password=False, wait_seconds=120),
        ),
        ({"pair": SOME * 2}, LoginDecision(checks_password=False, wait_seconds=120)),
        ({"address": MUCH * 4}, LoginDecision(checks_password=True, wait_seconds=60)),
        ({"address": MUCH * 5}, LoginDecision(checks_password=False, wait_seconds=60)),
        ({"account": SOME * 333}, LoginDecision(checks_password=True, wait_seconds=900)),
        ({"account": MUCH * 17}, LoginDecision(checks_password=False, wait_seconds=3600)),
    ],
)
def test_first_attempt_is_delayed_only_far_above_the_limits(known, ruling) -> None:
    assert decide_login(failures(**known), NOW) == ruling


def test_known_browser_counts_only_its_own_failures() -> None:
    noise = {"account": NOISE, "address": NOISE, "pair": NOISE}
    assert decide_login(failures(**noise), NOW) == LoginDecision(
        checks_password=False, wait_seconds=3591
    )
    assert decide_login(failures(**noise, device=[]), NOW) == LoginDecision(
        checks_password=True, wait_seconds=0
    )
    waits = LoginDecision(checks_password=False, wait_seconds=900)
    assert decide_login(failures(device=NOISE), NOW) == waits


def test_failures_older_than_an_hour_are_ignored() -> None:
    old = before(*[3_600] * 2_000)
    assert decide_login(failures(account=old, address=old, pair=old), NOW).wait_seconds == 0


def test_account_accepts_at_most_1000_guesses_an_hour_from_all_addresses() -> None:
    """Each guess from a new network is a first try; the account's cap limits all of them."""
    hour = before(*[3.6 * one for one in range(1_000)])
    assert decide_login(failures(account=hour[1:]), NOW).checks_password
    assert not decide_login(failures(account=hour), NOW).checks_password
    assert decide_login(failures(account=hour), NOW + 4 * SECOND).checks_password


@pytest.mark.parametrize(
    ("action", "count"), [("export_person", 6), ("invite_address", 60), ("login_address", 60)]
)
def test_request_beyond_the_limit_waits_a_minute(action, count) -> None:
    limit = EVENT_LIMITS[action]
    assert seconds_until_allowed(limit, before(*[0] * (count - 1)), NOW) == 0
    assert seconds_until_allowed(limit, before(*[0] * count), NOW) == 60


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("", "unknown"),
        ("testclient", "unknown"),
        ("192.0.2.7:80", "unknown"),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:DB8:1:2::", "2001:db8:1::/48"),
        ("2001:db8:1:3::", "2001:db8:1::/48"),
        ("2001:db8:2::", "2001:db8:2::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::1", "::/48"),
    ],
)
def test_addresses_of_one_household_share_a_key(address, key) -> None:
    assert address_key(address) == key
