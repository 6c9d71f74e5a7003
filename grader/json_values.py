"""Values and answers as JSON data that comes back as itself.

Whole numbers, truth values and texts are written as they are, lists as lists, the others as an
object with a tag: ``{"fraction": "1/3"}``, ``{"tuple": [...]}``, ``{"tensor": [...], "shape":
[...]}``; an object that was typed is one below ``{"object": {...}}``. Formulas, tables and networks
are not written.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from grader.values import Tensor, Value, is_number

__all__ = ["UnwrittenError", "from_json", "to_json"]


class UnwrittenError(Exception):
    """The value has no JSON form."""


def to_json(value: Value | Sequence[object] | Mapping[str, object] | None) -> object:
    """Return a value, or an answer as it was typed, as JSON data; else raise `UnwrittenError`.

    >>> to_json((1, Fraction(1, 3)))
    {'tuple': [1, {'fraction': '1/3'}]}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case tuple():
            return {"tuple": [to_json(item) for item in value]}
        case list():
            return [to_json(item) for item in value]
        case dict():
            return {"object": {name: to_json(item) for name, item in value.items()}}
        case Tensor():
            return {"tensor": [to_json(cell) for cell in value.cells], "shape": list(value.shape)}
        case _:
            raise UnwrittenError


def from_json(told: Any) -> Any:
    """Return what `to_json` was given; `ValueError` for what it cannot have written.

    >>> from_json({"tensor": [1, 2], "shape": [2]})
    Tensor(shape=(2,), cells=(1, 2))
    """
    if type(told) is int:
        return told
    match told:
        case None | bool() | int() | str() | Fraction():
            return told
        case {"fraction": str(text)}:
            top, _, bottom = text.partition("/")
            return Fraction(int(top), int(bottom))
        case {"tuple": [*items]}:
            return tuple(from_json(item) for item in items)
        case [*items]:
            return [from_json(item) for item in items]
        case {"object": dict(items)}:
            return {name: from_json(item) for name, item in items.items()}
        case {"tensor": [*cells], "shape": [*sides]}:
            return _tensor(tuple(map(from_json, cells)), tuple(sides))
        case _:
            raise ValueError(f"{told!r} is no value")


def _tensor(cells: tuple[Any, ...], shape: tuple[Any, ...]) -> Tensor:
    sound = all(map(is_number, cells)) and all(type(side) is int and side > 0 for side in shape)
    if not sound or math.prod(shape) != len(cells):
        raise ValueError("a tensor has numbers for its cells, and as many as its shape says")
    return Tensor(shape, cells)
