"""JSON that is written once, for whoever asked and for the database."""

import json
from typing import Any

from pydantic_core import to_json

__all__ = ["JsonText", "stored", "written"]


class JsonText(str):
    """A value as JSON: a column of JSON stores it as it is."""

    __slots__ = ()


def written(value: Any) -> JsonText:
    """Return *value* as JSON, without blanks.

    >>> written({"score": [1, "½"]})
    '{"score":[1,"½"]}'
    """
    return JsonText(to_json(value), "utf-8")


def stored(value: Any) -> str:
    """Return what a column of JSON stores of *value*."""
    return value if isinstance(value, JsonText) else json.dumps(value)
