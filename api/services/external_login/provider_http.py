"""HTTP requests to OpenID providers: few at a time, short, small, and without redirects."""

import json
import threading
from typing import Any, Final
from urllib.parse import quote

import httpx2

MAX_RESPONSE_BYTES: Final = 256 * 1024
TIMEOUT_SECONDS: Final = 5
MAX_CONCURRENT_REQUESTS: Final = 8
"""Requests to a provider at a time: a slow one must not take the threads that serve students."""
WAIT_SECONDS: Final = 2
HTTP_OK: Final = 200
CLIENT_ERRORS: Final = range(400, 500)


class ProviderError(Exception):
    """The provider did not answer, or not as the standard says; the message is for the log."""


class ProviderRefusalError(ProviderError):
    """The provider refused a request."""


class ProviderHttp:
    """HTTP client for one provider; *transport* replaces the network in tests."""

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(MAX_CONCURRENT_REQUESTS)

    def get_json(self, url: str, *, token: str = "") -> dict[str, Any]:
        """Return the JSON object at *url*; raise `ProviderError` if there is none."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._request("GET", url, headers=headers)

    def post_form(
        self, url: str, fields: dict[str, str], *, basic: tuple[str, str] | None
    ) -> dict[str, Any]:
        """Return the JSON object with which *url* replies to a form.

        *basic* are user and password. Raises `ProviderError`; for a status from 400 to 499 it is a
        `ProviderRefusalError`.
        """
        # RFC 6749, 2.3.1: both are form-encoded first.
        auth = None if basic is None else (quote(basic[0], safe=""), quote(basic[1], safe=""))
        return self._request("POST", url, data=fields, auth=auth)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _request(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        if not self._turns.acquire(timeout=WAIT_SECONDS):
            raise ProviderError("too many requests wait for the provider")
        try:
            return self._request_in_turn(method, url, **options)
        except httpx2.HTTPError as error:
            raise ProviderError(f"{url}: {type(error).__name__}") from error
        finally:
            self._turns.release()

    def _request_in_turn(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        body = bytearray()
        with self._open_client().stream(method, url, **options) as response:
            for piece in response.iter_bytes():
                body += piece
                if len(body) > MAX_RESPONSE_BYTES:
                    raise ProviderError(f"{url}: the reply is too long")
            status = response.status_code
        if status != HTTP_OK:
            kind = ProviderRefusalError if status in CLIENT_ERRORS else ProviderError
            raise kind(f"{url}: status {status}")
        try:
            value = json.loads(bytes(body))
        except (ValueError, RecursionError) as error:
            raise ProviderError(f"{url}: the reply is not JSON") from error
        if not isinstance(value, dict):
            raise ProviderError(f"{url}: the reply is not a JSON object")
        return value

    def _open_client(self) -> httpx2.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    transport=self._transport,
                    timeout=TIMEOUT_SECONDS,
                    follow_redirects=False,
                    headers={"Accept": "application/json"},
                )
            return self._client
