"""Serialization of values and answers as JSON data, without loss.

Integers, Booleans and texts stay as they are, lists become lists, and other values an object with
a tag: ``{"fraction": "1/3"}``, ``{"tuple": [...]}``, ``{"tensor": [...], "shape": [...]}``. An
object in an answer becomes ``{"object": {...}}``, a truncated answer ``{"truncated": "...",
"bytes": 59700, "sha256": "..."}``. Formulas, tables and networks have no JSON form, and neither
has a value of a subclass, because it would come back as one of its base class.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from grader.reading.result import TruncatedAnswer
from grader.values import NUMBERS, Tensor, Value

CACHED_FRACTIONS: Final = 4096
INTEGER_TYPES: Final = frozenset({int})
PLAIN_TYPES: Final = frozenset({type(None), bool, int, str, Fraction})
"""Types that need no conversion, including the numbers that a JSON reader may return."""
SERIALIZABLE_TYPES: Final = PLAIN_TYPES | {tuple, list, dict, Tensor, TruncatedAnswer}


class NotSerializableError(Exception):
    """A value that has no JSON form."""


def to_json(value: Value | Sequence[object] | Mapping[str, object] | None) -> object:
    """Serialize a value, or an answer as typed, to JSON data; else raise `NotSerializableError`.

    >>> to_json((1, Fraction(1, 3)))
    {'tuple': [1, {'fraction': '1/3'}]}
    """
    match value:
        case _ if type(value) not in SERIALIZABLE_TYPES:
            raise NotSerializableError
        case TruncatedAnswer():
            return {
                "truncated": value.start,
                "bytes": value.size_bytes,
                "sha256": value.digest,
            }
        case None | bool() | int() | str():
            return value
        case Fraction():
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case tuple():
            return {"tuple": _encode_items(value)}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {"object": {name: to_json(item) for name, item in value.items()}}
        case Tensor():
            return {"tensor": _encode_items(value.cells), "shape": list(value.shape)}
        case _:
            raise NotSerializableError


def _encode_items(items: tuple[Value, ...]) -> list[object]:
    return (
        list(items)
        if INTEGER_TYPES.issuperset(map(type, items))
        else [to_json(item) for item in items]
    )


def from_json(data: Any) -> Any:
    """Deserialize data from `to_json`; raise `ValueError` for data that it cannot have written.

    >>> from_json({"tensor": [1, 2], "shape": [2]})
    Tensor(shape=(2,), cells=(1, 2))
    """
    if type(data) in PLAIN_TYPES:
        return data
    if isinstance(data, list):
        return list(_decode_items(data))
    if isinstance(data, dict):
        return _decode_tagged(data)
    raise _build_decode_error(data)


def _decode_items(items: list[Any]) -> list[Any]:
    return (
        items if PLAIN_TYPES.issuperset(map(type, items)) else [from_json(item) for item in items]
    )


def _decode_tagged(data: dict[str, Any]) -> Any:
    """Deserialize an object with a tag; `match` would take twice as long."""
    if isinstance(text := data.get("fraction"), str):
        return _decode_fraction(text)
    if isinstance(items := data.get("tuple"), list):
        return tuple(_decode_items(items))
    if isinstance(mapping := data.get("object"), dict):
        return {name: from_json(item) for name, item in mapping.items()}
    if isinstance(start := data.get("truncated"), str):
        return _decode_truncated(start, data.get("bytes"), data.get("sha256"))
    cells, sides = data.get("tensor"), data.get("shape")
    if isinstance(cells, list) and isinstance(sides, list):
        return _decode_tensor(tuple(_decode_items(cells)), tuple(sides))
    raise _build_decode_error(data)


@lru_cache(maxsize=CACHED_FRACTIONS)
def _decode_fraction(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(int(top), int(bottom))


def _decode_truncated(start: str, size_bytes: object, digest: object) -> TruncatedAnswer:
    if type(size_bytes) is not int or not isinstance(digest, str):
        raise ValueError("a truncated answer has the size and the digest of the whole")
    return TruncatedAnswer(start, size_bytes, digest)


def _build_decode_error(data: Any) -> ValueError:
    return ValueError(f"{data!r} is not a value")


def _decode_tensor(cells: tuple[Any, ...], shape: tuple[Any, ...]) -> Tensor:
    sizes = INTEGER_TYPES.issuperset(map(type, shape)) and min(shape, default=1) > 0
    if not (sizes and NUMBERS.issuperset(map(type, cells))) or math.prod(shape) != len(cells):
        raise ValueError("a tensor has numbers for its cells, and as many as its shape says")
    return Tensor(shape, cells)
