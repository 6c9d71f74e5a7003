"""Validation of the addresses that an operator sets: databases, hosts and proxies.

They are all validated before anything connects to them.
"""

import ipaddress
import re
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

__all__ = [
    "MASK",
    "checked_address",
    "checked_host",
    "checked_proxy",
    "password_in",
    "with_password",
    "without_password",
]

FORMS: Final = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
SQLITE: Final = {"sqlite", "sqlite+pysqlite"}
POSTGRESQL: Final = {"postgres", "postgresql", "postgresql+psycopg"}
PASSWORD: Final = re.compile(r"(://[^:@/]*:)[^@]*(?=@)|((?:^|[?&])password=)[^&]*")
MASK: Final = "***"
"""What is shown in place of a secret."""
HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def checked_address(address: str) -> str:
    """Return *address* if it names a supported database.

    Raises `ValueError` otherwise. The message never contains the address, which may hold a
    password.

    >>> checked_address("mysql://ada:geheim@db/grader")
    Traceback (most recent call last):
    ValueError: SQLite and PostgreSQL can be used; write sqlite:///FILE or postgresql://USER@HOST/NAME
    """
    if not address.isprintable():
        raise ValueError("the address has characters that cannot be used")
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise ValueError(f"this is no address of a database; {FORMS}") from None
    if parsed.drivername in SQLITE:
        if not parsed.database or parsed.database.startswith((":memory:", "file:")):
            raise ValueError("no file is named; write sqlite:///FILE")
    elif parsed.drivername not in POSTGRESQL:
        raise ValueError(f"SQLite and PostgreSQL can be used; {FORMS}")
    return address


def without_password(address: str) -> str:
    """Return the database *address* with its password masked.

    >>> without_password("postgresql://grader:geheim@db/grader")
    'postgresql://grader:***@db/grader'
    """
    return PASSWORD.sub(lambda found: (found[1] or found[2]) + MASK, address)


def with_password(address: str, password: str) -> str:
    """Return *address* with *password* added, if it is a PostgreSQL address without one.

    >>> with_password("postgresql://grader@db/grader", "geheim")
    'postgresql://grader:geheim@db/grader'
    """
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):
        return address  # `checked_address` refuses it later
    if not parsed.drivername.startswith("postgres") or password_in(parsed):
        return address
    if parsed.username:
        return parsed.set(password=password).render_as_string(hide_password=False)
    return parsed.update_query_dict({"password": password}).render_as_string(hide_password=False)


def password_in(address: URL) -> str | None:
    """Return the password of an address: the one before the host, or the query option."""
    option = address.query.get("password")
    return address.password or (option if isinstance(option, str) else None)


def checked_host(name: str) -> str:
    """Return *name* if it is a host name or wildcard; raise `ValueError` otherwise.

    >>> checked_host("*.example.edu")
    '*.example.edu'
    """
    if not HOST.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a host; write grader.example.edu, say")
    return name


def checked_proxy(address: str) -> str:
    """Return *address* if it is an IP address or a network; raise `ValueError` otherwise.

    >>> checked_proxy("10.0.0.0/8")
    '10.0.0.0/8'
    """
    try:
        ipaddress.ip_network(address)
    except ValueError as error:
        raise ValueError(f"{address!r} is no IP address and no network: {error}") from error
    return address
