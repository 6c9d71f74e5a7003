"""Public keys of an issuer, fetched from its JWKS address and cached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import Key, KeySet, import_key

from api.services.external_login.fetched_value import FetchedValue, FetchUnderWayError

MAX_AGE_SECONDS: Final = 3600
MIN_FETCH_SECONDS: Final = 10
"""Seconds between two fetches for tokens whose key is not known."""
SIGNATURE_KEY_TYPES: Final = ("RSA", "EC")

JwksFetcher: TypeAlias = Callable[[], dict[str, Any]]
"""Function that fetches the JWKS of an issuer."""


class KeysUnavailableError(Exception):
    """The keys of an issuer have no usable form, or are being fetched and that takes long."""


@dataclass(slots=True)
class SignatureKeys:
    """Keys of one issuer; they are fetched again after an hour, or for a key that is not known."""

    _keys: FetchedValue[KeySet] = field(default_factory=FetchedValue, init=False)

    def decode(
        self, token: str, fetch: JwksFetcher, *, algorithms: Sequence[str]
    ) -> dict[str, Any]:
        """Return the claims of a signed *token*, which are not validated yet.

        Raises `JoseError` or `ValueError` for a token without a valid signature,
        `KeysUnavailableError`, and the errors of *fetch*.
        """
        keys = self._load(fetch, MAX_AGE_SECONDS)
        try:
            return jwt.decode(token, keys, algorithms=list(algorithms)).claims
        except InvalidKeyIdError:
            newer_keys = self._load(fetch, MIN_FETCH_SECONDS)
            return jwt.decode(token, newer_keys, algorithms=list(algorithms)).claims

    def _load(self, fetch: JwksFetcher, max_age_seconds: float) -> KeySet:
        try:
            return self._keys.get(lambda: _import_keys(fetch()), max_age_seconds=max_age_seconds)
        except FetchUnderWayError as error:
            raise KeysUnavailableError(str(error)) from error


def _import_keys(jwks: dict[str, Any]) -> KeySet:
    """Return the keys of a JWKS that can verify signatures; the others are ignored."""
    listed = jwks.get("keys")
    imported = map(_import_key, listed if isinstance(listed, list) else ())
    usable = [key for key in imported if key is not None]
    if not usable:
        raise KeysUnavailableError("no key can verify signatures")
    return KeySet(usable)


def _import_key(value: object) -> Key | None:
    """Return a key that can verify signatures, None for any other value."""
    if not isinstance(value, dict):
        return None
    if value.get("kty") not in SIGNATURE_KEY_TYPES or value.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(value)
        key.ensure_kid()
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key
