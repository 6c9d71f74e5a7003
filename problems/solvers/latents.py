"""The latent code of a variational autoencoder: how it is drawn, how far it is from the prior.

Doubles. An encoder gives the means and the natural logarithms of the variances, numbers or arrays
of one shape. Source: Kingma and Welling, Auto-Encoding Variational Bayes (2014), section 2.4 and
appendix B.
"""

from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Array
from problems.solvers.exact_arrays import Cells, Plain, reduced
from problems.solvers.probabilities import doubles
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "code_divergence", "latent_code", "latent_deviation"]

LARGEST_LOGARITHM: Final = 300


def latent_deviation(log_var: Cells) -> Plain:
    """Return the standard deviations of a code: ``exp(log_var / 2)``.

    >>> latent_deviation(0)
    1.0
    """
    return reduced(np.exp(_logarithms(log_var) / 2), "none")


def latent_code(mean: Cells, log_var: Cells, noise: Cells) -> Plain:
    """Return the code that is drawn by reparameterisation: ``mean + exp(log_var / 2) * noise``.

    The *noise* is drawn from the normal distribution with mean 0 and variance 1.

    >>> latent_code([1, 2], [0, 0], [3, -3]).tolist()
    [4.0, -1.0]
    """
    wide, drawn = latent_deviation(log_var), _like(noise, log_var, "noise")
    return reduced(_like(mean, log_var, "mean") + wide * drawn, "none")


def code_divergence(mean: Cells, log_var: Cells, *, reduction: str = "sum") -> Plain:
    """Return the divergence of the code's normal distribution from the standard one, in nats.

    ``1/2 * (mean**2 + exp(log_var) - 1 - log_var)``, added up over all dimensions; the *reduction*
    may be ``mean`` too, or ``none`` for that of each dimension.

    >>> code_divergence([0, 2], [0, 0])
    2.0
    """
    squares, logarithms = _like(mean, log_var, "mean") ** 2, _logarithms(log_var)
    return _halved(squares + np.exp(logarithms) - 1 - logarithms, reduction)


def _halved(terms: Array, reduction: str) -> Plain:
    return reduced(np.asarray(terms / 2), reduction)


def _logarithms(log_var: Cells) -> Array:
    """Return the logarithms of variances, none so large that a variance overflows."""
    found = doubles(log_var, "log_var")
    if np.abs(found).max() > LARGEST_LOGARITHM:
        raise SolverError(f"log_var must be from -{LARGEST_LOGARITHM} to {LARGEST_LOGARITHM}")
    return found


def _like(value: Cells, log_var: Cells, what: str) -> Array:
    """Return *value* as doubles, in the shape of the logarithms."""
    found, logarithms = doubles(value, what), doubles(log_var, "log_var")
    if found.shape != logarithms.shape:
        raise SolverError(
            f"{what} has the shape {found.shape}, log_var the shape {logarithms.shape}"
        )
    return found


SOLVERS: Final[tuple[Solver, ...]] = (latent_deviation, latent_code, code_divergence)

# What students do instead.


def _doubled(given: SimpleNamespace) -> Array:
    """Return logarithms of variances where those that are given are taken for deviations'."""
    return 2 * _logarithms(given.log_var)


def _negative(given: SimpleNamespace) -> Array:
    return -_logarithms(given.log_var)


def _logarithm_kept(given: SimpleNamespace) -> Plain:
    """Return the code with the logarithms of the variances in the place of the deviations."""
    spread = _logarithms(given.log_var) * _like(given.noise, given.log_var, "noise")
    return reduced(_like(given.mean, given.log_var, "mean") + spread, "none")


def _divergence(given: SimpleNamespace, variance: Array, logarithm: Array, constant: int) -> Plain:
    """Return the divergence that is made of these terms."""
    squares = _like(given.mean, given.log_var, "mean") ** 2
    return _halved(squares + variance - constant - logarithm, given.reduction)


def _with_deviations(given: SimpleNamespace) -> Plain:
    logarithms = _logarithms(given.log_var)
    return _divergence(given, np.exp(logarithms / 2), logarithms, 1)


def _without_one(given: SimpleNamespace) -> Plain:
    logarithms = _logarithms(given.log_var)
    return _divergence(given, np.exp(logarithms), logarithms, 0)


def _logarithm_added(given: SimpleNamespace) -> Plain:
    logarithms = _logarithms(given.log_var)
    return _divergence(given, np.exp(logarithms), -logarithms, 1)


def _mean_unsquared(given: SimpleNamespace) -> Plain:
    mean, logarithms = _like(given.mean, given.log_var, "mean"), _logarithms(given.log_var)
    return _halved(mean + np.exp(logarithms) - 1 - logarithms, given.reduction)


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        latent_deviation,
        {
            "exponent_not_halved": told(latent_deviation, log_var=_doubled),
            "log_variance_sign": told(latent_deviation, log_var=_negative),
        },
    ),
    *twins_of(
        latent_code,
        {
            "exponent_not_halved": told(latent_code, log_var=_doubled),
            "log_variance_sign": told(latent_code, log_var=_negative),
            "log_variance_kept": instead(latent_code, _logarithm_kept),
            "noise_subtracted": told(latent_code, noise=lambda g: -doubles(g.noise, "noise")),
        },
    ),
    *twins_of(
        code_divergence,
        {
            "half_left_out": instead(code_divergence, lambda g: 2 * code_divergence(**vars(g))),
            "sign_lost": instead(code_divergence, lambda g: -code_divergence(**vars(g))),
            "mean_for_sum": told(code_divergence, reduction="mean"),
            "exponent_not_halved": told(code_divergence, log_var=_doubled),
            "log_variance_sign": told(code_divergence, log_var=_negative),
            "deviation_for_variance": instead(code_divergence, _with_deviations),
            "one_not_subtracted": instead(code_divergence, _without_one),
            "logarithm_added": instead(code_divergence, _logarithm_added),
            "mean_not_squared": instead(code_divergence, _mean_unsquared),
            "code_mean_left_out": told(
                code_divergence, mean=lambda g: np.zeros_like(doubles(g.mean, "mean"))
            ),
        },
    ),
)
