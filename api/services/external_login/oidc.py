"""OpenID Connect: login at a provider by discovery and authorization code with PKCE.

The ID token is checked in full, although it comes straight from the provider: signature, issuer,
audience, expiry and nonce.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError

from api.config.oidc_settings import OidcProviderSettings, is_trustworthy_url
from api.core.errors import Forbidden, ServiceUnavailable
from api.core.json_text import REPLACEMENT, replace_unstorable_characters
from api.services.external_login.fetched_value import FetchedValue, FetchUnderWayError
from api.services.external_login.flows import FlowSecret
from api.services.external_login.identities import AssertedIdentity, parse_email
from api.services.external_login.provider_http import (
    ProviderError,
    ProviderHttp,
    ProviderRefusalError,
)
from api.services.external_login.provider_sessions import LOGOUT_RETURN_PATH, shorten_id_token
from api.services.external_login.signature_keys import KeysUnavailableError, SignatureKeys

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
"""Signatures by a public key; neither ``none`` nor HMAC, whose key others may know."""
METADATA_SECONDS: Final = 3600
LEEWAY_SECONDS: Final = 60
MAX_SUBJECT_CHARACTERS: Final = 255
SCOPE: Final = "openid email profile"
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
UNAVAILABLE: Final = (
    "{name} does not respond correctly. You are not logged in. Try again in a "
    "minute; if this continues, tell an administrator."
)
NOT_ACCEPTED: Final = "The reply of {name} was not accepted. Start again."

log = logging.getLogger("api.oidc")


def _add_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


class _TokenError(Exception):
    """The ID token is not acceptable; the message is for the log."""


@dataclass(frozen=True, slots=True)
class _Metadata:
    """Metadata of a provider."""

    values: dict[str, Any]

    def supports(self, name: str, value: str) -> bool:
        listed = self.values.get(name)
        return isinstance(listed, list) and value in listed


@dataclass(slots=True)
class OidcProvider:
    """One provider; *public_url* is the address of this service."""

    settings: OidcProviderSettings
    public_url: str
    http: ProviderHttp = field(default_factory=ProviderHttp)
    _metadata: FetchedValue[_Metadata] = field(default_factory=FetchedValue, init=False)
    _keys: SignatureKeys = field(default_factory=SignatureKeys, init=False)

    @property
    def redirect_uri(self) -> str:
        """The address to which the provider sends the browser back, one for each provider."""
        return f"{self.public_url.rstrip('/')}/login/oidc/{self.settings.id}/callback"

    @property
    def logout_uri(self) -> str:
        """The address to which a provider sends the browser back after the logout there."""
        return f"{self.public_url.rstrip('/')}{LOGOUT_RETURN_PATH}"

    def build_authorization_url(self, secret: FlowSecret) -> str:
        """Return where the browser logs in; raise `ServiceUnavailable` if the provider is down."""
        try:
            metadata = self._load_metadata()
        except ProviderError as error:
            raise self._build_unavailable_error(error) from error
        endpoint = metadata.values["authorization_endpoint"]
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": secret.state,
            "nonce": secret.nonce,
            "code_challenge": secret.challenge,
            "code_challenge_method": "S256",
        }
        return _add_query(endpoint, query)

    def fetch_identity(
        self, secret: FlowSecret, *, code: str, issuer: str | None, now: datetime
    ) -> AssertedIdentity:
        """Exchange a *code* for the identity of the user.

        *issuer* is the parameter ``iss`` of the reply (RFC 9207). Raises `Forbidden` for a reply
        that is not acceptable, and `ServiceUnavailable` if the provider is down.
        """
        try:
            metadata = self._load_metadata()
            self._check_issuer(metadata, issuer)
            tokens = self._redeem_code(metadata, secret, code)
            claims = self._verify_id_token(metadata, tokens.get("id_token"), secret, now=now)
            claims |= self._fetch_missing_email_claims(metadata, tokens, claims)
            return self._build_identity(claims, shorten_id_token(tokens["id_token"]))
        except (_TokenError, ProviderRefusalError) as error:
            log.warning("the login by %s was refused: %s", self.settings.id, error)
            raise Forbidden(NOT_ACCEPTED.format(name=self.settings.name)) from error
        except ProviderError as error:
            raise self._build_unavailable_error(error) from error

    def build_logout_url(self, id_token: str) -> str | None:
        """Return where the browser logs out at the provider, None if the provider has no such page.

        *id_token* is that of the login, "" if it is unknown. Raises `ServiceUnavailable` if the
        provider is down.
        """
        try:
            endpoint = self._load_metadata().values.get("end_session_endpoint")
        except ProviderError as error:
            raise self._build_unavailable_error(error) from error
        if not is_trustworthy_url(endpoint):
            return None
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": self.logout_uri}
        query |= {"id_token_hint": id_token} if id_token else {}
        return _add_query(str(endpoint), query)

    def _build_unavailable_error(self, error: ProviderError) -> ServiceUnavailable:
        log.warning("the provider %s fails: %s", self.settings.id, error)
        return ServiceUnavailable(UNAVAILABLE.format(name=self.settings.name))

    def _load_metadata(self) -> _Metadata:
        """Return the metadata, fetched once an hour; raise `ProviderError` if they are unusable."""
        try:
            return self._metadata.get(self._fetch_metadata, max_age_seconds=METADATA_SECONDS)
        except FetchUnderWayError as error:
            raise ProviderError(f"{self.settings.issuer}: {error}") from error

    def _fetch_metadata(self) -> _Metadata:
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        values = self.http.get_json(url)
        if values.get("issuer") != self.settings.issuer:
            raise ProviderError(f"{url} is from another issuer")
        for name in ENDPOINTS:
            if not is_trustworthy_url(values.get(name)):
                raise ProviderError(f"{url} has no https address as {name}")
        return _Metadata(values)

    def _check_issuer(self, metadata: _Metadata, issuer: str | None) -> None:
        """Refuse a reply of another issuer, which could come from a mix-up of two providers."""
        is_required = metadata.values.get("authorization_response_iss_parameter_supported") is True
        if issuer is None and is_required:
            raise _TokenError("the reply has no issuer, which the provider always sends")
        if issuer is not None and issuer != self.settings.issuer:
            raise _TokenError("the reply is from another issuer")

    def _redeem_code(self, metadata: _Metadata, secret: FlowSecret, code: str) -> dict[str, Any]:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": secret.verifier,
        }
        client_id, client_secret = self.settings.client_id, self.settings.client_secret
        methods = "token_endpoint_auth_methods_supported"
        basic = None
        if client_secret is None:
            fields["client_id"] = client_id
        elif metadata.supports(methods, "client_secret_post") and not metadata.supports(
            methods, "client_secret_basic"
        ):
            fields |= {"client_id": client_id, "client_secret": client_secret}
        else:
            basic = (client_id, client_secret)
        return self.http.post_form(metadata.values["token_endpoint"], fields, basic=basic)

    def _verify_id_token(
        self, metadata: _Metadata, token: object, secret: FlowSecret, *, now: datetime
    ) -> dict[str, Any]:
        """Return the claims of an ID token; raise `_TokenError` if it is not acceptable."""
        if not isinstance(token, str):
            raise _TokenError("the provider sent no ID token")
        client_id = self.settings.client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": secret.nonce},
        )
        try:
            claims: dict[str, Any] = replace_unstorable_characters(self._decode(metadata, token))
            registry.validate(claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            reason = getattr(error, "claim", None) or type(error).__name__
            raise _TokenError(f"the ID token is not valid: {reason}") from error
        audience, authorized = claims["aud"], claims.get("azp")
        is_shared = isinstance(audience, list) and len(audience) > 1
        if (is_shared or authorized is not None) and authorized != client_id:
            raise _TokenError("the ID token is for another client")
        return claims

    def _decode(self, metadata: _Metadata, token: str) -> dict[str, Any]:
        """Return the claims of a signed token; new keys are fetched if its key is not known."""

        def fetch() -> dict[str, Any]:
            return self.http.get_json(metadata.values["jwks_uri"])

        try:
            return self._keys.decode(token, fetch, algorithms=ALGORITHMS)
        except KeysUnavailableError as error:
            raise ProviderError("the keys of the provider cannot be read") from error

    def _fetch_missing_email_claims(
        self, metadata: _Metadata, tokens: dict[str, Any], claims: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the claims about the e-mail address that the ID token lacks, if there are any."""
        endpoint, token = metadata.values.get("userinfo_endpoint"), tokens.get("access_token")
        if "email" in claims or not isinstance(token, str) or not is_trustworthy_url(endpoint):
            return {}
        user_info = self.http.get_json(str(endpoint), token=token)
        if user_info.get("sub") != claims.get("sub"):
            raise _TokenError("the user info is for another subject")
        names = ("email", "email_verified", "name")
        return {name: user_info[name] for name in names if name in user_info}

    def _build_identity(self, claims: dict[str, Any], id_token: str) -> AssertedIdentity:
        subject = claims["sub"]
        is_usable = isinstance(subject, str) and 0 < len(subject) <= MAX_SUBJECT_CHARACTERS
        # Two subjects must not become one by a replacement.
        if not is_usable or REPLACEMENT in subject:
            raise _TokenError("the ID token has no usable subject")
        # Without the claim, and with any other value, the address counts as unverified.
        is_verified = claims.get("email_verified") is True
        email = parse_email(claims.get("email")) if is_verified else None
        names = (claims.get("name"), claims.get("preferred_username"), email, subject)
        name = next(one for one in names if isinstance(one, str) and one.strip())
        name = " ".join(name.split())
        return AssertedIdentity(self.settings.issuer, subject, email, name, id_token)
