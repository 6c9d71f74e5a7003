"""Login by a reverse proxy that names the user in a header, such as ``X-Remote-User``.

The header is believed only if the peer of the socket is a listed proxy. The client address of a
request does not tell that: uvicorn replaces it by the one in ``X-Forwarded-For``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, Self

SOCKET_PEER: Final = "socket_peer"
"""Key of the address of the socket's peer in the state of a request; without it nobody is one."""
MAX_USER_CHARACTERS: Final = 254
HEADER_PREFIX: Final = "X-Remote-"
"""Beginning of all header names that are accepted.

`docker/Caddyfile` removes the headers with this prefix from requests. It would pass another header
of a client on, so that anybody could name a user.
"""
HEADER_PATTERN: Final = re.compile(rf"{HEADER_PREFIX}[A-Za-z0-9-]{{1,64}}", re.IGNORECASE)
PREFIX_MESSAGE: Final = (
    f"the header must begin with {HEADER_PREFIX}, because docker/Caddyfile removes only "
    "such headers from the requests of clients; let the proxy that logs people in send "
    "X-Remote-User"
)
FORM_MESSAGE: Final = "write the header and the proxies, as in X-Remote-User: 10.0.0.5, 10.1.0.0/16"


@dataclass(frozen=True, slots=True)
class ProxyLogin:
    """The *header* in which proxies of *networks* name the user."""

    header: str
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the setting; raise `ValueError` if it is invalid.

        >>> ProxyLogin.parse("X-Remote-User: 10.0.0.5").networks
        (IPv4Network('10.0.0.5/32'),)
        """
        header, separator, proxies = text.partition(":")
        header = header.strip()
        addresses = [one.strip() for one in proxies.split(",") if one.strip()]
        if not separator or not header or not addresses:
            raise ValueError(FORM_MESSAGE)
        if not header.lower().startswith(HEADER_PREFIX.lower()):
            raise ValueError(PREFIX_MESSAGE)
        if not HEADER_PATTERN.fullmatch(header):
            raise ValueError(FORM_MESSAGE)
        try:
            networks = tuple(ip_network(one) for one in addresses)
        except ValueError as error:
            raise ValueError(f"{error}; {FORM_MESSAGE}") from error
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError(f"a network of all addresses is not a list of proxies; {FORM_MESSAGE}")
        return cls(header, networks)

    @property
    def issuer(self) -> str:
        """The issuer of the identities that the header names."""
        return f"header:{self.header.lower()}"

    def find_user(self, scope: Mapping[str, Any]) -> str | None:
        """Return the user that a listed proxy names in the ASGI *scope* of a request, or None.

        ASCII letters are in lower case, because many proxies pass a name on as its user typed it. A
        repeated header, and a value that is no visible text, name nobody.
        """
        values = self._list_values(scope)
        if len(values) != 1:
            return None
        try:
            user = values[0].lower().decode("utf-8").strip()
        except UnicodeDecodeError:
            return None
        is_usable = user.isprintable() and 0 < len(user) <= MAX_USER_CHARACTERS
        return user if is_usable else None

    def is_silent(self, scope: Mapping[str, Any]) -> bool:
        """Return whether no listed proxy sends the header, or only an empty one."""
        return not any(value.strip() for value in self._list_values(scope))

    def _list_values(self, scope: Mapping[str, Any]) -> list[bytes]:
        """Return the values of the header that a listed proxy sends, none from anybody else."""
        if not self._is_from_proxy(scope):
            return []
        name = self.header.lower().encode("ascii")
        return [value for header, value in scope["headers"] if header == name]

    def _is_from_proxy(self, scope: Mapping[str, Any]) -> bool:
        peer = scope.get("state", {}).get(SOCKET_PEER, "")
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.networks)


def validate_proxy_login(text: str) -> str:
    """Return *text* if it is a header with its proxies, or empty; raise `ValueError` otherwise."""
    if text:
        ProxyLogin.parse(text)
    return text
