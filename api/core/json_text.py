"""JSON that is serialized once, for the response and for the database; texts that it can store."""

import json
import re
from typing import Any, Final

from pydantic_core import to_json

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""Characters that JSON may escape and no database stores: U+0000, halves of surrogate pairs."""
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


class JsonText(str):
    """Serialized JSON; a JSON column stores it unchanged."""

    __slots__ = ()


def serialize_json(value: Any) -> JsonText:
    """Serialize *value* as compact JSON.

    >>> serialize_json({"score": [1, "½"]})
    '{"score":[1,"½"]}'
    """
    return JsonText(to_json(value), "utf-8")


def to_json_column(value: Any) -> str:
    """Return the text that a JSON column stores for *value*; `JsonText` is not serialized again."""
    return value if isinstance(value, JsonText) else json.dumps(value)


def replace_unstorable_characters(value: Any) -> Any:
    r"""Return a JSON value with a replacement for each character that no database stores.

    Raises `RecursionError` for a value that is nested too deeply.

    >>> replace_unstorable_characters({"name": ["a\0b", 5]})
    {'name': ['a�b', 5]}
    """
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [replace_unstorable_characters(item) for item in value]
    if isinstance(value, dict):
        return {
            replace_unstorable_characters(key): replace_unstorable_characters(item)
            for key, item in value.items()
        }
    return value
