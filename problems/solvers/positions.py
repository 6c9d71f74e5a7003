"""Sinusoidal positional encodings.

The wavelengths of the sines and cosines grow with each pair of features. All values are
doubles. Source: Vaswani et al., Attention Is All You Need (2017), section 3.5.
"""

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import as_integer, check_cell_count
from problems.solvers.wrong_versions import build_wrong_versions, replace_formula

MAX_CELLS: Final = 4096
BASE: Final = 10_000

CellFormula: TypeAlias = Callable[[SolverArguments], float]
"""Formula for one encoding cell, from the arguments of `positional_encoding`."""


def positional_encoding(position: int, feature: int, d_model: int, *, base: int = BASE) -> float:
    """Return one feature of the encoding of a position, both counted from 0.

    Feature ``2*i`` is ``sin(position / base**(2*i/d_model))``, and feature ``2*i + 1``
    is the cosine of the same angle. Raise `SolverError` if *d_model* is odd or has no
    such feature.

    >>> round(positional_encoding(3, 2, 4), 6)
    0.029996
    """
    return _encode_cell(_parse_cell_args(position, feature, d_model, base))


def positional_encodings(length: int, d_model: int, *, base: int = BASE) -> Array:
    """Return the encodings of positions 0, 1, ...: (length, d_model).

    Each cell follows `positional_encoding`.

    >>> positional_encodings(2, 2).round(4)
    array([[0.    , 1.    ],
           [0.8415, 0.5403]])
    """
    return _encode_table(_encode_cell, length, d_model, base)


def _parse_cell_args(position: int, feature: int, d_model: int, base: int) -> SolverArguments:
    """Return the arguments of one cell, checked to fit together."""
    width = as_integer(d_model, "d_model")
    if width % 2:
        raise SolverError(f"d_model must be even, as features come in pairs, not {width}")
    if as_integer(feature, "feature", least=0) >= width:
        raise SolverError(f"there is no feature {feature} among {width}, counted from 0")
    return SolverArguments(
        position=as_integer(position, "position", least=0),
        feature=feature,
        d_model=width,
        base=as_integer(base, "base", least=2),
    )


def _encode_table(cell: CellFormula, length: int, d_model: int, base: int) -> Array:
    """Return the matrix (length, d_model) whose cells follow the formula *cell*."""
    check_cell_count((as_integer(length, "length"), as_integer(d_model, "d_model")), most=MAX_CELLS)
    rows = (
        [cell(_parse_cell_args(position, feature, d_model, base)) for feature in range(d_model)]
        for position in range(length)
    )
    return np.array(list(rows))


def _wavelength_power(args: SolverArguments, exponent: int) -> float:
    return float(args.base ** (exponent / args.d_model))


def _compute_angle(args: SolverArguments) -> float:
    """Return the angle in radians, which both features of a pair share."""
    return float(args.position / _wavelength_power(args, args.feature // 2 * 2))


def _sine_or_cosine(args: SolverArguments, angle: float) -> float:
    """Return the sine for an even feature, the cosine for an odd one."""
    return math.cos(angle) if args.feature % 2 else math.sin(angle)


def _encode_cell(args: SolverArguments) -> float:
    return _sine_or_cosine(args, _compute_angle(args))


SOLVERS: Final[tuple[Solver, ...]] = (positional_encoding, positional_encodings)

# What students do instead.


def _swap_sine_cosine(args: SolverArguments) -> float:
    return math.sin(_compute_angle(args)) if args.feature % 2 else math.cos(_compute_angle(args))


def _sines_before_cosines(args: SolverArguments) -> float:
    """Return the cell if the sines of all pairs come first, then their cosines."""
    half = args.d_model // 2
    pair = args.feature % half
    return _encode_cell(
        SolverArguments(**{**vars(args), "feature": 2 * pair + args.feature // half})
    )


def _cell_with_exponent(exponent: Callable[[int], int]) -> CellFormula:
    """Return a formula that computes the frequency with another *exponent*.

    *exponent* maps the feature to the numerator of ``exponent / d_model``.
    """
    return lambda args: _sine_or_cosine(
        args, args.position / _wavelength_power(args, exponent(args.feature))
    )


def _cell_in_degrees(args: SolverArguments) -> float:
    """Return the cell as computed with a calculator set to degrees."""
    return _sine_or_cosine(args, math.radians(_compute_angle(args)))


def _cell_with_inverse_frequency(args: SolverArguments) -> float:
    return _sine_or_cosine(args, args.position * _wavelength_power(args, args.feature // 2 * 2))


def _cell_at_next_position(args: SolverArguments) -> float:
    return _encode_cell(SolverArguments(**{**vars(args), "position": args.position + 1}))


def _cell_with_smaller_base(args: SolverArguments) -> float:
    return _encode_cell(SolverArguments(**{**vars(args), "base": args.base // 10}))


WRONG_CELLS: Final[dict[str, CellFormula]] = {
    "degrees_for_radians": _cell_in_degrees,
    "sines_exchanged": _swap_sine_cosine,
    "sines_before_cosines": _sines_before_cosines,
    "frequency_of_the_feature": _cell_with_exponent(lambda feature: feature),
    "exponent_doubled": _cell_with_exponent(lambda feature: 2 * feature),
    "exponent_halved": _cell_with_exponent(lambda feature: feature // 2),
    "frequency_inverted": _cell_with_inverse_frequency,
    "positions_from_one": _cell_at_next_position,
    "other_base": _cell_with_smaller_base,
}


def _replace_cell_formula(cell: CellFormula) -> Solver:
    return replace_formula(positional_encoding, lambda args: cell(_parse_cell_args(**vars(args))))


def _replace_table_cell_formula(cell: CellFormula) -> Solver:
    return replace_formula(positional_encodings, lambda args: _encode_table(cell, **vars(args)))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        positional_encoding,
        {mistake: _replace_cell_formula(cell) for mistake, cell in WRONG_CELLS.items()},
    ),
    *build_wrong_versions(
        positional_encodings,
        {mistake: _replace_table_cell_formula(cell) for mistake, cell in WRONG_CELLS.items()},
    ),
)
