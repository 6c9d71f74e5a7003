"""JSON that is written once, for whoever asked and for the database."""

import json
from typing import Any, Final

__all__ = ["JsonText", "stored", "written"]

COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class JsonText(str):
    """A value as JSON: a column of JSON stores it as it is."""

    __slots__ = ()


def written(value: Any) -> JsonText:
    """Return *value* as JSON, without blanks.

    >>> written({"score": [1, "½"]})
    '{"score":[1,"½"]}'
    """
    return JsonText(COMPACT.encode(value))


def stored(value: Any) -> str:
    """Return what a column of JSON stores of *value*."""
    return value if isinstance(value, JsonText) else json.dumps(value)
