"""Widths of number formats, and conversion of amounts to other units.

Source: the PyTorch documentation of tensor types; IEC 80000-13 for the powers of 1024.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.reading.units.unit_names import DIMENSIONS, parse_unit
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, is_number, simplify_number
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

BITS_PER_NUMBER: Final = {
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
    """Return the bytes per number of a *dtype* such as ``float32``.

    A number of ``int4`` takes half a byte.

    >>> bytes_of("float32")
    4
    """
    return simplify_number(Fraction(find_entry(BITS_PER_NUMBER, dtype, "dtype"), 8))


def in_unit(count: Number, unit: str) -> Number:
    """Return *count* converted to *unit*.

    *count* is in the base unit: bytes, MACs, parameters or another that *unit*
    measures. ``KB MB GB`` are powers of 1000 bytes, ``KiB MiB GiB`` of 1024. ``Mbit``,
    ``GMAC`` and ``Mparams`` are units too.

    >>> in_unit(553430176, "MB")
    Fraction(17294693, 31250)
    """
    if not is_number(count) or count < 0:
        raise SolverError("what is given in a unit must be a number that is not negative")
    return simplify_number(Fraction(count) / _unit_size(unit))


SOLVERS: Final[tuple[Solver, ...]] = (bytes_of, in_unit)


def find_entry(table: Mapping[str, int], name: object, what: str) -> int:
    """Return the entry *name* of *table*.

    Raise `SolverError` if there is none; *what* says in the message which argument is
    wrong.
    """
    if not isinstance(name, str) or name not in table:
        raise SolverError(f"{what} must be one of {', '.join(table)}, not {str(name)[:20]}")
    return table[name]


def _unit_size(unit: object) -> Number:
    """Return the size of *unit* in the base unit of its dimension."""
    known = parse_unit(unit) if isinstance(unit, str) else None
    if known is None:
        raise SolverError(f"unit must be one such as MB, MiB or GMAC, not {str(unit)[:20]}")
    return DIMENSIONS[known.dimension][known.name]


# What students do instead.


def make_bits_version(solver: Callable[..., Number]) -> Solver:
    """Return the wrong version of *solver* that returns bits instead of bytes."""
    return replace_formula(solver, lambda args: 8 * solver(**vars(args)))


def _rename_unit(pattern: str, replacement: str) -> Callable[[SolverArguments], str]:
    """Return a function that mistakes one kind of unit for another by renaming it.

    The function raises `SolverError` if *pattern* does not match the unit.
    """

    def rename(args: SolverArguments) -> str:
        name, count = re.subn(pattern, replacement, args.unit)
        if not count:
            raise SolverError(f"{args.unit} is not mistaken in this way")
        return name

    return rename


def _use_smaller_prefix(args: SolverArguments) -> Number:
    """Return the number in the next smaller unit, such as KiB for MiB."""
    step = 1024 if re.search("i(B|bit)$", args.unit) else 1000
    size, known = _unit_size(args.unit), parse_unit(args.unit)
    if known is None or Fraction(size, step) not in DIMENSIONS[known.dimension].values():
        raise SolverError(f"there is no prefix before {args.unit}")
    return step * in_unit(**vars(args))


def _confuse_bits_and_bytes(args: SolverArguments) -> Number:
    """Return bytes for a unit of bits, and the correct number for a unit of bytes.

    For units of bytes, the functions that count the bytes make this mistake.
    """
    if args.unit not in DIMENSIONS["bytes"]:
        raise SolverError(f"{args.unit} counts no bytes")
    wrong = Fraction(1, 8) if "bit" in args.unit else 1
    return wrong * in_unit(**vars(args))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(bytes_of, {"bits_for_bytes": make_bits_version(bytes_of)}),
    *build_wrong_versions(
        in_unit,
        {
            "decimal_for_binary": replace_arguments(in_unit, unit=_rename_unit("iB", "B")),
            "binary_for_decimal": replace_arguments(
                in_unit, unit=_rename_unit("(?<=[KMGT])B", "iB")
            ),
            "bits_for_bytes": replace_formula(in_unit, _confuse_bits_and_bytes),
            "prefix_too_small": replace_formula(in_unit, _use_smaller_prefix),
        },
    ),
)
