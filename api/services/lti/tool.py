"""LTI tool, which this service is: its addresses, HTTP client and caches; one for each process."""

import logging
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from joserfc import jwt
from joserfc.errors import JoseError

from api.config.settings import ServiceSettings
from api.core.json_text import replace_unstorable_characters
from api.db.engine import Database
from api.db.models import LtiPlatform
from api.services.external_login.signature_keys import KeysUnavailableError, SignatureKeys
from api.services.lti.platforms.configuration import ToolAddresses
from api.services.lti.platforms.tool_keys import get_or_create_signing_key
from api.services.lti.protocol.access_tokens import AccessTokens, TokenEndpoint
from api.services.lti.protocol.addresses import PlatformError
from api.services.lti.protocol.claims import ClaimError
from api.services.lti.protocol.public_http import PlatformHttp

ALGORITHMS: Final = ("RS256",)
"""LTI 1.3 signs launches with RS256; ``none`` and HMAC with a public key must never pass."""
LEEWAY_SECONDS: Final = 60
MAX_AGE_SECONDS: Final = 3600
"""Maximum age of a message, whatever its expiry."""

log = logging.getLogger("api.lti")


@dataclass(slots=True)
class LtiTool:
    """LTI tool; *http* sends all requests to platforms."""

    addresses: ToolAddresses
    http: PlatformHttp = field(default_factory=PlatformHttp)
    _tokens: AccessTokens = field(default_factory=AccessTokens, init=False)
    _keys: dict[str, SignatureKeys] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self:
        """Return the tool of a service with these *settings*."""
        return cls(ToolAddresses(settings.public_url.rstrip("/")))

    def verify_id_token(
        self, platform: LtiPlatform, id_token: str, *, nonce: str, now: datetime
    ) -> dict[str, Any]:
        """Return the claims of an ID token that *platform* signed for this tool.

        Raises `ClaimError` if it is not acceptable, and `PlatformError` if the keys of the platform
        cannot be fetched.
        """
        try:
            claims: dict[str, Any] = replace_unstorable_characters(self._decode(platform, id_token))
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            log.warning("a launch from %s: %s", platform.issuer, type(error).__name__)
            raise ClaimError("is not signed with a key of the platform") from error
        _check_claims(claims, platform, nonce=nonce, now=int(now.timestamp()))
        return claims

    def _decode(self, platform: LtiPlatform, id_token: str) -> dict[str, Any]:
        jwks_url = platform.jwks_url
        with self._lock:
            # By address: an administrator may correct the one of the platform.
            keys = self._keys.setdefault(jwks_url, SignatureKeys())
        try:
            return keys.decode(
                id_token, lambda: self.http.get_object(jwks_url), algorithms=ALGORITHMS
            )
        except KeysUnavailableError as error:
            raise PlatformError(f"{jwks_url}: {error}") from error

    def fetch_token(
        self, db: Database, platform: LtiPlatform, scopes: tuple[str, ...], *, now: datetime
    ) -> str:
        """Return an access token of *platform* for *scopes*; raise `PlatformError`."""
        endpoint = TokenEndpoint(
            platform.token_url, platform.client_id, platform.audience or platform.token_url
        )
        return self._tokens.get(
            self.http, endpoint, scopes, lambda: get_or_create_signing_key(db, now=now), now=now
        )

    def probe_token(
        self, db: Database, platform: LtiPlatform, scopes: tuple[str, ...], *, now: datetime
    ) -> None:
        """Fetch another access token, unless that was tried just now; raise `PlatformError`."""
        endpoint = TokenEndpoint(
            platform.token_url, platform.client_id, platform.audience or platform.token_url
        )
        self._tokens.probe(
            self.http, endpoint, scopes, lambda: get_or_create_signing_key(db, now=now), now=now
        )

    def forget_token(self, platform: LtiPlatform, scopes: tuple[str, ...]) -> None:
        """Forget a cached access token that the platform does not accept any more."""
        endpoint = TokenEndpoint(
            platform.token_url, platform.client_id, platform.audience or platform.token_url
        )
        self._tokens.forget(endpoint, scopes)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()


def _check_claims(claims: dict[str, Any], platform: LtiPlatform, *, nonce: str, now: int) -> None:
    """Raise `ClaimError` unless the standard claims are those of a message for this tool."""
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": platform.issuer},
        aud={"essential": True, "value": platform.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        registry.validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        reason = getattr(error, "claim", "") or "a claim"
        raise ClaimError(f"is not valid ({reason})") from error
    audience, authorized = claims["aud"], claims.get("azp")
    is_shared = isinstance(audience, list) and len(audience) > 1
    if (is_shared or authorized is not None) and authorized != platform.client_id:
        raise ClaimError("is for another tool (azp)")
    if claims["iat"] < now - MAX_AGE_SECONDS:
        raise ClaimError("is more than an hour old (iat)")
