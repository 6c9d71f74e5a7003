"""Validation of the addresses that an operator sets: databases, hosts, proxies, SMTP servers.

They are all validated before anything connects to them.
"""

import ipaddress
import re
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

URL_FORMS: Final = "write sqlite:///FILE or postgresql://USER@HOST/NAME"
SQLITE_DRIVERS: Final = {"sqlite", "sqlite+pysqlite"}
POSTGRESQL_DRIVERS: Final = {"postgres", "postgresql", "postgresql+psycopg"}
PASSWORD_PATTERN: Final = re.compile(r"(://[^:@/]*:)[^@]*(?=@)|((?:^|[?&])password=)[^&]*")
MASK: Final = "***"
"""Text shown in place of a secret."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
HOST_PATTERN: Final = re.compile(r"(\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")


def validate_database_url(address: str) -> str:
    """Return *address* if it names a supported database.

    Raises `ValueError` otherwise. The message never contains the address, which may hold a
    password.

    >>> validate_database_url("mysql://ada:geheim@db/grader")
    Traceback (most recent call last):
    ValueError: only SQLite and PostgreSQL are supported; write sqlite:///FILE or postgresql://USER@HOST/NAME
    """
    if not address.isprintable():
        raise ValueError("the address has characters that cannot be used")
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):  # ValueError: the port is not a number
        raise ValueError(f"this is not the address of a database; {URL_FORMS}") from None
    if parsed.drivername in SQLITE_DRIVERS:
        if not parsed.database or parsed.database.startswith((":memory:", "file:")):
            raise ValueError("no file is named; write sqlite:///FILE")
    elif parsed.drivername not in POSTGRESQL_DRIVERS:
        raise ValueError(f"only SQLite and PostgreSQL are supported; {URL_FORMS}")
    return address


def mask_password(address: str) -> str:
    """Return the database *address* with its password masked.

    >>> mask_password("postgresql://grader:geheim@db/grader")
    'postgresql://grader:***@db/grader'
    """
    return PASSWORD_PATTERN.sub(lambda match: (match[1] or match[2]) + MASK, address)


def add_password_if_missing(address: str, password: str) -> str:
    """Return *address* with *password* added, if it is a PostgreSQL address without one.

    >>> add_password_if_missing("postgresql://grader@db/grader", "geheim")
    'postgresql://grader:geheim@db/grader'
    """
    try:
        parsed = make_url(address)
    except (ArgumentError, ValueError):
        return address  # `validate_database_url` refuses it later
    if not parsed.drivername.startswith("postgres") or get_password(parsed):
        return address
    if parsed.username:
        return parsed.set(password=password).render_as_string(hide_password=False)
    return parsed.update_query_dict({"password": password}).render_as_string(hide_password=False)


def get_password(address: URL) -> str | None:
    """Return the password of an address: the one before the host, or the query option."""
    option = address.query.get("password")
    return address.password or (option if isinstance(option, str) else None)


def validate_host(name: str) -> str:
    """Return *name* if it is a host name or wildcard; raise `ValueError` otherwise.

    >>> validate_host("*.example.edu")
    '*.example.edu'
    """
    if not HOST_PATTERN.fullmatch(name):
        raise ValueError(f"{name!r} is not a host name. Write one such as grader.example.edu")
    return name


def validate_proxy(address: str) -> str:
    """Return *address* if it is an IP address or a network; raise `ValueError` otherwise.

    >>> validate_proxy("10.0.0.0/8")
    '10.0.0.0/8'
    """
    try:
        ipaddress.ip_network(address)
    except ValueError as error:
        raise ValueError(f"{address!r} is neither an IP address nor a network: {error}") from error
    return address


def split_commas(value: object) -> object:
    """Split a comma-separated text into a tuple; return any other value unchanged."""
    if not isinstance(value, str):
        return value
    return tuple(piece.strip() for piece in value.split(",") if piece.strip())
