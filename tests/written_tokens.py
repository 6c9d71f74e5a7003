"""ID tokens whose claims are written as they are, whatever JSON allows."""

import base64
import json
from typing import Any

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

__all__ = ["sign_as_written"]


def sign_as_written(claims: dict[str, Any], key: RSAKey, kid: str) -> str:
    """Return an ID token with *claims* that a library may refuse to write."""
    header = {"alg": "RS256", "kid": kid}
    body = b".".join(_encode(json.dumps(one).encode()) for one in (header, claims))
    signature = JWSRegistry.algorithms["RS256"].sign(body, key)
    return (body + b"." + _encode(signature)).decode()


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
