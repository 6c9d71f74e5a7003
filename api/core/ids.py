"""UUIDs of version 7, which sort by creation time."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7

PARSE_CACHE_SIZE: Final = 1024
ID_TEXT_LENGTH: Final = 36


def new_id() -> UUID:
    """Return a new unique id."""
    return uuid7()


def new_id_text() -> str:
    """Return the text of a new id; faster than creating and formatting a `UUID`."""
    return str(uuid_utils.uuid7())


def parse_id(text: str) -> UUID | None:
    """Parse *text* as an id; return None if it is not one."""
    try:
        return _parse_cached(text) if len(text) == ID_TEXT_LENGTH else UUID(text)
    except ValueError:
        return None


_parse_cached = lru_cache(maxsize=PARSE_CACHE_SIZE)(UUID)
"""Caches ids, as many requests name the same assignment: one object compares faster."""


def parse_path_ids(path_params: Mapping[str, str]) -> tuple[UUID | None, UUID | None]:
    """Return the ids of the course and the assignment in a path, None where it has none."""
    return parse_id(path_params.get("course", "")), parse_id(path_params.get("assignment", ""))
