"""Tracers for latent codes and their divergence from the prior, per dimension.

mu are the means, l the log-variances, eps the noise, sigma the standard deviations.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer
from grader.display.text import GREEK
from grader.values import to_exact_number
from problems.solvers.latents import code_divergence, latent_code, latent_deviation
from problems.solvers.probabilities import as_doubles
from problems.traces.reals import build_real_formula, build_symbolic_formula
from problems.traces.sums import mean_formula
from problems.traces.tracing import (
    MAX_ROWS,
    TracedArguments,
    build_table,
    build_tracers,
    show_array,
    sum_formula,
)

MU, SIGMA, EPSILON = (GREEK[letter] for letter in ("mu", "sigma", "epsilon"))


def _build_dimension_table(**columns: object) -> SolutionStep:
    """Return a table of *columns* with one row per latent dimension."""
    cells = [np.ravel(np.asarray(column))[: MAX_ROWS + 1].tolist() for column in columns.values()]
    rows = [tuple(map(to_exact_number, row)) for row in zip(*cells, strict=True)]
    numbered = [(index, *row) for index, row in enumerate(rows, start=1)]
    return build_table(("dimension", *columns), numbered)


def _trace_latent_deviation(args: TracedArguments) -> Iterator[SolutionStep]:
    logarithms = as_doubles(args.log_var, "log_var")
    yield TextStep(
        "The variance is e to the power of l; the standard deviation is its square root."
    )
    if not logarithms.ndim:
        yield build_real_formula("sigma", "exp(l/2)", l=float(logarithms))
        return
    yield build_symbolic_formula("sigma", "exp(l/2)")
    yield show_array("sigma", args.result)


def _trace_latent_code(args: TracedArguments) -> Iterator[SolutionStep]:
    mean, logarithms, noise = (
        as_doubles(one, "x") for one in (args.mean, args.log_var, args.noise)
    )
    yield TextStep("The mean plus the standard deviation times the noise:")
    if not logarithms.ndim:
        numbers = {"mu": float(mean), "l": float(logarithms), "epsilon": float(noise)}
        yield build_real_formula("z", "mu + exp(l/2)*epsilon", **numbers)
        return
    yield build_symbolic_formula("z", "mu + exp(l/2)*epsilon")
    spread = {"l": logarithms, SIGMA: np.exp(logarithms / 2), EPSILON: noise}
    yield _build_dimension_table(**{MU: mean, **spread, "z": args.result})
    yield show_array("z", args.result)


def _trace_code_divergence(args: TracedArguments) -> Iterator[SolutionStep]:
    mean, logarithms = as_doubles(args.mean, "mean"), as_doubles(args.log_var, "log_var")
    yield TextStep("Each dimension contributes according to its mean and variance:")
    if not logarithms.ndim:
        numbers = {"mu": float(mean), "l": float(logarithms)}
        yield build_real_formula("D", "(mu**2 + exp(l) - 1 - l)/2", **numbers)
        return
    yield build_symbolic_formula("D", "(mu**2 + exp(l) - 1 - l)/2")
    terms = code_divergence(args.mean, args.log_var, reduction="none")
    yield _build_dimension_table(
        **{f"{MU}²": mean**2, "exp(l)": np.exp(logarithms), "l": logarithms, "D": terms}
    )
    if args.reduction == "none":
        yield show_array("D", terms)
    elif args.reduction == "mean":
        yield mean_formula("D", terms.ravel().tolist())
    else:
        yield sum_formula("D", map(to_exact_number, terms.ravel().tolist()))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        latent_deviation: _trace_latent_deviation,
        latent_code: _trace_latent_code,
        code_divergence: _trace_code_divergence,
    }
)
