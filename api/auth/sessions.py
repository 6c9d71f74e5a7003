"""Sessions of the pages: lifetimes, the events that end them, cookies, and CSRF protection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

IDLE_TIMEOUT: Final = timedelta(hours=12)
SESSION_LIFETIME: Final = timedelta(days=7)
DEVICE_LIFETIME: Final = timedelta(days=180)
"""Time for which a browser remains known to an account after its last login there."""
SEEN_AT_UPDATE_INTERVAL: Final = timedelta(minutes=5)
"""Maximum age of the stored time of the last request, so that few pages write a row."""

SessionEvent = Literal[
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
class CredentialEffect:
    """Effect of an event on a person's sessions and API tokens.

    *this_session* is the session in which it happened. ``new`` replaces it by one with a new id, so
    that an id that somebody planted or saw before is useless afterwards (session fixation).
    """

    this_session: Literal["new", "end"]
    other_sessions: Literal["keep", "end"]
    tokens: Literal["keep", "end"]


SESSION_EVENT_EFFECTS: Final[Mapping[SessionEvent, CredentialEffect]] = {
    "login": CredentialEffect(this_session="new", other_sessions="keep", tokens="keep"),
    "logout": CredentialEffect(this_session="end", other_sessions="keep", tokens="keep"),
    "logout_everywhere": CredentialEffect(this_session="end", other_sessions="end", tokens="keep"),
    "password_changed": CredentialEffect(this_session="new", other_sessions="end", tokens="keep"),
    "password_locked": CredentialEffect(this_session="end", other_sessions="end", tokens="end"),
    # Another person changes the role, and a session's id must change with its rights: the user
    # logs in again. Tokens stay valid, because each request checks the role.
    "role_changed": CredentialEffect(this_session="end", other_sessions="end", tokens="keep"),
    "reset": CredentialEffect(this_session="new", other_sessions="end", tokens="end"),
    "suspended": CredentialEffect(this_session="end", other_sessions="end", tokens="end"),
}


def compute_session_expiry(created: datetime, seen: datetime) -> datetime:
    """Return when a session expires: after 12 idle hours, or 7 days after its login."""
    return min(created + SESSION_LIFETIME, seen + IDLE_TIMEOUT)


def is_session_alive(created: datetime, seen: datetime, *, now: datetime) -> bool:
    """Return whether a session is valid at *now*; at its exact end it is not."""
    return now < compute_session_expiry(created, seen)


def is_seen_at_stale(seen: datetime, *, now: datetime) -> bool:
    """Return whether the stored time *seen* is old enough to be replaced by *now*."""
    return now - seen >= SEEN_AT_UPDATE_INTERVAL


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Session cookie: its name, and whether it is sent over https only."""

    name: str
    secure: bool

    def to_header(self, value: str, *, remaining: timedelta = SESSION_LIFETIME) -> str:
        """Return the ``Set-Cookie`` header that sets *value* for the *remaining* time."""
        secure = "; Secure" if self.secure else ""
        age = max(int(remaining.total_seconds()), 0)
        return f"{self.name}={value}; Max-Age={age}; Path=/{secure}; HttpOnly; SameSite=Lax"

    def to_clearing_header(self) -> str:
        """Return the ``Set-Cookie`` header that deletes the cookie."""
        return self.to_header("", remaining=timedelta(0))


@lru_cache(maxsize=16)
def build_session_cookie(public_url: str) -> SessionCookie:
    """Return the session cookie of a service with the public *public_url*, such as its https URL.

    Raises `ValueError` unless that is https or this machine, because anyone on the network path
    could read the session. The prefix ``__Host-`` prevents other hosts of the domain from setting
    the cookie.
    """
    match _scheme_and_host(public_url):
        case "https", str(host) if host:
            return SessionCookie("__Host-grader", secure=True)
        case "http", str(host) if _is_loopback_host(host):
            return SessionCookie("grader", secure=False)
    raise ValueError(
        f"sessions require https, but the public address is {public_url!r}. Put a proxy with a "
        "certificate in front, or use http://127.0.0.1 on one machine"
    )


def is_loopback_url(address: str) -> bool:
    """Return whether only this machine reaches an *address*: ``http`` at a loopback host."""
    scheme, host = _scheme_and_host(address)
    return scheme == "http" and _is_loopback_host(host)


def build_device_cookie(public_url: str) -> SessionCookie:
    """Return the cookie that marks a known browser; it outlives sessions and grants no access."""
    session = build_session_cookie(public_url)
    return SessionCookie(f"{session.name}-device", secure=session.secure)


def _scheme_and_host(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def _is_loopback_host(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SAME_SITE_VALUES: Final = frozenset({"same-origin", "none"})
"""``Sec-Fetch-Site`` values of our own pages, and of a typed address or a bookmark."""


def explain_cross_site_refusal(method: str, headers: Mapping[str, str]) -> str | None:
    """Return why a request of the pages is refused as cross-site, or None if it is allowed.

    *headers* have lower-case names (or ignore case). The check covers every form, including login,
    because another site could log its visitor in to that site's own account. Requests with an API
    token need no check, as browsers never send one by themselves.
    """
    if method.upper() in SAFE_METHODS:
        return None
    site = headers.get("sec-fetch-site")
    if site is not None:
        return (
            None
            if site in SAME_SITE_VALUES
            else _refusal_message(f"Sec-Fetch-Site is {site[:40]!r}")
        )
    origin = headers.get("origin")
    if origin is None:
        return _refusal_message("the request has neither Sec-Fetch-Site nor Origin")
    host = headers.get("host", "").lower()
    if host and _parse_host(origin) == host:
        return None
    return _refusal_message(f"Origin is {origin[:80]!r}")


def _parse_host(origin: str) -> str:
    """Return host and port of an ``Origin`` header, "" for ``null`` and invalid ones.

    The scheme is ignored, because a proxy in front may terminate https.
    """
    scheme, _, host = origin.lower().partition("://")
    return host if scheme in {"http", "https"} else ""


def _refusal_message(why: str) -> str:
    return (
        f"The form was not sent from a page of this service ({why}). Open the page "
        "and try again. A program sends a token, or the address of the service as "
        "Origin."
    )
