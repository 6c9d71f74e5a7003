"""Tests of sessions: expiry, protected cookies, and refusal of cross-site forms."""

from datetime import UTC, datetime, timedelta, timezone
from http.cookies import SimpleCookie
from typing import get_args

import pytest

from api.auth.secrets import new_secret
from api.auth.sessions import (
    IDLE_TIMEOUT,
    SESSION_EVENT_EFFECTS,
    SESSION_LIFETIME,
    SessionEvent,
    build_session_cookie,
    compute_session_expiry,
    explain_cross_site_refusal,
    is_seen_at_stale,
    is_session_alive,
)

START = datetime(2026, 10, 31, 20, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("seen", "now", "alive"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(0), 12 * HOUR - TICK, True),
        (timedelta(0), 12 * HOUR, False),
        (11 * HOUR, 23 * HOUR - TICK, True),
        (7 * DAY - HOUR, 7 * DAY - TICK, True),
        (7 * DAY - TICK, 7 * DAY, False),
        (7 * DAY - TICK, 8 * DAY, False),
        (timedelta(0), -HOUR, True),
    ],
)
def test_session_expires_after_12_idle_hours_or_7_days(seen, now, alive) -> None:
    assert is_session_alive(START, START + seen, now=START + now) is alive
    zone = timezone(timedelta(hours=-4))
    assert is_session_alive(START, START + seen, now=(START + now).astimezone(zone)) is alive


def test_use_extends_a_session_up_to_its_absolute_expiry() -> None:
    assert compute_session_expiry(START, START) == START + IDLE_TIMEOUT
    assert compute_session_expiry(START, START + HOUR) == START + HOUR + IDLE_TIMEOUT
    assert compute_session_expiry(START, START + SESSION_LIFETIME) == START + SESSION_LIFETIME


@pytest.mark.parametrize(
    ("age", "due"),
    [
        (timedelta(0), False),
        (timedelta(minutes=5) - TICK, False),
        (timedelta(minutes=5), True),
        (-HOUR, False),
    ],
)
def test_last_use_is_stored_at_most_every_five_minutes(age, due) -> None:
    assert is_seen_at_stale(START, now=START + age) is due


def test_every_session_event_has_declared_effects() -> None:
    assert set(SESSION_EVENT_EFFECTS) == set(get_args(SessionEvent))


def test_session_id_changes_with_every_permission_or_password_change() -> None:
    assert {effect.this_session for effect in SESSION_EVENT_EFFECTS.values()} == {"new", "end"}


@pytest.mark.parametrize(
    "event", ["password_changed", "password_locked", "role_changed", "reset", "suspended"]
)
def test_other_sessions_end_when_password_role_or_account_changes(event) -> None:
    assert SESSION_EVENT_EFFECTS[event].other_sessions == "end"


@pytest.mark.parametrize("event", get_args(SessionEvent))
def test_tokens_end_when_the_account_may_be_compromised(event) -> None:
    assert (SESSION_EVENT_EFFECTS[event].tokens == "end") == (
        event in {"password_locked", "reset", "suspended"}
    )


@pytest.mark.parametrize(
    ("address", "name", "secure"),
    [
        ("https://grader.example.edu", "__Host-grader", True),
        ("https://grader.example.edu:8443/x", "__Host-grader", True),
        ("https://127.0.0.1", "__Host-grader", True),
        ("HTTPS://GRADER.EXAMPLE.EDU", "__Host-grader", True),
        ("http://127.0.0.1:8000", "grader", False),
        ("http://127.8.9.1", "grader", False),
        ("http://[::1]:8000", "grader", False),
        ("http://localhost:8000", "grader", False),
        ("http://LOCALHOST", "grader", False),
        ("http://course.localhost", "grader", False),
    ],
)
def test_session_cookie_is_secure_except_on_localhost(address, name, secure) -> None:
    cookie = build_session_cookie(address)
    assert (cookie.name, cookie.secure) == (name, secure)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://",
        "grader.example.edu",
        "http://grader.example.edu",
        "http://0.0.0.0:8000",
        "http://192.168.0.7",
        "http://localhost.example.edu",
        "http://127.0.0.1.example.edu",
        "http://notlocalhost",
        "http://localhost@example.edu",
        "ftp://localhost",
        "http://[::1",
        "https://[example]",
        "javascript://localhost",
    ],
)
def test_sessions_over_a_network_require_https(address) -> None:
    with pytest.raises(ValueError, match="sessions require https") as caught:
        build_session_cookie(address)
    assert repr(address) in str(caught.value)


