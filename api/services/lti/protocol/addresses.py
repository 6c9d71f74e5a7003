"""Addresses of platforms, and the errors of requests to them."""

from typing import Final
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443


class PlatformError(Exception):
    """A platform did not answer, or not as the standard says; the message is for staff and logs."""


class PlatformUnreachableError(PlatformError):
    """No connection to the platform, or no reply in time; the request may have had its effect."""


def is_https_url(address: object) -> bool:
    """Return whether *address* is an https URL of a named host, without a user.

    >>> [is_https_url(text) for text in ("https://lms.example", "http://lms.example", "https://")]
    [True, False, False]
    """
    if not isinstance(address, str) or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and not parts.username and is_port_valid


def get_origin(address: str) -> str:
    """Return the origin of an https URL.

    >>> get_origin("https://lms.example.edu:8443/mod/lti?id=1"), get_origin("https://a.example/")
    ('https://lms.example.edu:8443', 'https://a.example')
    """
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port and parts.port != HTTPS_PORT else ""
    return f"https://{parts.hostname}{port}"
