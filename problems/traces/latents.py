"""The way to a latent code and to its divergence from the prior, dimension by dimension.

mu are the means, l the logarithms of the variances, eps the noise, sigma the deviations.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer
from grader.display.text import GREEK
from grader.values import exact
from problems.solvers.latents import code_divergence, latent_code, latent_deviation
from problems.solvers.probabilities import doubles
from problems.traces.reals import real, rule
from problems.traces.sums import averaged
from problems.traces.tracing import MAX_ROWS, counted_up, listed, shown, tracers

__all__ = ["TRACERS"]

MU, SIGMA, EPSILON = (GREEK[letter] for letter in ("mu", "sigma", "epsilon"))


def _columns(**columns: object) -> Step:
    """Return the table of the *columns*, a row for each dimension."""
    cells = [np.ravel(np.asarray(column))[: MAX_ROWS + 1].tolist() for column in columns.values()]
    rows = [tuple(map(exact, row)) for row in zip(*cells, strict=True)]
    numbered = [(at, *row) for at, row in enumerate(rows, start=1)]
    return listed(("dimension", *columns), numbered)


def _deviation(given: SimpleNamespace) -> Iterator[Step]:
    logarithms = doubles(given.log_var, "log_var")
    yield Said("The variance is e to its logarithm l; the standard deviation is its root.")
    if not logarithms.ndim:
        yield real("sigma", "exp(l/2)", l=float(logarithms))
        return
    yield rule("sigma", "exp(l/2)")
    yield shown("sigma", given.result)


def _code(given: SimpleNamespace) -> Iterator[Step]:
    mean, logarithms, noise = (
        doubles(one, "x") for one in (given.mean, given.log_var, given.noise)
    )
    yield Said("The mean, and as many standard deviations beside it as the noise says:")
    if not logarithms.ndim:
        at = {"mu": float(mean), "l": float(logarithms), "epsilon": float(noise)}
        yield real("z", "mu + exp(l/2)*epsilon", **at)
        return
    yield rule("z", "mu + exp(l/2)*epsilon")
    spread = {"l": logarithms, SIGMA: np.exp(logarithms / 2), EPSILON: noise}
    yield _columns(**{MU: mean, **spread, "z": given.result})
    yield shown("z", given.result)


def _divergence(given: SimpleNamespace) -> Iterator[Step]:
    mean, logarithms = doubles(given.mean, "mean"), doubles(given.log_var, "log_var")
    yield Said("Each dimension adds what its mean and its variance are away from 0 and 1:")
    if not logarithms.ndim:
        at = {"mu": float(mean), "l": float(logarithms)}
        yield real("D", "(mu**2 + exp(l) - 1 - l)/2", **at)
        return
    yield rule("D", "(mu**2 + exp(l) - 1 - l)/2")
    terms = code_divergence(given.mean, given.log_var, reduction="none")
    yield _columns(**{f"{MU}²": mean**2, "exp(l)": np.exp(logarithms), "l": logarithms, "D": terms})
    if given.reduction == "none":
        yield shown("D", terms)
    elif given.reduction == "mean":
        yield averaged("D", terms.ravel().tolist())
    else:
        yield counted_up("D", map(exact, terms.ravel().tolist()))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {latent_deviation: _deviation, latent_code: _code, code_divergence: _divergence}
)
