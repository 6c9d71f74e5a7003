"""Answers from Python values: numbers, tensors, arrays and data frames, without their libraries.

A tensor or an array is recognized by what it offers (``tolist``, ``numpy``, ``dtype``), so that
torch, NumPy, JAX, TensorFlow and pandas need not be installed and are never imported.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, Optional, Union

from dlgrader_client._errors import UnusableAnswerError

Answer = Union[str, int, float, "list[Any]"]

MAX_CELLS = 4_096
MAX_DEPTH = 12
MAX_DIGITS = 2_000
"""Maximum number of digits of a number; Python refuses to write integers above 4,300."""


class _FloatType(NamedTuple):
    """Binary floating-point type.

    *bits* is the length of its significand, *lowest* the exponent of its smallest number, and
    *digits* how many decimal digits identify each of its numbers.
    """

    bits: int
    lowest: int
    digits: int


FLOAT_TYPES = {
    "bfloat16": _FloatType(8, -133, 4),
    "float16": _FloatType(11, -24, 5),
    "float32": _FloatType(24, -149, 9),
}


def to_answer(value: Any) -> Answer:
    """Return *value* as an answer: text, a number, or nested lists of them.

    Raises `UnusableAnswerError` for anything else, and for more than 4,096 entries.

    >>> to_answer((1, 2.5)), to_answer(Fraction(1, 3))
    ([1, 2.5], '1/3')
    """
    answer = _convert(value, depth=0)
    _check_count(answer)
    return answer


def _convert(value: Any, *, depth: int) -> Answer:
    if depth > MAX_DEPTH:
        raise UnusableAnswerError("The answer is nested too deep.")
    if isinstance(value, bool):
        raise UnusableAnswerError("True and False are no answers; send text or a number.")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        _check_digits(value)
        return int(value)
    if isinstance(value, float):
        return _require_finite(float(value))
    if isinstance(value, (Fraction, Decimal)):
        return _convert_exact_number(value)
    if hasattr(value, "iloc") and hasattr(value, "columns"):
        return _convert_frame(value)
    if hasattr(value, "as_list"):
        return [_convert(size, depth=depth + 1) for size in _known_sizes(value)]
    if hasattr(value, "dtype"):
        return _convert_array(value, depth=depth)
    if isinstance(value, AbstractSet):
        return [_convert(item, depth=depth + 1) for item in sorted(value, key=str)]
    if isinstance(value, (Sequence, range)) and not isinstance(value, (bytes, bytearray)):
        if len(value) > MAX_CELLS:
            raise _too_many_error()
        return [_convert(item, depth=depth + 1) for item in value]
    raise UnusableAnswerError(
        f"A value of type {type(value).__name__!r} cannot be an answer. Send text, a number, a "
        "list, a tensor, an array or a data frame."
    )


def _convert_exact_number(value: Union[Fraction, Decimal]) -> Answer:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise _not_finite_error()
        _, digits, exponent = value.as_tuple()
        if len(digits) + abs(int(exponent)) > MAX_DIGITS:
            raise _too_long_error()
        return format(value, "f")
    _check_digits(value.numerator)
    _check_digits(value.denominator)
    return value.numerator if value.denominator == 1 else str(value)


def _convert_frame(frame: Any) -> Answer:
    """Return a data frame as its rows; each column is converted with its own type."""
    if math.prod(frame.shape) > MAX_CELLS:
        raise _too_many_error()
    columns = [_convert(frame.iloc[:, place], depth=1) for place in range(len(frame.columns))]
    return [list(row) for row in zip(*columns)]


def _known_sizes(shape: Any) -> list[int]:
    """Return the sizes of a shape; raise `UnusableAnswerError` if one is not known yet.

    A ``TensorShape`` of TensorFlow has ``as_list``; other shapes are tuples.
    """
    try:
        sizes = list(shape.as_list() if hasattr(shape, "as_list") else shape)
    except ValueError:  # not even the number of sizes is known
        sizes = [None]
    if any(not isinstance(size, int) for size in sizes):
        raise UnusableAnswerError("The tensor has no definite shape; send one with values.")
    return sizes


def _convert_array(value: Any, *, depth: int) -> Answer:
    """Return a tensor, array, scalar of an array library, or column of a data frame."""
    try:
        values, dtype = _read_values(value)
    except UnusableAnswerError:
        raise
    except Exception as error:  # each library has errors of its own
        reason = str(error).partition("\n")[0]
        raise UnusableAnswerError(
            f"The values of the {type(value).__name__!r} cannot be read: {reason}"
        ) from error
    narrow = next((kind for name, kind in FLOAT_TYPES.items() if name in dtype), None)
    return _convert_floats(values, narrow, depth=depth)


def _read_values(value: Any) -> tuple[Any, str]:
    """Return the values of an array as Python objects, and the name of their type."""
    if math.prod(_known_sizes(getattr(value, "shape", ()))) > MAX_CELLS:
        raise _too_many_error()
    if hasattr(value, "detach"):  # a tensor of torch, on a device, with or without gradient
        value = value.detach().cpu()
    if hasattr(value, "to_dense") and str(getattr(value, "layout", "")) != "torch.strided":
        value = value.to_dense()
    dtype = str(value.dtype).lower()  # pandas has "Float32" beside "float32"
    if not hasattr(value, "tolist"):
        if not hasattr(value, "numpy"):
            raise UnusableAnswerError(f"The {type(value).__name__!r} holds no values yet.")
        value = value.numpy()
    return value.tolist() if hasattr(value, "tolist") else value, dtype


def _convert_floats(value: Any, narrow: Optional[_FloatType], *, depth: int) -> Answer:
    if isinstance(value, list):
        return [_convert_floats(item, narrow, depth=depth + 1) for item in value]
    if narrow and isinstance(value, float):
        return _shorten_float(_require_finite(value), narrow)
    return _convert(value, depth=depth)


def _shorten_float(value: float, narrow: _FloatType) -> float:
    """Return *value* if it is probably exact, otherwise the shortest decimal that identifies it.

    A 0.1 of 32 bits is 0.10000000149011612 as a Python float.

    >>> _shorten_float(0.10000000149011612, FLOAT_TYPES["float32"])
    0.1
    >>> _shorten_float(138357536.0, FLOAT_TYPES["float32"])
    138357536.0
    >>> _shorten_float(1 / 64, FLOAT_TYPES["float16"])
    0.015625
    """
    exponent = math.frexp(value)[1]
    last = max(exponent - narrow.bits, narrow.lowest)  # that of the last bit of the significand
    if _is_probably_exact(value, exponent - last, narrow.digits):
        return value
    half_step = math.ldexp(1.0, last - 1)
    for digits in range(1, narrow.digits + 1):
        rounded = float(f"{value:.{digits}g}")
        if abs(rounded - value) < half_step:
            return rounded
    return value


def _is_probably_exact(value: float, bits: int, digits: int) -> bool:
    """Return whether *value* is whole, is a decimal of at most *digits*, or needs few of its bits.

    The significand of a rounded number rarely ends in zeros: that its second half is zero happens
    once in 4,096 float32. So a number like 3/512 is sent as 0.005859375. All powers of two are such
    numbers, and only below them do two neighbors have different distances.
    """
    numerator, denominator = map(abs, value.as_integer_ratio())
    places = denominator.bit_length() - 1
    has_few_digits = len(str(numerator * 5**places)) <= digits
    return places == 0 or has_few_digits or numerator.bit_length() <= bits // 2


def _require_finite(value: float) -> float:
    if not math.isfinite(value):
        raise _not_finite_error()
    return value


def _check_count(answer: Answer) -> None:
    count, pending = 0, [answer]
    while pending:
        item = pending.pop()
        count += 1
        if isinstance(item, list):
            pending.extend(item)
        if count > MAX_CELLS + 1:
            raise _too_many_error()


def _check_digits(value: int) -> None:
    # An integer of b bits has less than b / 3 digits. This test needs no decimal text.
    if value.bit_length() > 3 * MAX_DIGITS and abs(value) >= 10**MAX_DIGITS:
        raise _too_long_error()


def _too_long_error() -> UnusableAnswerError:
    return UnusableAnswerError(f"A number has at most {MAX_DIGITS:,} digits.")


def _too_many_error() -> UnusableAnswerError:
    return UnusableAnswerError(f"An answer has at most {MAX_CELLS:,} entries.")


def _not_finite_error() -> UnusableAnswerError:
    return UnusableAnswerError("The answer holds NaN or an infinite value.")
