"""Ids: UUIDs of version 7, which sort by the time when they were made."""

from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7

__all__ = ["new_id", "new_name", "read_id"]


def new_id() -> UUID:
    """Return an id that nobody has had."""
    return uuid7()


def new_name() -> str:
    """Return the text of an id that nobody has had; a `UUID` takes longer to make and to write."""
    return str(uuid_utils.uuid7())


def read_id(text: str) -> UUID | None:
    """Return the id that *text* is, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
