"""Rate limits of logins, invitations, exports and similar actions.

The caller of this module stores the events. A refused attempt is no event, or the wait would never
end.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal

from api.core.errors import RateLimited

LimitedAction = Literal[
    "login_device",
    "login_pair",
    "login_account",
    "login_account_cap",
    "login_address",
    "login_address_cap",
    "flow_address",
    "flow_step_address",
    "calendar_guess",
    "calendar_feed",
    "unsubscribe_address",
    "invite_address",
    "invite_link",
    "code_address",
    "code_person",
    "join_guess",
    "join_account_address",
    "join_account_course",
    "reset_address",
    "reset_account",
    "export_person",
    "export_course",
    "solve_problem",
    "token_person",
    "check_export",
    "upload_file",
    "upload_report",
    "upload_attachment",
]

RETENTION_PAUSES: Final = 4
"""Number of maximum pauses for which an event counts; then the count starts again."""
ZERO: Final = timedelta(0)
IPV6_PREFIX_LENGTH: Final = 48
UNKNOWN_ADDRESS_KEY: Final = "unknown"


@dataclass(frozen=True, slots=True)
class EventLimit:
    """Limit of *count* events per *window*.

    With *max_pause*, each further event doubles the pause, up to *max_pause*.
    """

    count: int
    window: timedelta
    max_pause: timedelta | None = None

    @property
    def retention(self) -> timedelta:
        """How long an event counts; older ones need not be read and may be deleted."""
        return self.window if self.max_pause is None else RETENTION_PAUSES * self.max_pause


MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
LOGIN_GUESS_LIMIT: Final = EventLimit(5, MINUTE, max_pause=15 * MINUTE)
EVENT_LIMITS: Final[Mapping[LimitedAction, EventLimit]] = {
    "login_device": LOGIN_GUESS_LIMIT,
    "login_pair": LOGIN_GUESS_LIMIT,
    "login_account": LOGIN_GUESS_LIMIT,
    "login_account_cap": EventLimit(1_000, HOUR),
    # A lecture hall is one address. Pauses do not grow here, or one visitor would lock out all.
    "login_address": EventLimit(60, MINUTE),
    "login_address_cap": EventLimit(300, MINUTE),
    # A login at a provider, begun from an address; a lecture hall is one address.
    "flow_address": EventLimit(300, MINUTE),
    # Later steps of such logins, and of launches by learning platforms: two or three for each.
    "flow_step_address": EventLimit(900, MINUTE),
    # Unknown addresses only: calendar programs of a campus share one network address.
    "calendar_guess": EventLimit(60, MINUTE),
    "calendar_feed": EventLimit(60, HOUR),
    "unsubscribe_address": EventLimit(60, MINUTE),
    "invite_address": EventLimit(60, MINUTE),
    "invite_link": EventLimit(60, MINUTE),
    # A lecture hall that begins a notebook together.
    "code_address": EventLimit(120, MINUTE),
    # Codes that a person looks up or confirms; few people guess with what is typed once.
    "code_person": EventLimit(20, MINUTE, max_pause=15 * MINUTE),
    # Wrong codes only, so that a lecture hall can open the link of its course together.
    "join_guess": EventLimit(60, MINUTE),
    # Each hashes a password or sends a message, and stays in the list of people.
    "join_account_address": EventLimit(300, MINUTE),
    "join_account_course": EventLimit(2_000, HOUR),
    "reset_address": EventLimit(30, MINUTE),
    # Beyond this no message is sent; the reply is the same.
    "reset_account": EventLimit(3, HOUR),
    "export_person": EventLimit(6, MINUTE),
    "export_course": EventLimit(6, MINUTE),
    # Each keeps a worker busy for seconds.
    "solve_problem": EventLimit(30, MINUTE),
    # Revoked tokens leave rows behind, in their table and in the audit log.
    "token_person": EventLimit(60, HOUR),
    # Each takes up to a second of CPU time in a large class.
    "check_export": EventLimit(30, MINUTE),
    "upload_file": EventLimit(30, MINUTE),
    # Each takes seconds of CPU time in a worker process.
    "upload_report": EventLimit(30, HOUR),
    "upload_attachment": EventLimit(60, HOUR),
}
FREE_LOGIN_TRIES: Final = 3
"""Failures per account and address before failures elsewhere slow down logins.