@pytest.mark.parametrize("address", ["https://grader.example.edu", "http://localhost:8000"])
def test_standard_parser_reads_the_session_cookie_as_intended(address) -> None:
    """The standard library's parser reads the cookie in place of a browser."""
    cookie, value = build_session_cookie(address), new_secret("session").text
    read = SimpleCookie(cookie.to_header(value, remaining=HOUR))[cookie.name]
    assert read.value == value
    assert (read["path"], read["domain"], read["max-age"]) == ("/", "", "3600")
    assert (read["httponly"], read["samesite"]) == (True, "Lax")
    assert bool(read["secure"]) is cookie.secure


def test_clearing_header_removes_an_expired_session_cookie() -> None:
    cookie = build_session_cookie("https://grader.example.edu")
    for header in (cookie.to_clearing_header(), cookie.to_header("", remaining=-DAY)):
        read = SimpleCookie(header)[cookie.name]
        assert (read.value, read["max-age"], read["path"]) == ("", "0", "/")
        assert read["secure"]


HOST = {"host": "grader.example.edu"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "get"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "same-origin"])
def test_links_from_other_sites_may_be_followed(method, site) -> None:
    assert explain_cross_site_refusal(method, {**HOST, "sec-fetch-site": site}) is None


@pytest.mark.parametrize(
    "headers",
    [
        {**HOST, "sec-fetch-site": "same-origin"},
        {**HOST, "sec-fetch-site": "none"},
        {**HOST, "sec-fetch-site": "same-origin", "origin": "null"},
        {**HOST, "origin": "https://grader.example.edu"},
        {**HOST, "origin": "http://grader.example.edu"},
        {"host": "Grader.Example.edu", "origin": "https://GRADER.example.EDU"},
        {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"},
        {"host": "[::1]:8000", "origin": "http://[::1]:8000"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post", "LINK"])
def test_same_site_forms_are_accepted(method, headers) -> None:
    assert explain_cross_site_refusal(method, headers) is None


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "neither"),
        (HOST, "neither"),
        ({**HOST, "sec-fetch-site": ""}, "Sec-Fetch-Site is ''"),
        ({**HOST, "sec-fetch-site": "cross-site"}, "'cross-site'"),
        ({**HOST, "sec-fetch-site": "same-site"}, "'same-site'"),
        ({**HOST, "sec-fetch-site": "same-origin, cross-site"}, "Sec-Fetch-Site"),
        (
            {**HOST, "sec-fetch-site": "cross-site", "origin": "https://grader.example.edu"},
            "'cross-site'",
        ),
        ({**HOST, "origin": "null"}, "'null'"),
        ({**HOST, "origin": ""}, "Origin is ''"),
        ({**HOST, "origin": "grader.example.edu"}, "Origin"),
        ({**HOST, "origin": "https://evil.example"}, "'https://evil.example'"),
        ({**HOST, "origin": "https://other.grader.example.edu"}, "Origin"),
        ({**HOST, "origin": "https://grader.example.edu.evil.example"}, "Origin"),
        ({**HOST, "origin": "https://grader.example.edu@evil.example"}, "Origin"),
        ({**HOST, "origin": "https://grader.example.edu:8443"}, "Origin"),
        ({**HOST, "origin": "ftp://grader.example.edu"}, "Origin"),
        ({"host": "", "origin": "https://"}, "Origin"),
        ({"origin": "https://"}, "Origin"),
        ({"origin": "null"}, "Origin"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "GETX", ""])
def test_cross_site_forms_are_refused_with_a_reason(method, headers, why) -> None:
    told = explain_cross_site_refusal(method, headers)
    assert told is not None
    assert why in told
    assert "Open the page and try again" in told


def test_refusal_truncates_long_headers() -> None:
    for header in ("origin", "sec-fetch-site"):
        told = explain_cross_site_refusal("POST", {**HOST, header: "x" * 10_000})
        assert told is not None
        assert len(told) < 250
