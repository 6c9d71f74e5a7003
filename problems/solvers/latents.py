"""Latent codes of variational autoencoders: sampling, and divergence from the prior.

Results are doubles. An encoder outputs the means and the natural logarithms of the
variances, as numbers or arrays of the same shape. Source: Kingma and Welling,
Auto-Encoding Variational Bayes (2014), section 2.4 and appendix B.
"""

from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.exact_arrays import NumberOrArray, NumberOrGrid, reduce_losses
from problems.solvers.probabilities import as_doubles
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_LOG_VAR: Final = 300


def latent_deviation(log_var: NumberOrGrid) -> NumberOrArray:
    """Return the standard deviations of a latent code: ``exp(log_var / 2)``.

    >>> latent_deviation(0)
    1.0
    """
    return reduce_losses(np.exp(_parse_log_var(log_var) / 2), "none")


def latent_code(mean: NumberOrGrid, log_var: NumberOrGrid, noise: NumberOrGrid) -> NumberOrArray:
    """Return a code sampled by reparameterization: ``mean + exp(log_var / 2) * noise``.

    The *noise* is drawn from the normal distribution with mean 0 and variance 1.

    >>> latent_code([1, 2], [0, 0], [3, -3]).tolist()
    [4.0, -1.0]
    """
    deviation, noise_values = (
        latent_deviation(log_var),
        _as_matching_doubles(noise, log_var, "noise"),
    )
    return reduce_losses(
        _as_matching_doubles(mean, log_var, "mean") + deviation * noise_values, "none"
    )


def code_divergence(
    mean: NumberOrGrid, log_var: NumberOrGrid, *, reduction: str = "sum"
) -> NumberOrArray:
    """Return the KL divergence of the code from the standard normal distribution, in nats.

    ``1/2 * (mean**2 + exp(log_var) - 1 - log_var)``, summed over all dimensions. The
    *reduction* may also be ``mean``, or ``none`` for the divergence of each dimension.

    >>> code_divergence([0, 2], [0, 0])
    2.0
    """
    squares, logarithms = _as_matching_doubles(mean, log_var, "mean") ** 2, _parse_log_var(log_var)
    return _halve_and_reduce(squares + np.exp(logarithms) - 1 - logarithms, reduction)


def _halve_and_reduce(terms: Array, reduction: str) -> NumberOrArray:
    return reduce_losses(np.asarray(terms / 2), reduction)


def _parse_log_var(log_var: NumberOrGrid) -> Array:
    """Return *log_var* as doubles, bounded by `MAX_LOG_VAR` so that variances stay finite."""
    logarithms = as_doubles(log_var, "log_var")
    if np.abs(logarithms).max() > MAX_LOG_VAR:
        raise SolverError(f"log_var must be from -{MAX_LOG_VAR} to {MAX_LOG_VAR}")
    return logarithms


def _as_matching_doubles(value: NumberOrGrid, log_var: NumberOrGrid, what: str) -> Array:
    """Return *value* as doubles, which must have the shape of *log_var*."""
    values, logarithms = as_doubles(value, what), as_doubles(log_var, "log_var")
    if values.shape != logarithms.shape:
        raise SolverError(
            f"{what} has the shape {values.shape}, log_var the shape {logarithms.shape}"
        )
    return values


SOLVERS: Final[tuple[Solver, ...]] = (latent_deviation, latent_code, code_divergence)

# What students do instead.


def _double_log_var(args: SolverArguments) -> Array:
    """Return twice the log variances, as if they were logarithms of standard deviations."""
    return 2 * _parse_log_var(args.log_var)


def _negate_log_var(args: SolverArguments) -> Array:
    return -_parse_log_var(args.log_var)


def _code_with_log_var(args: SolverArguments) -> NumberOrArray:
    """Return the code with the log variances in place of the standard deviations."""
    spread = _parse_log_var(args.log_var) * _as_matching_doubles(args.noise, args.log_var, "noise")
    return reduce_losses(_as_matching_doubles(args.mean, args.log_var, "mean") + spread, "none")


def _divergence_from_terms(
    args: SolverArguments, variance: Array, logarithm: Array, constant: int
) -> NumberOrArray:
    """Return the divergence with these terms in place of the correct ones."""
    squares = _as_matching_doubles(args.mean, args.log_var, "mean") ** 2
    return _halve_and_reduce(squares + variance - constant - logarithm, args.reduction)


def _divergence_with_deviation_for_variance(args: SolverArguments) -> NumberOrArray:
    logarithms = _parse_log_var(args.log_var)
    return _divergence_from_terms(args, np.exp(logarithms / 2), logarithms, 1)


def _divergence_without_one(args: SolverArguments) -> NumberOrArray:
    logarithms = _parse_log_var(args.log_var)
    return _divergence_from_terms(args, np.exp(logarithms), logarithms, 0)


def _divergence_with_log_added(args: SolverArguments) -> NumberOrArray:
    logarithms = _parse_log_var(args.log_var)
    return _divergence_from_terms(args, np.exp(logarithms), -logarithms, 1)


def _divergence_with_unsquared_mean(args: SolverArguments) -> NumberOrArray:
    mean, logarithms = (
        _as_matching_doubles(args.mean, args.log_var, "mean"),
        _parse_log_var(args.log_var),
    )
    return _halve_and_reduce(mean + np.exp(logarithms) - 1 - logarithms, args.reduction)


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        latent_deviation,
        {
            "exponent_not_halved": replace_arguments(latent_deviation, log_var=_double_log_var),
            "log_variance_sign": replace_arguments(latent_deviation, log_var=_negate_log_var),
        },
    ),
    *build_wrong_versions(
        latent_code,
        {
            "exponent_not_halved": replace_arguments(latent_code, log_var=_double_log_var),
            "log_variance_sign": replace_arguments(latent_code, log_var=_negate_log_var),
            "log_variance_kept": replace_formula(latent_code, _code_with_log_var),
            "noise_subtracted": replace_arguments(
                latent_code, noise=lambda g: -as_doubles(g.noise, "noise")
            ),
        },
    ),
    *build_wrong_versions(
        code_divergence,
        {
            "half_left_out": replace_formula(
                code_divergence, lambda g: 2 * code_divergence(**vars(g))
            ),
            "sign_lost": replace_formula(code_divergence, lambda g: -code_divergence(**vars(g))),
            "mean_for_sum": replace_arguments(code_divergence, reduction="mean"),
            "exponent_not_halved": replace_arguments(code_divergence, log_var=_double_log_var),
            "log_variance_sign": replace_arguments(code_divergence, log_var=_negate_log_var),
            "deviation_for_variance": replace_formula(
                code_divergence, _divergence_with_deviation_for_variance
            ),
            "one_not_subtracted": replace_formula(code_divergence, _divergence_without_one),
            "logarithm_added": replace_formula(code_divergence, _divergence_with_log_added),
            "mean_not_squared": replace_formula(code_divergence, _divergence_with_unsquared_mean),
            "code_mean_left_out": replace_arguments(
                code_divergence, mean=lambda g: np.zeros_like(as_doubles(g.mean, "mean"))
            ),
        },
    ),
)
