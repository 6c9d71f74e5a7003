"""HTTP requests to platforms: https only, to public addresses only, short, and without redirects.

The addresses come from platforms, so a request must never reach a service of the own network.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from api.core.json_text import replace_unstorable_characters
from api.services.external_login.deadline_transport import DeadlineTransport
from api.services.external_login.outbound_http import (
    OutboundError,
    OutboundHttp,
    OutboundLimits,
)
from api.services.lti.protocol.addresses import (
    HTTPS_PORT,
    PlatformError,
    PlatformUnreachableError,
    get_origin,
    is_https_url,
)

UNROUTED_NETWORKS: Final = tuple(map(ip_network, ("::/96", "64:ff9b:1::/48", "fec0::/10")))
"""IPv4-compatible, local NAT64 (RFC 8215) and site-local addresses: not public in any Python."""
NAT64_NETWORK: Final = ip_network("64:ff9b::/96")
"""IPv6 addresses that end with the IPv4 address that a gateway reaches for them (RFC 6052)."""
LIMITS: Final = OutboundLimits(
    4 * 1024 * 1024, timeout_seconds=10, total_seconds=20, max_requests=10
)
"""Limits of a request; a page of a roster with some thousand people fits.

The worker fetches a roster while all threads of the score sender wait for replies.
"""
SUCCESS_STATUSES: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class PlatformReply:
    """Reply of a platform: status, headers with lower-case names, the body, and its JSON.

    *value* is None for a body that is no JSON, such as an empty one.
    """

    status: int
    headers: Mapping[str, str]
    value: Any
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is from 200 to 299."""
        return self.status in SUCCESS_STATUSES


class PublicAddressTransport(httpx2.BaseTransport):
    """Transport that connects to public addresses only.

    The name is resolved once, and the connection goes to the address that was checked: a name
    whose address changes in between leads nowhere else. The certificate is checked for the name.
    """

    def __init__(self) -> None:
        self._transport = DeadlineTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request to the checked address of its host."""
        host = request.url.host
        address = resolve_public_address(host, request.url.port or HTTPS_PORT)
        # The header `Host` was set from the name before.
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._transport.handle_request(pinned)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()


def resolve_public_address(host: str, port: int) -> str:
    """Return an address of *host*; raise `httpx2.ConnectError` if any of them is not public."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx2.ConnectError(f"the name {host} has no address") from error
    addresses = [str(entry[4][0]) for entry in entries]
    if not addresses or not all(map(_is_public, addresses)):
        raise httpx2.ConnectError(f"the address of {host} is private")
    return addresses[0]


def _is_public(address: str) -> bool:
    """Return whether an address belongs to the public network.

    >>> [_is_public(text) for text in ("93.184.216.34", "10.0.0.5", "::ffff:127.0.0.1")]
    [True, False, False]
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if any(parsed in network for network in UNROUTED_NETWORKS):
            return False
        parsed = _find_embedded_ipv4(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast


def _find_embedded_ipv4(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a gateway reaches for an IPv6 address, if it stands for one."""
    if address in NAT64_NETWORK:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


class PlatformHttp:
    """HTTP client for platforms; *transport* replaces the network in tests, names included."""

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._http = OutboundHttp(LIMITS, transport, create_transport=PublicAddressTransport)
        self._resolves_names = transport is None

    def require_public_url(self, url: str) -> None:
        """Raise `PlatformError` unless *url* is an https URL of a host with public addresses."""
        _require_https_url(url)
        if self._resolves_names:
            parts = urlsplit(url)
            try:
                resolve_public_address(parts.hostname or "", parts.port or HTTPS_PORT)
            except httpx2.ConnectError as error:
                raise PlatformError(str(error)) from error

    def get_object(self, url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at *url*; raise `PlatformError` if there is none."""
        reply = self.send("GET", url, headers=headers)
        if reply.status != httpx2.codes.OK or not isinstance(reply.value, dict):
            raise PlatformError(f"{url}: status {reply.status}, or no JSON object")
        return reply.value

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> PlatformReply:
        """Send a request with *body* as JSON, or with *form*, and return the reply of any status.

        Raises `PlatformError` for an address that is not allowed, and `PlatformUnreachableError`.
        """
        _require_https_url(url)
        content = None if body is None else json.dumps(body).encode()
        data = dict(form) if form else None
        try:
            reply = self._http.send(method, url, headers=headers, content=content, data=data)
        except OutboundError as error:
            raise PlatformUnreachableError(f"{get_origin(url)}: {error}") from error
        except httpx2.InvalidURL as error:
            raise PlatformError(f"{url[:200]!r} is not an address") from error
        try:
            value = replace_unstorable_characters(json.loads(reply.body)) if reply.body else None
        except (ValueError, RecursionError):
            value = None
        return PlatformReply(reply.status, reply.headers, value, reply.body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _require_https_url(url: str) -> None:
    if not is_https_url(url):
        raise PlatformError(f"{url[:200]!r} is not an https address with a host name")
