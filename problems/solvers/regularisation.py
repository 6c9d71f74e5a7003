"""What keeps a network from overfitting, in numbers: dropout, penalties on weights.

Exact for exact input. Source: Srivastava et al., Dropout (2014); the PyTorch documentation of
``Dropout``.
"""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number
from problems.solvers.bounds import flag, share
from problems.solvers.exact_arrays import (
    Cells,
    Exact,
    Plain,
    exact_array,
    exact_number,
    matching,
    plain,
    reduced,
)
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "dropout_mean", "dropout_values", "weight_penalty"]


def dropout_values(x: Cells, mask: Cells, p: Number, *, inverted: bool = True) -> Plain:
    """Return *x* after dropout in training, where *mask* has 1 for what is kept and 0 for the rest.

    What is kept is divided by ``1 - p``, *p* being the probability to be dropped; with *inverted*
    false, as in the paper, it stays as it is, and testing scales instead.

    >>> dropout_values([3, 4], [0, 1], Fraction(1, 2)).tolist()
    [0, 8]
    """
    cells, kept = matching(x, mask, ("x", "mask"))
    if not set(kept.ravel().tolist()) <= {0, 1}:
        raise SolverError("mask must hold 0 and 1")
    return plain(cells * kept / _kept(p) if flag(inverted, "inverted") else cells * kept)


def dropout_mean(x: Cells, p: Number, *, inverted: bool = True) -> Plain:
    """Return what dropout makes of *x* on average: *x* itself, or without scaling ``(1 - p) * x``.

    *p* and *inverted* are as in `dropout_values`.

    >>> dropout_mean([3, 4], Fraction(1, 4), inverted=False).tolist()
    [Fraction(9, 4), 3]
    """
    cells, kept = exact_array(x, "x"), _kept(p)
    return plain(cells * (1 if flag(inverted, "inverted") else kept))


def _kept(p: Number) -> Fraction:
    """Return the probability to be kept."""
    dropped = Fraction(share(p, "p"))
    if dropped == 1:
        raise SolverError("p must be below 1: nothing would be kept")
    return 1 - dropped


def weight_penalty(
    weights: Cells, strength: Number, *, order: int = 2, half: bool = False
) -> Plain:
    """Return the penalty on *weights*: ``strength * sum(w**2)``, or at *order* 1 of ``|w|``.

    With *half* there is a factor of 1/2 before it, which some define.

    >>> weight_penalty([3, -4], Fraction(1, 10))
    Fraction(5, 2)
    """
    if order not in {1, 2}:
        raise SolverError(f"order must be 1 or 2, not {str(order)[:20]}")
    factor = exact_number(strength, "strength") / (2 if flag(half, "half") else 1)
    return reduced(factor * abs(exact_array(weights, "weights")) ** order, "sum")


SOLVERS: Final[tuple[Solver, ...]] = (dropout_values, dropout_mean, weight_penalty)

# What students do instead.


def _keep(given: SimpleNamespace) -> Fraction:
    """Return the probability that is left where p is taken for that of being kept."""
    return 1 - Fraction(given.p)


def _inverted_mask(given: SimpleNamespace) -> Exact:
    """Return the mask that drops what is kept, and keeps the rest."""
    mask: Exact = 1 - exact_array(given.mask, "mask")
    return mask


def _multiplied(given: SimpleNamespace) -> Plain:
    """Return what is kept times the probability to be kept, by which it is to be divided."""
    if not given.inverted:
        raise SolverError("nothing is divided")
    return plain(exact_array(dropout_values(**vars(given)), "x") * _kept(given.p) ** 2)


def _dropout(solver: Solver) -> tuple[Twin, ...]:
    """Return the twins that both questions about dropout have."""
    return twins_of(
        solver,
        {
            "kept_for_dropped": told(solver, p=_keep),
            "dropout_not_scaled": told(solver, inverted=False),
            "dropout_scaled": told(solver, inverted=True),
        },
    )


TWINS: Final[tuple[Twin, ...]] = (
    *_dropout(dropout_values),
    *twins_of(
        dropout_values,
        {
            "multiplied_for_divided": instead(dropout_values, _multiplied),
            "mask_inverted": told(dropout_values, mask=_inverted_mask),
        },
    ),
    *_dropout(dropout_mean),
    *twins_of(
        weight_penalty,
        {
            "half_added": told(weight_penalty, half=True),
            "half_left_out": told(weight_penalty, half=False),
            "absolute_for_squared": told(weight_penalty, order=1),
            "squared_for_absolute": told(weight_penalty, order=2),
        },
    ),
)
