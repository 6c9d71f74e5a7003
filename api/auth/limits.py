"""Throttles: how long somebody waits before the next login, invitation or export.

The events are counted by whoever stores them. An attempt that is refused is no event, or a wait
would never end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal

__all__ = [
    "FIRST_TRIES",
    "LIMITS",
    "Action",
    "Failures",
    "Limit",
    "Ruling",
    "address_key",
    "rule_login",
    "wait",
]

Action = Literal[
    "login_device",
    "login_pair",
    "login_account",
    "login_account_cap",
    "login_address",
    "login_address_cap",
    "invite_address",
    "invite_link",
    "export_person",
    "export_course",
    "solve_problem",
    "token_person",
    "check_export",
    "upload_file",
]

REMEMBERED: Final = 4
"""Events count for so many of the longest pauses: after that, somebody starts afresh."""
ZERO: Final = timedelta(0)
SUBNET: Final = 48
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many events in a window; with *longest*, each further one doubles the pause up to it."""

    count: int
    window: timedelta
    longest: timedelta | None = None

    @property
    def memory(self) -> timedelta:
        """Return how long an event counts: older ones need not be read, and may be deleted."""
        return self.window if self.longest is None else REMEMBERED * self.longest


MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
GUESSES: Final = Limit(5, MINUTE, longest=15 * MINUTE)
LIMITS: Final[Mapping[Action, Limit]] = {
    "login_device": GUESSES,
    "login_pair": GUESSES,
    "login_account": GUESSES,
    "login_account_cap": Limit(1_000, HOUR),
    # A lecture hall is one address. No pause grows here: one visitor would lock out all.
    "login_address": Limit(60, MINUTE),
    "login_address_cap": Limit(300, MINUTE),
    "invite_address": Limit(60, MINUTE),
    "invite_link": Limit(60, MINUTE),
    "export_person": Limit(6, MINUTE),
    "export_course": Limit(6, MINUTE),
    # Each keeps a worker busy for seconds.
    "solve_problem": Limit(30, MINUTE),
    # Revoked tokens leave rows behind, in their table and in the audit log.
    "token_person": Limit(60, HOUR),
    # Each takes up to a second of processor time in a large class.
    "check_export": Limit(30, MINUTE),
    "upload_file": Limit(30, MINUTE),
}
FIRST_TRIES: Final = 3
"""Failures of an account from an address, within the memory of a pair, until others slow it down
there. A first password that is right and two typing errors before it are let through."""


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed log-ins that bear on the next one, by what they have in common with it.

    *device* has those of the account in a browser where it has logged in before, None for another
    browser. *account* has those from all addresses, *address* those of all accounts, and *pair*
    those of the account from the address; in a known browser these three do not matter.
    """

    device: Sequence[datetime] | None
    account: Sequence[datetime]
    address: Sequence[datetime]
    pair: Sequence[datetime]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a log-in: whether the password is checked, and what a failure answers.

    *seconds* is how long a failed log-in has to wait, 0 where it is only told that it was wrong.
    """

    is_checked: bool
    seconds: int


def rule_login(failures: Failures, now: datetime) -> Ruling:
    """Return the ruling on a log-in; it never depends on whether the account exists.

    Failures elsewhere slow an account down only after a few failures at the same address, and never
    in a known browser. Only far above these limits is a first try refused.
    """
    if failures.device is not None:
        seconds = wait(LIMITS["login_device"], failures.device, now)
        return Ruling(not seconds, seconds)
    refused = max(
        wait(LIMITS["login_pair"], failures.pair, now),
        wait(LIMITS["login_account_cap"], failures.account, now),
        wait(LIMITS["login_address_cap"], failures.address, now),
    )
    slowed = max(
        wait(LIMITS["login_account"], failures.account, now),
        wait(LIMITS["login_address"], failures.address, now),
    )
    tries = len(_ages(LIMITS["login_pair"], failures.pair, now))
    is_checked = not refused and (not slowed or tries < FIRST_TRIES)
    return Ruling(is_checked, max(refused, slowed))


def wait(limit: Limit, events: Sequence[datetime], now: datetime) -> int:
    """Return how many whole seconds to wait until *limit* lets the next event happen, 0 for none.

    Events may stand in any order. One that another machine's clock puts up to a window ahead of
    *now* counts as now; one still further ahead is from before the clock was put back. An event
    that is forgotten in the meantime shortens the pause.
    """
    ages = _ages(limit, events, now)
    if len(ages) < limit.count:
        return 0
    if limit.longest is None:
        left = limit.window - ages[limit.count - 1]
    else:
        ends = [limit.memory - age for age in ages[limit.count - 1 :]]
        pauses = [_pause(limit.window, limit.longest, further) for further in range(len(ends))]
        without = [*ends[1:], ZERO]
        left = min(map(max, without, (pause - ages[0] for pause in pauses)))
    return max(-(-left // timedelta(seconds=1)), 0)


def _ages(limit: Limit, events: Sequence[datetime], now: datetime) -> Sequence[timedelta]:
    """Return how long ago the events were that still count, the newest first."""
    return sorted(
        max(now - event, ZERO) for event in events if -limit.window <= now - event < limit.memory
    )


def _pause(first: timedelta, longest: timedelta, further: int) -> timedelta:
    """Return *first*, doubled for each *further* event; never more than *longest*."""
    doublings = min(further, (longest // first).bit_length())
    return min(first * (1 << doublings), longest)


def address_key(address: str) -> str:
    """Return what a client's *address* is counted under.

    A household, or a customer of a provider, has up to a whole /48 of IPv6. What is no address, as
    with a socket file, is ``unknown``.
    """
    try:
        read = ip_address(address)
    except ValueError:
        return UNKNOWN
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ip_network((int(read), SUBNET), strict=False))
