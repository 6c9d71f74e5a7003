"""Tracers for normalization: mean, variance and root of each channel or row.

mu is the mean, v the variance, s the square root of the variance plus eps.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from grader.display.steps import SolutionStep, TextStep, Tracer
from grader.display.text import to_text
from grader.values import Array, to_exact_number
from problems.solvers.bounds import as_array
from problems.solvers.normalisation import batch_norm_values, layer_norm_values
from problems.traces.reals import build_real_formula, build_symbolic_formula
from problems.traces.sums import mean_formula
from problems.traces.tracing import TracedArguments, build_table, build_tracers, show_array

VARIANCE_SENTENCE: Final = "The variance is the mean of the squared distances from the mean."
MAX_SUMMED: Final = 1024
RANKS: Final = (1, 2, 3, 4)


def _trace_batch_norm_values(args: TracedArguments) -> Iterator[SolutionStep]:
    cells = as_array(args.x, "x", ranks=RANKS).astype(np.float64)
    axis = args.axis
    lines = cells.reshape(1, -1)
    if axis is not None:
        lines = np.moveaxis(cells, axis, 0).reshape(cells.shape[axis], -1)
    centres = _broadcast_statistic(args.mean, lines.mean(axis=1))
    spreads = _broadcast_statistic(args.var, lines.var(axis=1))
    if args.mean is not None or args.var is not None:
        yield TextStep(
            "The running statistics from training replace the statistics of these values."
        )
    known = args.mean is not None, args.var is not None
    yield from _trace_statistics("channel", lines, centres, spreads, known=known, eps=args.eps)
    yield from _trace_normalized_values(args)


def _broadcast_statistic(value: object, default: Array) -> Array:
    """Return *value* for each line, or *default* if it is None."""
    if value is None:
        return default
    return np.broadcast_to(np.asarray(value, dtype=np.float64).ravel(), default.shape)


def _trace_layer_norm_values(args: TracedArguments) -> Iterator[SolutionStep]:
    cells = as_array(args.x, "x", ranks=RANKS).astype(np.float64)
    rows = cells.reshape(-1, cells.shape[-1])
    statistics = rows.mean(axis=1), rows.var(axis=1)
    yield from _trace_statistics("row", rows, *statistics, known=(False, False), eps=args.eps)
    yield from _trace_normalized_values(args)


def _trace_statistics(
    what: str,
    lines: Array,
    centres: Array,
    spreads: Array,
    *,
    known: tuple[bool, bool],
    eps: object,
) -> Iterator[SolutionStep]:
    """Yield mean, variance and root: formulas for one short line, otherwise a table."""
    if len(lines) > 1 or lines.size > MAX_SUMMED:
        yield TextStep(
            f"Each {what} has a mean, a variance, and the square root with eps = "
            f"{to_text(to_exact_number(eps))}."
        )
        roots = np.sqrt(spreads + float(to_exact_number(eps)))
        columns = (one.tolist() for one in (centres, spreads, roots))
        rows = [
            (index, *map(to_exact_number, row))
            for index, row in enumerate(zip(*columns, strict=True), start=1)
        ]
        yield build_table((what, "mean", "variance", "root"), rows)
        return
    centre, spread = to_exact_number(centres[0]), to_exact_number(spreads[0])
    if not known[0]:
        yield mean_formula("mu", lines[0].tolist())
    if not known[1]:
        yield TextStep(VARIANCE_SENTENCE)
        yield mean_formula("v", np.square(lines[0] - float(centre)).tolist())
    yield build_real_formula(
        "s", "sqrt(v + eps)" if eps else "sqrt(v)", v=spread, eps=to_exact_number(eps)
    )


def _trace_normalized_values(args: TracedArguments) -> Iterator[SolutionStep]:
    """Yield the formula of normalization, without neutral terms, and the values."""
    scaled = "gamma*" if np.any(np.asarray(args.gamma) != 1) else ""
    moved = " + beta" if np.any(np.asarray(args.beta) != 0) else ""
    yield build_symbolic_formula("y", f"{scaled}(x - mu)/s{moved}")
    yield show_array("y", args.result)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {batch_norm_values: _trace_batch_norm_values, layer_norm_values: _trace_layer_norm_values}
)
