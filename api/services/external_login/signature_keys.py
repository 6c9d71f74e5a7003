"""Public keys of an issuer, fetched from its JWKS address and cached."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

MAX_AGE_SECONDS: Final = 3600
MIN_FETCH_SECONDS: Final = 10
"""Seconds between two fetches for tokens whose key is not known."""

JwksFetcher: TypeAlias = Callable[[], dict[str, Any]]
"""Function that fetches the JWKS of an issuer."""


class UnreadableKeysError(Exception):
    """The JWKS of an issuer has no usable form."""


@dataclass(frozen=True, slots=True)
class _FetchedKeys:
    key_set: KeySet
    fetched_at: float


@dataclass(slots=True)
class SignatureKeys:
    """Keys of one issuer; they are fetched again after an hour, or for a key that is not known."""

    _keys: _FetchedKeys | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def decode(
        self, token: str, fetch: JwksFetcher, *, algorithms: Sequence[str]
    ) -> dict[str, Any]:
        """Return the claims of a signed *token*, which are not validated yet.

        Raises `JoseError` or `ValueError` for a token without a valid signature,
        `UnreadableKeysError`, and the errors of *fetch*.
        """
        keys = self._load(fetch, newer_than=None)
        try:
            return jwt.decode(token, keys.key_set, algorithms=list(algorithms)).claims
        except InvalidKeyIdError:
            keys = self._load(fetch, newer_than=keys.fetched_at)
            return jwt.decode(token, keys.key_set, algorithms=list(algorithms)).claims

    def _load(self, fetch: JwksFetcher, *, newer_than: float | None) -> _FetchedKeys:
        with self._lock:
            keys, now = self._keys, time.monotonic()
        max_age = MAX_AGE_SECONDS if newer_than is None else MIN_FETCH_SECONDS
        if keys is not None and now - keys.fetched_at < max_age:
            return keys
        listed = fetch().get("keys")
        usable = [
            key
            for key in (listed if isinstance(listed, list) else ())
            if isinstance(key, dict)
            and key.get("kty") in {"RSA", "EC"}
            and key.get("use", "sig") == "sig"
        ]
        try:
            keys = _FetchedKeys(KeySet.import_key_set({"keys": usable}), now)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise UnreadableKeysError("the keys cannot be read") from error
        with self._lock:
            self._keys = keys
        return keys
