"""Regularization in numbers: dropout and weight penalties.

Results are exact for exact input. Source: Srivastava et al., Dropout (2014); the
PyTorch documentation of ``Dropout``.
"""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number
from problems.solvers.bounds import as_proportion, require_bool
from problems.solvers.exact_arrays import (
    FractionArray,
    NumberOrArray,
    NumberOrGrid,
    as_fraction,
    as_fraction_array,
    as_matching_arrays,
    reduce_losses,
    simplify_fractions,
)
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def dropout_values(
    x: NumberOrGrid, mask: NumberOrGrid, p: Number, *, inverted: bool = True
) -> NumberOrArray:
    """Return *x* after dropout in training.

    *mask* is 1 for kept values and 0 for dropped ones, and *p* is the probability of
    being dropped. Kept values are divided by ``1 - p``. With *inverted* false, as in
    the paper, they do not change in training, and the values are scaled at test time
    instead.

    >>> dropout_values([3, 4], [0, 1], Fraction(1, 2)).tolist()
    [0, 8]
    """
    cells, mask_cells = as_matching_arrays(x, mask, ("x", "mask"))
    if not set(mask_cells.ravel().tolist()) <= {0, 1}:
        raise SolverError("mask must hold 0 and 1")
    return simplify_fractions(
        cells * mask_cells / _keep_probability(p)
        if require_bool(inverted, "inverted")
        else cells * mask_cells
    )


def dropout_mean(x: NumberOrGrid, p: Number, *, inverted: bool = True) -> NumberOrArray:
    """Return the expected value of *x* after dropout.

    It is *x* itself, or ``(1 - p) * x`` without scaling. *p* and *inverted* are as in
    `dropout_values`.

    >>> dropout_mean([3, 4], Fraction(1, 4), inverted=False).tolist()
    [Fraction(9, 4), 3]
    """
    cells, keep_probability = as_fraction_array(x, "x"), _keep_probability(p)
    return simplify_fractions(
        cells * (1 if require_bool(inverted, "inverted") else keep_probability)
    )


def _keep_probability(p: Number) -> Fraction:
    """Return the keep probability ``1 - p``, or raise `SolverError` if it is 0."""
    dropped = Fraction(as_proportion(p, "p"))
    if dropped == 1:
        raise SolverError("p must be below 1: nothing would be kept")
    return 1 - dropped


def weight_penalty(
    weights: NumberOrGrid, strength: Number, *, order: int = 2, half: bool = False
) -> NumberOrArray:
    """Return the penalty on *weights*: ``strength * sum(w**2)``.

    With *order* 1, the penalty sums ``|w|`` instead. With *half*, it has an additional
    factor of 1/2, as in some definitions.

    >>> weight_penalty([3, -4], Fraction(1, 10))
    Fraction(5, 2)
    """
    if order not in {1, 2}:
        raise SolverError(f"order must be 1 or 2, not {str(order)[:20]}")
    factor = as_fraction(strength, "strength") / (2 if require_bool(half, "half") else 1)
    return reduce_losses(factor * abs(as_fraction_array(weights, "weights")) ** order, "sum")


SOLVERS: Final[tuple[Solver, ...]] = (dropout_values, dropout_mean, weight_penalty)

# What students do instead.


def _complement_of_p(args: SolverArguments) -> Fraction:
    """Return ``1 - p``, as if *p* were the keep probability."""
    return 1 - Fraction(args.p)


def _invert_mask(args: SolverArguments) -> FractionArray:
    """Return the mask with kept and dropped values exchanged."""
    mask: FractionArray = 1 - as_fraction_array(args.mask, "mask")
    return mask


def _multiply_by_keep_probability(args: SolverArguments) -> NumberOrArray:
    """Return the kept values times the keep probability instead of divided by it."""
    if not args.inverted:
        raise SolverError("nothing is divided")
    return simplify_fractions(
        as_fraction_array(dropout_values(**vars(args)), "x") * _keep_probability(args.p) ** 2
    )


def _dropout_wrong_versions(solver: Solver) -> tuple[WrongVersion, ...]:
    """Return the wrong versions common to both dropout solvers."""
    return build_wrong_versions(
        solver,
        {
            "kept_for_dropped": replace_arguments(solver, p=_complement_of_p),
            "dropout_not_scaled": replace_arguments(solver, inverted=False),
            "dropout_scaled": replace_arguments(solver, inverted=True),
        },
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *_dropout_wrong_versions(dropout_values),
    *build_wrong_versions(
        dropout_values,
        {
            "multiplied_for_divided": replace_formula(
                dropout_values, _multiply_by_keep_probability
            ),
            "mask_inverted": replace_arguments(dropout_values, mask=_invert_mask),
        },
    ),
    *_dropout_wrong_versions(dropout_mean),
    *build_wrong_versions(
        weight_penalty,
        {
            "half_added": replace_arguments(weight_penalty, half=True),
            "half_left_out": replace_arguments(weight_penalty, half=False),
            "absolute_for_squared": replace_arguments(weight_penalty, order=1),
            "squared_for_absolute": replace_arguments(weight_penalty, order=2),
        },
    ),
)
