"""Rate limits of log-ins, invitations, exports and similar actions.

The caller of this module stores the events. A refused attempt is no event, or the wait would never
end.
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
    """Limit of *count* events per *window*.

    With *longest*, each further event doubles the pause, up to *longest*.
    """

    count: int
    window: timedelta
    longest: timedelta | None = None

    @property
    def memory(self) -> timedelta:
        """How long an event counts; older ones need not be read and may be deleted."""
        return self.window if self.longest is None else REMEMBERED * self.longest


MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
GUESSES: Final = Limit(5, MINUTE, longest=15 * MINUTE)
LIMITS: Final[Mapping[Action, Limit]] = {
    "login_device": GUESSES,
    "login_pair": GUESSES,
    "login_account": GUESSES,
    "login_account_cap": Limit(1_000, HOUR),
    # A lecture hall is one address. Pauses do not grow here, or one visitor would lock out all.
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
    # Each takes up to a second of CPU time in a large class.
    "check_export": Limit(30, MINUTE),
    "upload_file": Limit(30, MINUTE),
}
FIRST_TRIES: Final = 3
"""Failures of an account from an address, within the memory of a pair, until others slow it down
there. A first password that is right and two typing errors before it are let through."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Failed log-ins that are relevant to the next one, by what they share with it.

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
class Ruling:
    """Decision on a log-in: whether to check the password, and the wait after a failure.

    *seconds* is how long a failed log-in has to wait, 0 if it only learns that it was wrong.
    """

    is_checked: bool
    seconds: int


def rule_login(failures: Failures, now: datetime) -> Ruling:
    """Decide on a log-in; the decision never depends on whether the account exists.

    Failures elsewhere slow an account down only after a few failures at the same address, and never
    in a known browser. A first try is refused only far above these limits.
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
    """Return in how many whole seconds *limit* allows the next event, 0 for now.

    Events may be in any order. An event up to a window ahead of *now*, by another machine's clock,
    counts as now; one still further ahead is from before the clock was set back, and is ignored. An
    event that expires in the meantime shortens the pause.
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
    """Return the ages of the events that still count, newest event first."""
    return sorted(
        max(now - event, ZERO) for event in events if -limit.window <= now - event < limit.memory
    )


def _pause(first: timedelta, longest: timedelta, further: int) -> timedelta:
    """Return *first*, doubled for each *further* event, at most *longest*."""
    doublings = min(further, (longest // first).bit_length())
    return min(first * (1 << doublings), longest)


def address_key(address: str) -> str:
    """Return the key under which a client's *address* is counted.

    IPv6 addresses are counted by /48, because a household or a customer of a provider may have a
    whole one. A client without an IP address, as on a Unix socket, is ``unknown``.
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
