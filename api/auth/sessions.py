"""Sessions of the pages: how long they last, what ends them, their cookies, and foreign forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

__all__ = [
    "ABSOLUTE",
    "DEVICE_LIFETIME",
    "EVENTS",
    "IDLE",
    "TOUCH",
    "Cookie",
    "Effect",
    "Event",
    "cookie_for",
    "device_cookie_for",
    "expires_at",
    "foreign_request",
    "is_alive",
    "is_on_this_machine",
    "is_touch_due",
]

IDLE: Final = timedelta(hours=12)
ABSOLUTE: Final = timedelta(days=7)
DEVICE_LIFETIME: Final = timedelta(days=180)
"""How long a browser is known for an account after its last log-in there."""
TOUCH: Final = timedelta(minutes=5)
"""How old the stored time of the last request may get: a page need not write a row each time."""

Event = Literal[
    "login",
    "logout",
    "logout_everywhere",
    "password_changed",
    "password_locked",
    "role_changed",
    "reset",
    "suspended",
]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event does to its person's sessions and tokens of the API.

    *this* is the session in which it happened; ``new`` ends it and starts another under a new id,
    so that an id that somebody planted or saw before is worth nothing after.
    """

    this: Literal["new", "end"]
    others: Literal["keep", "end"]
    tokens: Literal["keep", "end"]


EVENTS: Final[Mapping[Event, Effect]] = {
    "login": Effect(this="new", others="keep", tokens="keep"),
    "logout": Effect(this="end", others="keep", tokens="keep"),
    "logout_everywhere": Effect(this="end", others="end", tokens="keep"),
    "password_changed": Effect(this="new", others="end", tokens="keep"),
    "password_locked": Effect(this="end", others="end", tokens="end"),
    # Somebody else does it, and a session's id must change with its rights: log in again. Tokens
    # stay, as what they may do is asked of the role at each request.
    "role_changed": Effect(this="end", others="end", tokens="keep"),
    "reset": Effect(this="new", others="end", tokens="end"),
    "suspended": Effect(this="end", others="end", tokens="end"),
}


def expires_at(created: datetime, seen: datetime) -> datetime:
    """Return when a session ends of itself: unused for 12 hours, or 7 days after its login."""
    return min(created + ABSOLUTE, seen + IDLE)


def is_alive(created: datetime, seen: datetime, *, now: datetime) -> bool:
    """Tell whether a session can still be used; at the very instant of its end it cannot."""
    return now < expires_at(created, seen)


def is_touch_due(seen: datetime, *, now: datetime) -> bool:
    """Tell whether the time of the last request is so old that *now* is to be stored for it."""
    return now - seen >= TOUCH


@dataclass(frozen=True, slots=True)
class Cookie:
    """The cookie that carries a session; its name and whether it is for https alone."""

    name: str
    secure: bool

    def header(self, value: str, *, remaining: timedelta = ABSOLUTE) -> str:
        """Return the ``Set-Cookie`` header that gives *value* to the browser for this long."""
        secure = "; Secure" if self.secure else ""
        age = max(int(remaining.total_seconds()), 0)
        return f"{self.name}={value}; Max-Age={age}; Path=/{secure}; HttpOnly; SameSite=Lax"

    def cleared(self) -> str:
        """Return the ``Set-Cookie`` header that takes the session from the browser."""
        return self.header("", remaining=timedelta(0))


@lru_cache(maxsize=16)
def cookie_for(address: str) -> Cookie:
    """Return the cookie of a service that browsers reach at *address*, such as its https URL.

    Raises `ValueError` where that is neither https nor this very machine: anyone on the way could
    read the session. The prefix ``__Host-`` keeps other hosts of the domain from planting one.
    """
    match _scheme_and_host(address):
        case "https", str(host) if host:
            return Cookie("__Host-grader", secure=True)
        case "http", str(host) if _is_local(host):
            return Cookie("grader", secure=False)
    raise ValueError(
        f"sessions need https, and the public address is {address!r}; put a proxy with a "
        "certificate in front, or use http://127.0.0.1 on one machine"
    )


def is_on_this_machine(address: str) -> bool:
    """Tell whether only this machine reaches an *address*: ``http`` at a loopback host."""
    scheme, host = _scheme_and_host(address)
    return scheme == "http" and _is_local(host)


def device_cookie_for(address: str) -> Cookie:
    """Return the cookie by which a browser is known; it outlives sessions and opens nothing."""
    session = cookie_for(address)
    return Cookie(f"{session.name}-device", secure=session.secure)


def _scheme_and_host(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN: Final = frozenset({"same-origin", "none"})
"""A page of ours, or the person: an address typed, a bookmark."""


def foreign_request(method: str, headers: Mapping[str, str]) -> str | None:
    """Return why a request of the pages is refused as another site's, None where it is let through.

    *headers* have lower-case names (or ignore case). It holds for every form, that of the login
    too, since another site could log its visitor in under its own account; a request with a token
    of the API needs none of it, as no browser sends one of itself.
    """
    if method.upper() in SAFE:
        return None
    site = headers.get("sec-fetch-site")
    if site is not None:
        return None if site in OWN else _refusal(f"Sec-Fetch-Site is {site[:40]!r}")
    origin = headers.get("origin")
    if origin is None:
        return _refusal("neither Sec-Fetch-Site nor Origin was sent")
    host = headers.get("host", "").lower()
    if host and _host_of(origin) == host:
        return None
    return _refusal(f"Origin is {origin[:80]!r}")


def _host_of(origin: str) -> str:
    """Return host and port of an ``Origin`` header, empty for ``null`` and whatever is not one.

    The scheme is left out: a proxy in front speaks https for us.
    """
    scheme, _, host = origin.lower().partition("://")
    return host if scheme in {"http", "https"} else ""


def _refusal(why: str) -> str:
    return (
        f"The form was not sent from a page of this service ({why}); open the page and try again. "
        "A program sends a token, or as Origin the address of the service."
    )
