"""Values after batch and layer normalization.

Source: Ioffe and Szegedy, Batch normalization (2015); Ba, Kiros and Hinton, Layer
normalization (2016); the PyTorch documentation of ``BatchNorm2d`` and ``LayerNorm``.
The variance divides by the number of values. Values are doubles.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, WrongVersion
from grader.values import Array, Number
from problems.solvers.bounds import Grid, as_array
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

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
    """Return *x* after batch normalization.

    The formula is ``gamma * (x - mean) / sqrt(var + eps) + beta``. *axis* is the
    channel axis: 0 for (C, H, W), 1 for a batch (B, C) or (B, C, H, W). Without it, all
    of *x* is one channel. *mean* and *var* default to those of *x*, as in training;
    pass running statistics to use them instead. *mean*, *var*, *gamma* and *beta* are
    one number, or one number per channel.

    >>> batch_norm_values([1, 3], eps=0, gamma=10, beta=5)
    array([-5., 15.])
    """
    return _normalize(
        _batch_norm_terms(x, mean=mean, var=var, gamma=gamma, beta=beta, eps=eps, axis=axis)
    )


def layer_norm_values(
    x: Grid,
    *,
    gamma: Number | Grid = 1,
    beta: Number | Grid = 0,
    eps: Number = Fraction(1, 100000),
) -> Array:
    """Return *x* after layer normalization along its last axis.

    The formula is ``gamma * (x - mean) / sqrt(var + eps) + beta``, with the mean and
    variance of each row. *gamma* and *beta* are one number, or one number per cell of a
    row.

    >>> layer_norm_values([[1, 3], [10, 50]], eps=0)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    return _normalize(_layer_norm_terms(x, gamma=gamma, beta=beta, eps=eps))


class _NormalizationTerms(NamedTuple):
    """Terms of the normalization formula.

    *value_count* is the number of values behind each variance, or None if the caller
    passed the variance.
    """

    cells: Array
    center: Array
    variance: Array
    eps: Array
    gamma: Array
    beta: Array
    value_count: int | None

    @property
    def variance_with_eps(self) -> Array:
        """Variance plus eps; the formula divides by its square root."""
        return self.variance + self.eps


def _normalize(terms: _NormalizationTerms) -> Array:
    return _normalize_by(np.sqrt(terms.variance_with_eps), terms)


def _normalize_by(divisor: Array, terms: _NormalizationTerms) -> Array:
    return terms.gamma * (terms.cells - terms.center) / divisor + terms.beta


def _batch_norm_terms(
    x: Grid,
    *,
    mean: Number | Grid | None,
    var: Number | Grid | None,
    gamma: Number | Grid,
    beta: Number | Grid,
    eps: Number,
    axis: int | None,
) -> _NormalizationTerms:
    cells = as_array(x, "x", ranks=RANKS).astype(np.float64)
    if axis is not None and (not isinstance(axis, int) or not 0 <= axis < cells.ndim):
        raise SolverError(f"x has {cells.ndim} axes, so there is no axis {axis}")
    others = tuple(index for index in range(cells.ndim) if index != axis)
    center = cells.mean(axis=others, keepdims=True)
    variance = cells.var(axis=others, keepdims=True)
    return _require_positive_variance(
        _NormalizationTerms(
            cells,
            center if mean is None else _broadcast_along(mean, "mean", cells, axis),
            variance if var is None else _broadcast_along(var, "var", cells, axis),
            as_array((eps,), "eps", ranks=(1,)),
            _broadcast_along(gamma, "gamma", cells, axis),
            _broadcast_along(beta, "beta", cells, axis),
            cells.size // center.size if var is None else None,
        )
    )


def _layer_norm_terms(
    x: Grid, *, gamma: Number | Grid, beta: Number | Grid, eps: Number
) -> _NormalizationTerms:
    cells = as_array(x, "x", ranks=RANKS).astype(np.float64)
    last = cells.ndim - 1
    return _require_positive_variance(
        _NormalizationTerms(
            cells,
            cells.mean(axis=-1, keepdims=True),
            cells.var(axis=-1, keepdims=True),
            as_array((eps,), "eps", ranks=(1,)),
            _broadcast_along(gamma, "gamma", cells, last),
            _broadcast_along(beta, "beta", cells, last),
            cells.shape[-1],
        )
    )


def _broadcast_along(value: Number | Grid, what: str, cells: Array, axis: int | None) -> Array:
    """Return *value* in a shape that broadcasts against *cells*.

    *value* is one number, or one number for each position along *axis*.
    """
    numbers = (value,) if isinstance(value, (int, Fraction)) else value
    values = as_array(numbers, what, ranks=(1,))
    if len(values) == 1:
        return values.reshape((1,) * cells.ndim)
    if axis is None or len(values) != cells.shape[axis]:
        channels = 1 if axis is None else cells.shape[axis]
        raise SolverError(f"{what} has {len(values)} numbers for {channels} along the axis")
    return values.reshape([-1 if index == axis else 1 for index in range(cells.ndim)])


def _require_positive_variance(terms: _NormalizationTerms) -> _NormalizationTerms:
    """Return *terms*, or raise `SolverError` if a variance plus eps is not positive."""
    if terms.variance_with_eps.min() <= 0:
        raise SolverError("the variance is zero, so eps must be positive")
    return terms


# What students do instead.


def _normalize_unbiased(terms: _NormalizationTerms) -> Array:
    """Return the values normalized with the unbiased variance, which divides by n - 1."""
    if terms.value_count is None or terms.value_count == 1:
        raise SolverError("the variance is given, or is that of one value")
    return _normalize(
        terms._replace(variance=terms.variance * terms.value_count / (terms.value_count - 1))
    )


def _norm_wrong_versions(
    solver: Solver, build_terms: Callable[..., _NormalizationTerms]
) -> Mapping[str, Solver]:
    """Return the wrong versions common to batch and layer normalization."""

    def make_wrong_version(change: Callable[[_NormalizationTerms], Array]) -> Solver:
        return replace_formula(solver, lambda args: change(build_terms(**vars(args))))

    return {
        "variance_for_deviation": make_wrong_version(
            lambda p: _normalize_by(p.variance_with_eps, p)
        ),
        "unbiased_variance": make_wrong_version(_normalize_unbiased),
        "mean_not_subtracted": make_wrong_version(
            lambda p: _normalize(p._replace(center=p.center * 0))
        ),
        "scale_and_shift_left_out": replace_arguments(solver, gamma=1, beta=0),
        "shift_left_out": replace_arguments(solver, beta=0),
        "norm_scale_left_out": replace_arguments(solver, gamma=1),
        "scale_and_shift_exchanged": replace_arguments(
            solver, gamma=lambda args: args.beta, beta=lambda args: args.gamma
        ),
    }


SOLVERS: Final[tuple[Solver, ...]] = (batch_norm_values, layer_norm_values)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        batch_norm_values, _norm_wrong_versions(batch_norm_values, _batch_norm_terms)
    ),
    *build_wrong_versions(
        layer_norm_values, _norm_wrong_versions(layer_norm_values, _layer_norm_terms)
    ),
)
