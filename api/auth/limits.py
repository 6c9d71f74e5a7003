"""Throttles: how long somebody waits before the next login, invitation or export.

The events are counted by whoever stores them. An attempt that is refused is no event, or a wait
would never end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal

__all__ = ["LIMITS", "Action", "Failures", "Limit", "address_key", "login_wait", "wait"]

Action = Literal[
    "login_account",
    "login_address",
    "invite_address",
    "export_person",
    "export_course",
    "solve_problem",
]

REMEMBERED: Final = 4
"""Events count for so many of the longest pauses: after that, somebody starts afresh."""
ZERO: Final = timedelta(0)
SUBNET: Final = 64
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
LIMITS: Final[Mapping[Action, Limit]] = {
    "login_account": Limit(5, MINUTE, longest=15 * MINUTE),
    # A lecture hall is one address. No pause grows here: one visitor would lock out all.
    "login_address": Limit(60, MINUTE),
    "invite_address": Limit(60, MINUTE),
    "export_person": Limit(6, MINUTE),
    "export_course": Limit(6, MINUTE),
    # Each keeps a worker busy for seconds.
    "solve_problem": Limit(30, MINUTE),
}


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed logins that bear on the next one; those of an account since its last success.

    *account* has those from everywhere, *address* those of every account, *pair* those of this
    account from this address. It is *known* where the account has logged in from there before.
    """

    account: Sequence[datetime]
    address: Sequence[datetime]
    pair: Sequence[datetime]
    known: bool = False


def login_wait(failures: Failures, now: datetime) -> int:
    """Return how many seconds the next login must wait, 0 for none.

    Where the account is known at this address, only what failed there counts: nobody locks a
    student out from elsewhere on the evening of the deadline.
    """
    account = LIMITS["login_account"]
    if failures.known:
        return wait(account, failures.pair, now)
    held = wait(LIMITS["login_address"], failures.address, now)
    return max(wait(account, failures.account, now), held)


def wait(limit: Limit, events: Sequence[datetime], now: datetime) -> int:
    """Return how many whole seconds to wait until *limit* lets the next event happen, 0 for none.

    Events may stand in any order. One that another machine's clock puts up to a window ahead of
    *now* counts as now; one still further ahead is from before the clock was put back. An event
    that is forgotten in the meantime shortens the pause.
    """
    ages = sorted(
        max(now - event, ZERO) for event in events if -limit.window <= now - event < limit.memory
    )
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


def _pause(first: timedelta, longest: timedelta, further: int) -> timedelta:
    """Return *first*, doubled for each *further* event; never more than *longest*."""
    doublings = min(further, (longest // first).bit_length())
    return min(first * (1 << doublings), longest)


def address_key(address: str) -> str:
    """Return what a client's *address* is counted under.

    One household has a whole /64 of IPv6. What is no address, as with a socket file, is
    ``unknown``.
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
