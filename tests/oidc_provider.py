"""A small OpenID provider for tests: it serves requests of the service without a network.

provider = OidcProvider("https://login.example.edu")
answer = provider.authorize(url, sub="1", email="ann@example.edu", email_verified=True)
page = browser.get(answer)   # as the browser does after the login there
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

__all__ = ["CLIENT_ID", "OidcProvider", "provider_key"]

CLIENT_ID = "grader"
CLIENT_SECRET = "a secret: of + this % client"  # noqa: S105  # of a provider that does not exist
_KEYS: dict[str, RSAKey] = {}


def provider_key(kid: str) -> RSAKey:
    """Return the RSA key of an id, made once in a run."""
    if kid not in _KEYS:
        _KEYS[kid] = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})
    return _KEYS[kid]


@dataclass
class OidcProvider:
    """Provider with the endpoints of discovery, keys, tokens and user info.

    *down* makes each request fail: ``"connection"``, or a status. *metadata* overrides the
    discovery document, *claims* the ID token (None leaves a claim out). *sign* signs the claims
    in another way. *user_info* is the reply of that endpoint.
    """

    issuer: str
    down: str | int = ""
    kid: str = "key-1"
    published: tuple[str, ...] = ("key-1",)
    other_keys: tuple[Any, ...] = ({"kty": "OKP", "kid": "x"},)
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Any = None
    user_info: dict[str, Any] = field(default_factory=dict)
    now: int = 0
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._serve)

    def authorize(self, url: str, *, iss: str | None = None, **claims: Any) -> str:
        """Return the address to which the browser is sent back after a login at *url*."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = query | {"claims": claims}
        answer = {"code": code, "state": query["state"]} | ({} if iss is None else {"iss": iss})
        back = urlsplit(query["redirect_uri"])
        assert back.netloc == "127.0.0.1:8000"
        return f"{back.path}?{urlencode(answer)}"

    def _serve(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if self.down == "connection":
            raise httpx2.ConnectError("refused")
        if self.down:
            return httpx2.Response(int(self.down), json={})
        if path == "/.well-known/openid-configuration":
            return httpx2.Response(200, json=self._discovery())
        if path == "/keys":
            keys = [provider_key(kid).as_dict(private=False) for kid in self.published]
            return httpx2.Response(200, json={"keys": [*keys, *self.other_keys]})
        if path == "/userinfo":
            assert request.headers["Authorization"] == "Bearer access"
            return httpx2.Response(200, json=self.user_info)
        assert path == "/token"
        return self._redeem(request)

    def _discovery(self) -> dict[str, Any]:
        addresses = {
            f"{name}_endpoint": f"{self.issuer}/{path}"
            for name, path in (
                ("authorization", "authorize"),
                ("token", "token"),
                ("userinfo", "userinfo"),
                ("end_session", "logout"),
            )
        }
        keys = {"jwks_uri": f"{self.issuer}/keys"}
        return {"issuer": self.issuer} | addresses | keys | self.metadata

    def _redeem(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        authorization = self.codes.pop(form["code"], None)
        assert self._is_client(request, form)
        if authorization is None or not self._fits(authorization, form):
            return httpx2.Response(400, json={"error": "invalid_grant"})
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": authorization["nonce"],
        }
        claims |= authorization["claims"] | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        sign = self.sign or self.signed
        return httpx2.Response(200, json={"access_token": "access", "id_token": sign(claims)})

    def _is_client(self, request: httpx2.Request, form: dict[str, str]) -> bool:
        if "client_secret" in form:
            return (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        kind, _, encoded = request.headers["Authorization"].partition(" ")
        assert kind == "Basic"
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        secret = parse_qs(f"x={password}")["x"][0]
        return (user, secret) == (CLIENT_ID, CLIENT_SECRET)

    def _fits(self, authorization: dict[str, Any], form: dict[str, str]) -> bool:
        digest = sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            challenge == authorization["code_challenge"]
            and form["redirect_uri"] == authorization["redirect_uri"]
        )

    def signed(self, claims: dict[str, Any]) -> str:
        """Return an ID token that is signed with the key in use."""
        return jwt.encode({"alg": "RS256", "kid": self.kid}, claims, provider_key(self.kid))

    def unsigned(self, claims: dict[str, Any]) -> str:
        """Return an ID token without a signature."""
        header = {"alg": "none", "kid": self.kid}
        pieces = (json.dumps(header).encode(), json.dumps(claims).encode())
        encoded = (base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in pieces)
        return f"{'.'.join(encoded)}."

    def signed_with_the_public_key(self, claims: dict[str, Any]) -> str:
        """Return an ID token with an HMAC under the public key, which everybody knows."""
        import hmac  # noqa: PLC0415  # joserfc refuses to make such a token

        header = {"alg": "HS256", "kid": self.kid}
        pieces = (json.dumps(header).encode(), json.dumps(claims).encode())
        body = ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in pieces)
        key = provider_key(self.kid).as_pem(private=False)
        mac = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), "sha256")).rstrip(b"=")
        return f"{body}.{mac.decode()}"

    def signed_by_somebody_else(self, claims: dict[str, Any]) -> str:
        """Return an ID token that claims the key in use and is signed with another one."""
        return jwt.encode(
            {"alg": "RS256", "kid": self.kid}, claims, provider_key("of somebody else")
        )
