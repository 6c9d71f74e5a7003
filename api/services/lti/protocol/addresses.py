"""Addresses of platforms, and the errors of requests to them."""

import re
from typing import Final
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443
NUMBER_PATTERN: Final = re.compile(r"(?:.*\.)?(?:\d+|0[xX][\da-fA-F]*)\.?")
"""Hosts that browsers and resolvers read as an IPv4 address, such as ``127.1`` or ``0x7f.1``."""
LOCAL_PATTERN: Final = re.compile(r"(?:.*\.)?localhost\.?")


class PlatformError(Exception):
    """A platform did not answer, or not as the standard says; the message is for staff and logs."""


class PlatformUnreachableError(PlatformError):
    """No connection, no reply in time, status 408 or 5xx; a request may have had its effect."""


def is_https_url(address: object) -> bool:
    """Return whether *address* is an https URL of a named host, without a user.

    An IP address is no name, and neither is ``localhost``.

    >>> [is_https_url(text) for text in ("https://lms.example", "http://lms.example", "https://")]
    [True, False, False]
    >>> [is_https_url(f"https://{host}/jwks") for host in ("10.0.0.5", "[::1]", "localhost")]
    [False, False, False]
    """
    if not isinstance(address, str) or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_named = parts.hostname is not None and _is_host_name(parts.hostname)
    return parts.scheme == "https" and is_named and not parts.username and is_port_valid


def _is_host_name(host: str) -> bool:
    is_address = ":" in host or NUMBER_PATTERN.fullmatch(host) or LOCAL_PATTERN.fullmatch(host)
    return bool(host) and not is_address


def get_origin(address: str) -> str:
    """Return the origin of an https URL.

    >>> get_origin("https://lms.example.edu:8443/mod/lti?id=1"), get_origin("https://a.example/")
    ('https://lms.example.edu:8443', 'https://a.example')
    """
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port and parts.port != HTTPS_PORT else ""
    return f"https://{parts.hostname}{port}"
