"""UUIDs of version 7, which sort by creation time."""

from functools import lru_cache
from typing import Final
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7

__all__ = ["new_digits", "new_id", "new_name", "read_id"]

READ_KEPT: Final = 1024
LENGTH: Final = 36


def new_id() -> UUID:
    """Return a new unique id."""
    return uuid7()


def new_name() -> str:
    """Return the text of a new id; faster than creating and formatting a `UUID`."""
    return str(uuid_utils.uuid7())


def new_digits() -> str:
    """Return the 32 hexadecimal digits of a new id, in the format of `UUID.hex`."""
    return uuid_utils.uuid7().hex


def read_id(text: str) -> UUID | None:
    """Parse *text* as an id; return None if it is not one."""
    try:
        return _read(text) if len(text) == LENGTH else UUID(text)
    except ValueError:
        return None


_read = lru_cache(maxsize=READ_KEPT)(UUID)
"""Many ask for the same assignment: its id is then one object, which is equal to itself at once."""
