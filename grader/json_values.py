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

__all__ = ["UnwrittenError", "from_json", "to_json"]

FRACTIONS_KEPT: Final = 4096
WHOLE: Final = frozenset({int})
PLAIN: Final = frozenset({type(None), bool, int, str, Fraction})
"""The types that stay as they are, and the numbers that a JSON reader may return."""
WRITTEN: Final = PLAIN | {tuple, list, dict, Tensor, TruncatedAnswer}


class UnwrittenError(Exception):
    """A value that has no JSON form."""


def to_json(value: Value | Sequence[object] | Mapping[str, object] | None) -> object:
    """Serialize a value, or an answer as typed, to JSON data; else raise `UnwrittenError`.

    >>> to_json((1, Fraction(1, 3)))
    {'tuple': [1, {'fraction': '1/3'}]}
    """
    match value:
        case _ if type(value) not in WRITTEN:
            raise UnwrittenError
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
            return {"tuple": _cells(value)}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {"object": {name: to_json(item) for name, item in value.items()}}
        case Tensor():
            return {"tensor": _cells(value.cells), "shape": list(value.shape)}
        case _:
            raise UnwrittenError


def _cells(items: tuple[Value, ...]) -> list[object]:
    return list(items) if WHOLE.issuperset(map(type, items)) else [to_json(item) for item in items]


def from_json(told: Any) -> Any:
    """Deserialize data from `to_json`; raise `ValueError` for data that it cannot have written.

    >>> from_json({"tensor": [1, 2], "shape": [2]})
    Tensor(shape=(2,), cells=(1, 2))
    """
    if type(told) in PLAIN:
        return told
    if isinstance(told, list):
        return list(_each(told))
    if isinstance(told, dict):
        return _tagged(told)
    raise _no_value(told)


def _each(told: list[Any]) -> list[Any]:
    return told if PLAIN.issuperset(map(type, told)) else [from_json(item) for item in told]


def _tagged(told: dict[str, Any]) -> Any:
    """Deserialize an object with a tag; `match` would take twice as long."""
    if isinstance(text := told.get("fraction"), str):
        return _fraction(text)
    if isinstance(items := told.get("tuple"), list):
        return tuple(_each(items))
    if isinstance(named := told.get("object"), dict):
        return {name: from_json(item) for name, item in named.items()}
    if isinstance(start := told.get("truncated"), str):
        return _truncated(start, told.get("bytes"), told.get("sha256"))
    cells, sides = told.get("tensor"), told.get("shape")
    if isinstance(cells, list) and isinstance(sides, list):
        return _tensor(tuple(_each(cells)), tuple(sides))
    raise _no_value(told)


@lru_cache(maxsize=FRACTIONS_KEPT)
def _fraction(text: str) -> Fraction:
    top, _, bottom = text.partition("/")
    return Fraction(int(top), int(bottom))


def _truncated(start: str, size_bytes: object, digest: object) -> TruncatedAnswer:
    if type(size_bytes) is not int or not isinstance(digest, str):
        raise ValueError("a truncated answer has the size and the digest of the whole")
    return TruncatedAnswer(start, size_bytes, digest)


def _no_value(told: Any) -> ValueError:
    return ValueError(f"{told!r} is no value")


def _tensor(cells: tuple[Any, ...], shape: tuple[Any, ...]) -> Tensor:
    sizes = WHOLE.issuperset(map(type, shape)) and min(shape, default=1) > 0
    if not (sizes and NUMBERS.issuperset(map(type, cells))) or math.prod(shape) != len(cells):
        raise ValueError("a tensor has numbers for its cells, and as many as its shape says")
    return Tensor(shape, cells)
