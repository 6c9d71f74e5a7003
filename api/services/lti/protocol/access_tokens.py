"""Access tokens for the services of a platform: client credentials with a signed assertion."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from joserfc import jwt
from joserfc.jwk import RSAKey

from api.core.ids import new_id_text
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.grade_service import raise_if_platform_unavailable
from api.services.lti.protocol.public_http import PlatformHttp

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME: Final = timedelta(minutes=5)
DEFAULT_LIFETIME_SECONDS: Final = 300
MAX_LIFETIME_SECONDS: Final = 3600
RENEWAL_MARGIN: Final = timedelta(seconds=30)
PROBE_INTERVAL: Final = timedelta(seconds=30)
"""Time between two tokens of an endpoint that are fetched only to learn whether it answers."""
WRONG_CLIENT_REASONS: Final = frozenset({"invalid_client", "unauthorized_client"})
WRONG_CLIENT_HINT: Final = (
    "check the client id here, and the address of Grader's keys (JWKS) in the settings of the tool "
    "at the platform"
)


class TokenRefusedError(PlatformError):
    """The platform gives no access token; the message says why."""


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Address at which a client gets tokens, and the audience that its assertions name."""

    url: str
    client_id: str
    audience: str


@dataclass(frozen=True, slots=True)
class _CachedToken:
    text: str = field(repr=False)
    renew_at: datetime


@dataclass(slots=True)
class _Probe:
    """Last probe of an endpoint, with its error if it failed."""

    began_at: datetime
    error: PlatformError | None = None


_Key: TypeAlias = tuple[TokenEndpoint, tuple[str, ...]]


@dataclass(slots=True)
class AccessTokens:
    """Access tokens, cached until half a minute before they expire."""

    _tokens: dict[_Key, _CachedToken] = field(default_factory=dict, init=False)
    _probes: dict[TokenEndpoint, _Probe] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def get(
        self,
        http: PlatformHttp,
        endpoint: TokenEndpoint,
        scopes: tuple[str, ...],
        load_key: Callable[[], RSAKey],
        *,
        now: datetime,
    ) -> str:
        """Return a token for *scopes*; raise `TokenRefusedError` or another `PlatformError`."""
        with self._lock:
            cached = self._tokens.get((endpoint, scopes))
        if cached is not None and now < cached.renew_at:
            return cached.text
        fetched = _fetch_token(http, endpoint, scopes, load_key(), now=now)
        with self._lock:
            self._tokens[endpoint, scopes] = fetched
        return fetched.text

    def probe(
        self,
        http: PlatformHttp,
        endpoint: TokenEndpoint,
        scopes: tuple[str, ...],
        load_key: Callable[[], RSAKey],
        *,
        now: datetime,
    ) -> None:
        """Fetch another token; the cached one stays until there is a new one.

        Within `PROBE_INTERVAL` of the last probe of an endpoint, its result is returned or raised
        again: many errors at a time must not cause as many requests. Raises `PlatformError`.
        """
        with self._lock:
            probe = self._probes.get(endpoint)
            if is_new := probe is None or now - probe.began_at >= PROBE_INTERVAL:
                probe = self._probes[endpoint] = _Probe(now)
        if not is_new:
            if probe.error is not None:
                raise probe.error
            return
        try:
            fetched = _fetch_token(http, endpoint, scopes, load_key(), now=now)
        except PlatformError as error:
            probe.error = error
            raise
        with self._lock:
            self._tokens[endpoint, scopes] = fetched

    def forget(self, endpoint: TokenEndpoint, scopes: tuple[str, ...]) -> None:
        """Forget a token, so that the next `get` fetches another one."""
        with self._lock:
            self._tokens.pop((endpoint, scopes), None)


def _fetch_token(
    http: PlatformHttp,
    endpoint: TokenEndpoint,
    scopes: tuple[str, ...],
    key: RSAKey,
    *,
    now: datetime,
) -> _CachedToken:
    issued_at = int(now.timestamp())
    claims = {
        "iss": endpoint.client_id,
        "sub": endpoint.client_id,
        "aud": endpoint.audience,
        "iat": issued_at,
        "exp": issued_at + int(ASSERTION_LIFETIME.total_seconds()),
        "jti": new_id_text(),
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jwt.encode({"alg": "RS256", "kid": key.kid, "typ": "JWT"}, claims, key),
        "scope": " ".join(scopes),
    }
    reply = http.send("POST", endpoint.url, form=form)
    raise_if_platform_unavailable(reply, "an access token")
    value = reply.value if isinstance(reply.value, dict) else {}
    token = value.get("access_token")
    if not reply.is_success or not isinstance(token, str) or not token.isascii():
        reason = str(value.get("error", ""))[:100]
        raise TokenRefusedError(_explain_refusal(reply.status, reason, scopes))
    lifetime = value.get("expires_in")
    seconds = DEFAULT_LIFETIME_SECONDS
    if isinstance(lifetime, int) and lifetime > 0:
        seconds = min(lifetime, MAX_LIFETIME_SECONDS)
    return _CachedToken(token, now + timedelta(seconds=seconds) - RENEWAL_MARGIN)


def _explain_refusal(status: int, reason: str, scopes: tuple[str, ...]) -> str:
    """Return why there is no token, with the setting of the platform that is wrong.

    >>> _explain_refusal(400, "invalid_scope", ("https://a.example/s",)).partition("; ")[2]
    'allow the service https://a.example/s in the settings of the tool at the platform'
    """
    message = f"no access token: status {status} {reason}".strip()
    if reason == "invalid_scope":
        services = " ".join(scopes)
        return (
            f"{message}; allow the service {services} in the settings of the tool at the platform"
        )
    if reason in WRONG_CLIENT_REASONS:
        return f"{message}; {WRONG_CLIENT_HINT}"
    return message
