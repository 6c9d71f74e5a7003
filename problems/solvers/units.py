"""The width of number formats, and amounts in other units.

Source: the PyTorch documentation of tensor types; IEC 80000-13 for the powers of 1024.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.reading.units.unit_names import DIMENSIONS, unit_named
from grader.values import Number, is_number, simplest
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "bytes_of", "in_bits", "in_unit", "one_of"]

BITS: Final = {
    "float64": 64,
    "int64": 64,
    "float32": 32,
    "int32": 32,
    "float16": 16,
    "bfloat16": 16,
    "int16": 16,
    "float8": 8,
    "int8": 8,
    "uint8": 8,
    "bool": 8,
    "int4": 4,
}


def bytes_of(dtype: str) -> Number:
    """Return the bytes of one number of a *dtype* such as ``float32``; half a byte for ``int4``.

    >>> bytes_of("float32")
    4
    """
    return simplest(Fraction(one_of(BITS, dtype, "dtype"), 8))


def in_unit(count: Number, unit: str) -> Number:
    """Return *count*, in bytes, MACs, parameters or whatever *unit* measures, in that unit.

    ``KB MB GB`` are powers of 1000 bytes, ``KiB MiB GiB`` of 1024; ``Mbit``, ``GMAC``, ``Mparams``
    are units too.

    >>> in_unit(553430176, "MB")
    Fraction(17294693, 31250)
    """
    if not is_number(count) or count < 0:
        raise SolverError("what is given in a unit must be a number that is not negative")
    return simplest(Fraction(count) / _size_of(unit))


SOLVERS: Final[tuple[Solver, ...]] = (bytes_of, in_unit)


def one_of(table: Mapping[str, int], name: object, what: str) -> int:
    """Return the entry of *table*, whose names are those that *what* may have."""
    if not isinstance(name, str) or name not in table:
        raise SolverError(f"{what} must be one of {', '.join(table)}, not {str(name)[:20]}")
    return table[name]


def _size_of(unit: object) -> Number:
    """Return the size of a *unit* in the first unit of its dimension."""
    known = unit_named(unit) if isinstance(unit, str) else None
    if known is None:
        raise SolverError(f"unit must be one such as MB, MiB or GMAC, not {str(unit)[:20]}")
    return DIMENSIONS[known.dimension][known.name]


# What students do instead.


def in_bits(solver: Callable[..., Number]) -> Solver:
    """Return the twin of *solver*, which gives bytes, that gives bits."""
    return instead(solver, lambda given: 8 * solver(**vars(given)))


def _renamed(pattern: str, replacement: str) -> Callable[[SimpleNamespace], str]:
    """Return the change of a unit's name by which one sort of unit is taken for another."""

    def change(given: SimpleNamespace) -> str:
        name, count = re.subn(pattern, replacement, given.unit)
        if not count:
            raise SolverError(f"{given.unit} is not mistaken in this way")
        return name

    return change


def _one_prefix_less(given: SimpleNamespace) -> Number:
    """Return the number in the unit that is one prefix smaller, such as KiB for MiB."""
    step = 1024 if re.search("i(B|bit)$", given.unit) else 1000
    size, known = _size_of(given.unit), unit_named(given.unit)
    if known is None or Fraction(size, step) not in DIMENSIONS[known.dimension].values():
        raise SolverError(f"there is no prefix before {given.unit}")
    return step * in_unit(**vars(given))


def _bytes_for_bits(given: SimpleNamespace) -> Number:
    """Return bytes where bits are asked for; bits are taken for bytes where these are counted."""
    if given.unit not in DIMENSIONS["bytes"]:
        raise SolverError(f"{given.unit} counts no bytes")
    wrong = Fraction(1, 8) if "bit" in given.unit else 1
    return wrong * in_unit(**vars(given))


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(bytes_of, {"bits_for_bytes": in_bits(bytes_of)}),
    *twins_of(
        in_unit,
        {
            "decimal_for_binary": told(in_unit, unit=_renamed("iB", "B")),
            "binary_for_decimal": told(in_unit, unit=_renamed("(?<=[KMGT])B", "iB")),
            "bits_for_bytes": instead(in_unit, _bytes_for_bits),
            "prefix_too_small": instead(in_unit, _one_prefix_less),
        },
    ),
)
