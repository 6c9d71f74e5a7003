"""Exact arithmetic on vectors: a vector holds one number per sample point.

A vector is a list of integers and, if a division left fractions, a list of denominators. Fractions
are not reduced after each operation: `bits` bounds the length of the numbers, and only a caller
that reaches a limit has to look at them.
"""

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial
from operator import add, floordiv, mod, mul, neg, sub
from typing import Final, NamedTuple

from grader.values import Number, simplify_number


class Vector(NamedTuple):
    """One number per point: *tops* over *bottoms* (positive; None for integers), below 2**bits."""

    tops: list[int]
    bottoms: list[int] | None
    bits: int

    @classmethod
    def from_numbers(cls, numbers: Iterable[Number]) -> "Vector":
        """Return a vector of these numbers, at least one.

        >>> Vector.from_numbers([2, Fraction(1, 3)])
        Vector(tops=[2, 1], bottoms=[1, 3], bits=2)
        """
        ratios = [number.as_integer_ratio() for number in numbers]
        tops, bottoms = [top for top, _ in ratios], [bottom for _, bottom in ratios]
        return cls.from_ratios(tops, None if max(bottoms) == 1 else bottoms)

    @classmethod
    def constant(cls, number: Number, count: int) -> "Vector":
        """Return a vector that holds *number* at each of *count* points."""
        top, bottom = number.as_integer_ratio()
        bottoms = None if bottom == 1 else [bottom] * count
        return cls([top] * count, bottoms, max(top.bit_length(), bottom.bit_length()))

    @classmethod
    def from_ratios(cls, tops: list[int], bottoms: list[int] | None) -> "Vector":
        """Return a vector of these numbers, with the least bound on their bits."""
        return cls(tops, bottoms, max(map(int.bit_length, (*tops, *(bottoms or (1,))))))

    def ratios(self) -> Iterable[tuple[int, int]]:
        """Return numerator and denominator of each number, not always in lowest terms."""
        return zip(self.tops, self.bottoms or [1] * len(self.tops), strict=True)

    def numbers(self) -> Iterable[Number]:
        """Return the numbers, one per point."""
        if self.bottoms is None:
            return self.tops
        return map(simplify_number, map(Fraction, self.tops, self.bottoms))


def reduce_fractions(vector: Vector) -> tuple[list[int], list[int] | None]:
    """Return tops and bottoms in lowest terms; None for the bottoms if all are integers."""
    tops, bottoms, _ = vector
    if bottoms is None:
        return tops, None
    shared = list(map(math.gcd, tops, bottoms))
    tops, bottoms = list(map(floordiv, tops, shared)), list(map(floordiv, bottoms, shared))
    return tops, None if max(bottoms) == 1 else bottoms


def negate(vector: Vector) -> Vector:
    """Return the negated numbers."""
    return Vector(list(map(neg, vector.tops)), vector.bottoms, vector.bits)


def raise_to_powers(base: Vector, exponents: list[int]) -> Vector:
    """Return *base* to the powers *exponents*, which are not negative."""
    tops = list(map(pow, base.tops, exponents))
    bottoms = None if base.bottoms is None else list(map(pow, base.bottoms, exponents))
    return Vector(tops, bottoms, base.bits * max(exponents) or 1)


def _multiply_lists(left: list[int] | None, right: list[int] | None) -> list[int] | None:
    """Return the products; None stands for ones."""
    if left is None or right is None:
        return right if left is None else left
    return list(map(mul, left, right))


def _add_or_subtract(left: Vector, right: Vector, *, join: Callable[[int, int], int]) -> Vector:
    """Return the sums or differences, over a common denominator."""
    if left.bottoms == right.bottoms:
        tops = list(map(join, left.tops, right.tops))
        return Vector(tops, left.bottoms, max(left.bits, right.bits) + 1)
    tops = list(
        map(join, _scale_tops(left.tops, right.bottoms), _scale_tops(right.tops, left.bottoms))
    )
    return Vector(tops, _multiply_lists(left.bottoms, right.bottoms), left.bits + right.bits + 1)


def _multiply(left: Vector, right: Vector) -> Vector:
    tops = list(map(mul, left.tops, right.tops))
    return Vector(tops, _multiply_lists(left.bottoms, right.bottoms), left.bits + right.bits)


def _divide(left: Vector, right: Vector) -> Vector:
    tops, bottoms = _scale_tops(left.tops, right.bottoms), _scale_tops(right.tops, left.bottoms)
    if min(bottoms) < 0:
        tops = [-top if low < 0 else top for top, low in zip(tops, bottoms, strict=True)]
        bottoms = list(map(abs, bottoms))
    return Vector(tops, bottoms, left.bits + right.bits)


def _scale_tops(tops: list[int], bottoms: list[int] | None) -> list[int]:
    """Return *tops* times the *bottoms* of the other operand."""
    return tops if bottoms is None else list(map(mul, tops, bottoms))


def _floor_divide(left: Vector, right: Vector) -> Vector:
    return _floor(_divide(left, right))


def _modulo(left: Vector, right: Vector) -> Vector:
    tops, divisors = _scale_tops(left.tops, right.bottoms), _scale_tops(right.tops, left.bottoms)
    bottoms = _multiply_lists(left.bottoms, right.bottoms)
    return Vector(list(map(mod, tops, divisors)), bottoms, left.bits + right.bits)


def _floor(vector: Vector) -> Vector:
    if vector.bottoms is None:
        return vector
    return Vector(list(map(floordiv, vector.tops, vector.bottoms)), None, vector.bits)


def _ceil(vector: Vector) -> Vector:
    return negate(_floor(negate(vector)))


def _absolute(vector: Vector) -> Vector:
    return Vector(list(map(abs, vector.tops)), vector.bottoms, vector.bits)


def _round(vector: Vector) -> Vector:
    """Return the nearest integers, halves away from zero, as people round."""
    if vector.bottoms is None:
        return vector
    pairs = zip(vector.tops, vector.bottoms, strict=True)
    tops = [
        (2 * top + low) // (2 * low) if top >= 0 else -((low - 2 * top) // (2 * low))
        for top, low in pairs
    ]
    return Vector(tops, None, vector.bits + 1)


OPERATIONS: Final[dict[str, Callable[[Vector, Vector], Vector]]] = {
    "+": partial(_add_or_subtract, join=add),
    "-": partial(_add_or_subtract, join=sub),
    "*": _multiply,
    "/": _divide,
    "//": _floor_divide,
    "%": _modulo,
}
"""Operations on two vectors; no divisor may be zero."""

UNARY_OPERATIONS: Final[dict[str, Callable[[Vector], Vector]]] = {
    "abs": _absolute,
    "ceil": _ceil,
    "floor": _floor,
    "round": _round,
}
"""Functions of one vector."""

SELECTIONS: Final[dict[str, Callable[..., int]]] = {"max": max, "min": min}
"""Functions that select one of several integers."""