They count within the retention of *login_pair*. Two typing errors before the correct
password are let through.
"""


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Failed logins that affect the next login, grouped by what they share with it.

    *device* are those of the account in a browser where it logged in before, None for another
    browser. *account* are those of the account from all addresses, *address* those of all accounts
    from the address, *pair* those of the account from the address. For a known browser these three
    are ignored.
    """

    device: Sequence[datetime] | None
    account: Sequence[datetime]
    address: Sequence[datetime]
    pair: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class LoginDecision:
    """Decision on a login: whether to check the password, and the wait after a failure.

    *wait_seconds* is the wait that the response to a failed login states, 0 for none.
    """

    checks_password: bool
    wait_seconds: int


def decide_login(failures: LoginFailures, now: datetime) -> LoginDecision:
    """Decide on a login; the decision never depends on whether the account exists.

    Failures elsewhere slow an account down only after a few failures at the same address, and never
    in a known browser. A first try is refused only far above these limits.
    """
    if failures.device is not None:
        seconds = seconds_until_allowed(EVENT_LIMITS["login_device"], failures.device, now)
        return LoginDecision(not seconds, seconds)
    refused = max(
        seconds_until_allowed(EVENT_LIMITS["login_pair"], failures.pair, now),
        seconds_until_allowed(EVENT_LIMITS["login_account_cap"], failures.account, now),
        seconds_until_allowed(EVENT_LIMITS["login_address_cap"], failures.address, now),
    )
    slowed = max(
        seconds_until_allowed(EVENT_LIMITS["login_account"], failures.account, now),
        seconds_until_allowed(EVENT_LIMITS["login_address"], failures.address, now),
    )
    tries = len(_list_counting_event_ages(EVENT_LIMITS["login_pair"], failures.pair, now))
    is_checked = not refused and (not slowed or tries < FREE_LOGIN_TRIES)
    return LoginDecision(is_checked, max(refused, slowed))


def seconds_until_allowed(limit: EventLimit, events: Sequence[datetime], now: datetime) -> int:
    """Return in how many whole seconds *limit* allows the next event, 0 for now.

    Events may be in any order. An event up to a window ahead of *now*, by another machine's clock,
    counts as now; one still further ahead is from before the clock was set back, and is ignored. An
    event that expires in the meantime shortens the pause.
    """
    ages = _list_counting_event_ages(limit, events, now)
    if len(ages) < limit.count:
        return 0
    if limit.max_pause is None:
        left = limit.window - ages[limit.count - 1]
    else:
        ends = [limit.retention - age for age in ages[limit.count - 1 :]]
        pauses = [
            _compute_pause(limit.window, limit.max_pause, further) for further in range(len(ends))
        ]
        without = [*ends[1:], ZERO]
        left = min(map(max, without, (pause - ages[0] for pause in pauses)))
    return max(-(-left // timedelta(seconds=1)), 0)


def raise_if_limited(seconds: float) -> None:
    """Raise `RateLimited`, with whole seconds, unless *seconds* to wait is 0."""
    if seconds:
        wait = math.ceil(seconds)
        raise RateLimited(f"Too many requests. Try again in {wait} s.", retry_after=wait)


def _list_counting_event_ages(
    limit: EventLimit, events: Sequence[datetime], now: datetime
) -> Sequence[timedelta]:
    """Return the ages of the events that still count, newest event first."""
    return sorted(
        max(now - event, ZERO) for event in events if -limit.window <= now - event < limit.retention
    )


def _compute_pause(first: timedelta, max_pause: timedelta, further: int) -> timedelta:
    """Return *first*, doubled for each *further* event, at most *max_pause*."""
    doublings = min(further, (max_pause // first).bit_length())
    return min(first * (1 << doublings), max_pause)


def address_key(address: str) -> str:
    """Return the key under which a client's *address* is counted.

    IPv6 addresses are counted by /48, because a household or a customer of a provider may have a
    whole one. A client without an IP address, as on a Unix socket, is ``unknown``.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN_ADDRESS_KEY
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), IPV6_PREFIX_LENGTH), strict=False))
