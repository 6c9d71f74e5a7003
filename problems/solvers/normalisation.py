"""Values after batch and layer normalisation.

Source: Ioffe and Szegedy, Batch normalization (2015); Ba, Kiros and Hinton, Layer normalization
(2016); the PyTorch documentation of ``BatchNorm2d`` and ``LayerNorm``. The variance divides by the
number of values. Values are doubles.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array, Number
from problems.solvers.bounds import Grid, array
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "batch_norm_values", "layer_norm_values"]

RANKS: Final = (1, 2, 3, 4)


def batch_norm_values(
    x: Grid,
    *,
    mean: Number | Grid | None = None,
    var: Number | Grid | None = None,
    gamma: Number | Grid = 1,
    beta: Number | Grid = 0,
    eps: Number = Fraction(1, 100000),
    axis: int | None = None,
) -> Array:
    """Return *x* after batch normalisation: ``gamma * (x - mean) / sqrt(var + eps) + beta``.

    *axis* is that of the channels: 0 for (C, H, W), 1 for a batch (B, C) or (B, C, H, W); without
    it all of *x* is one channel. *mean* and *var* are those of *x*, as in training, unless running
    ones are given. All but *eps* are one number, or one for each channel.

    >>> batch_norm_values([1, 3], eps=0, gamma=10, beta=5)
    array([-5., 15.])
    """
    return _value(_batch(x, mean=mean, var=var, gamma=gamma, beta=beta, eps=eps, axis=axis))


def layer_norm_values(
    x: Grid,
    *,
    gamma: Number | Grid = 1,
    beta: Number | Grid = 0,
    eps: Number = Fraction(1, 100000),
) -> Array:
    """Return *x* after layer normalisation, each row along its last axis by its own statistics.

    ``gamma * (x - mean) / sqrt(var + eps) + beta``; *gamma* and *beta* are one number, or one for
    each cell of a row.

    >>> layer_norm_values([[1, 3], [10, 50]], eps=0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    return _value(_layer(x, gamma=gamma, beta=beta, eps=eps))


class _Parts(NamedTuple):
    """What the formula of normalisation is made of.

    Each variance is of *number* values, None where it is given.
    """

    cells: Array
    centre: Array
    variance: Array
    eps: Array
    gamma: Array
    beta: Array
    number: int | None

    @property
    def spread(self) -> Array:
        """By the root of what the formula divides."""
        return self.variance + self.eps


def _value(parts: _Parts) -> Array:
    return _over(np.sqrt(parts.spread), parts)


def _over(divisor: Array, parts: _Parts) -> Array:
    return parts.gamma * (parts.cells - parts.centre) / divisor + parts.beta


def _batch(
    x: Grid,
    *,
    mean: Number | Grid | None,
    var: Number | Grid | None,
    gamma: Number | Grid,
    beta: Number | Grid,
    eps: Number,
    axis: int | None,
) -> _Parts:
    cells = array(x, "x", ranks=RANKS).astype(np.float64)
    if axis is not None and (not isinstance(axis, int) or not 0 <= axis < cells.ndim):
        raise SolverError(f"x has {cells.ndim} axes, so there is no axis {axis}")
    others = tuple(at for at in range(cells.ndim) if at != axis)
    centre = cells.mean(axis=others, keepdims=True)
    variance = cells.var(axis=others, keepdims=True)
    return _checked(
        _Parts(
            cells,
            centre if mean is None else _along(mean, "mean", cells, axis),
            variance if var is None else _along(var, "var", cells, axis),
            array((eps,), "eps", ranks=(1,)),
            _along(gamma, "gamma", cells, axis),
            _along(beta, "beta", cells, axis),
            cells.size // centre.size if var is None else None,
        )
    )


def _layer(x: Grid, *, gamma: Number | Grid, beta: Number | Grid, eps: Number) -> _Parts:
    cells = array(x, "x", ranks=RANKS).astype(np.float64)
    last = cells.ndim - 1
    return _checked(
        _Parts(
            cells,
            cells.mean(axis=-1, keepdims=True),
            cells.var(axis=-1, keepdims=True),
            array((eps,), "eps", ranks=(1,)),
            _along(gamma, "gamma", cells, last),
            _along(beta, "beta", cells, last),
            cells.shape[-1],
        )
    )


def _along(value: Number | Grid, what: str, cells: Array, axis: int | None) -> Array:
    """Return *value* as one number, or one for each place along *axis*, to go with *cells*."""
    numbers = (value,) if isinstance(value, (int, Fraction)) else value
    found = array(numbers, what, ranks=(1,))
    if len(found) == 1:
        return found.reshape((1,) * cells.ndim)
    if axis is None or len(found) != cells.shape[axis]:
        channels = 1 if axis is None else cells.shape[axis]
        raise SolverError(f"{what} has {len(found)} numbers for {channels} along the axis")
    return found.reshape([-1 if at == axis else 1 for at in range(cells.ndim)])


def _checked(parts: _Parts) -> _Parts:
    """Return *parts*, whose variance with eps added must be positive."""
    if parts.spread.min() <= 0:
        raise SolverError("the variance is zero, so eps must be positive")
    return parts


# What students do instead.


def _unbiased(parts: _Parts) -> Array:
    """Return the values by the variance that divides by one value less."""
    if parts.number is None or parts.number == 1:
        raise SolverError("the variance is given, or is that of one value")
    return _value(parts._replace(variance=parts.variance * parts.number / (parts.number - 1)))


def _mistakes(solver: Solver, parts: Callable[..., _Parts]) -> Mapping[str, Solver]:
    """Return the twins of both kinds of normalisation."""

    def changed(change: Callable[[_Parts], Array]) -> Solver:
        return instead(solver, lambda given: change(parts(**vars(given))))

    return {
        "variance_for_deviation": changed(lambda p: _over(p.spread, p)),
        "unbiased_variance": changed(_unbiased),
        "mean_not_subtracted": changed(lambda p: _value(p._replace(centre=p.centre * 0))),
        "scale_and_shift_left_out": told(solver, gamma=1, beta=0),
        "shift_left_out": told(solver, beta=0),
        "norm_scale_left_out": told(solver, gamma=1),
        "scale_and_shift_exchanged": told(
            solver, gamma=lambda given: given.beta, beta=lambda given: given.gamma
        ),
    }


SOLVERS: Final[tuple[Solver, ...]] = (batch_norm_values, layer_norm_values)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(batch_norm_values, _mistakes(batch_norm_values, _batch)),
    *twins_of(layer_norm_values, _mistakes(layer_norm_values, _layer)),
)
