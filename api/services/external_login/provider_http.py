"""HTTP requests to OpenID providers, whose replies are JSON objects."""

import json
import re
from typing import Any, Final
from urllib.parse import quote

import httpx2

from api.core.json_text import replace_unstorable_characters
from api.services.external_login.outbound_http import OutboundError, OutboundHttp, OutboundLimits

LIMITS: Final = OutboundLimits(256 * 1024, timeout_seconds=5, total_seconds=10)
HTTP_OK: Final = 200
CLIENT_ERRORS: Final = range(400, 500)
ERROR_CODE: Final = re.compile(rb'"error"\s*:\s*"([a-z_]{1,40})"')


class ProviderError(Exception):
    """The provider did not answer, or not as the standard says; the message is for the log."""


class ProviderRefusalError(ProviderError):
    """The provider refused a request."""


def _find_error_code(body: bytes) -> str:
    """Return the error code of a reply (RFC 6749, 5.2) for the log, without its description.

    A description may contain names.

    >>> _find_error_code(b'{"error": "invalid_grant"}'), _find_error_code(b"<html>")
    (' invalid_grant', '')
    """
    match = ERROR_CODE.search(body)
    return f" {match[1].decode()}" if match else ""


class ProviderHttp:
    """HTTP client for one provider; *transport* replaces the network in tests."""

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._http = OutboundHttp(LIMITS, transport)

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
        self._http.close()

    def _request(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            reply = self._http.send(method, url, **options)
        except OutboundError as error:
            raise ProviderError(f"{url}: {error}") from error
        if reply.status != HTTP_OK:
            kind = ProviderRefusalError if reply.status in CLIENT_ERRORS else ProviderError
            raise kind(f"{url}: status {reply.status}{_find_error_code(reply.body)}")
        try:
            value = replace_unstorable_characters(json.loads(reply.body))
        except (ValueError, RecursionError) as error:
            raise ProviderError(f"{url}: the reply is not JSON") from error
        if not isinstance(value, dict):
            raise ProviderError(f"{url}: the reply is not a JSON object")
        return value
