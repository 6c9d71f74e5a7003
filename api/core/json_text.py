"""JSON that is serialized once, for the response and for the database."""

import json
from typing import Any

from pydantic_core import to_json


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
