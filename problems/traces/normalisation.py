"""The way to values after normalisation: mean, variance and root of each channel or row.

mu is the mean, v the variance, s the root of the variance with eps.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.display.steps import Said, Step, Tracer
from grader.display.text import show
from grader.values import Array, exact
from problems.solvers.bounds import array
from problems.solvers.normalisation import batch_norm_values, layer_norm_values
from problems.traces.reals import real, rule
from problems.traces.sums import averaged
from problems.traces.tracing import listed, shown, tracers

__all__ = ["TRACERS"]

MAX_SUMMED: Final = 1024
RANKS: Final = (1, 2, 3, 4)


def _batch(given: SimpleNamespace) -> Iterator[Step]:
    cells = array(given.x, "x", ranks=RANKS).astype(np.float64)
    axis = given.axis
    lines = cells.reshape(1, -1)
    if axis is not None:
        lines = np.moveaxis(cells, axis, 0).reshape(cells.shape[axis], -1)
    centres = _each(given.mean, lines.mean(axis=1))
    spreads = _each(given.var, lines.var(axis=1))
    if given.mean is not None or given.var is not None:
        yield Said("What was kept from training stands for the statistics of these values.")
    known = given.mean is not None, given.var is not None
    yield from _statistics("channel", lines, centres, spreads, known=known, eps=given.eps)
    yield from _finished(given)


def _each(value: object, own: Array) -> Array:
    """Return *value* for each line, or its own where none is given."""
    if value is None:
        return own
    return np.broadcast_to(np.asarray(value, dtype=np.float64).ravel(), own.shape)


def _layer(given: SimpleNamespace) -> Iterator[Step]:
    cells = array(given.x, "x", ranks=RANKS).astype(np.float64)
    rows = cells.reshape(-1, cells.shape[-1])
    statistics = rows.mean(axis=1), rows.var(axis=1)
    yield from _statistics("row", rows, *statistics, known=(False, False), eps=given.eps)
    yield from _finished(given)


def _statistics(
    what: str,
    lines: Array,
    centres: Array,
    spreads: Array,
    *,
    known: tuple[bool, bool],
    eps: object,
) -> Iterator[Step]:
    """Yield mean, variance and root: of one short line by formulas, else in a table."""
    if len(lines) > 1 or lines.size > MAX_SUMMED:
        yield Said(
            f"Each {what} has a mean, a variance, and its root with eps = {show(exact(eps))}."
        )
        roots = np.sqrt(spreads + float(exact(eps)))
        columns = (one.tolist() for one in (centres, spreads, roots))
        rows = [
            (at, *map(exact, row)) for at, row in enumerate(zip(*columns, strict=True), start=1)
        ]
        yield listed((what, "mean", "variance", "root"), rows)
        return
    centre, spread = exact(centres[0]), exact(spreads[0])
    if not known[0]:
        yield averaged("mu", lines[0].tolist())
    if not known[1]:
        yield Said("The variance is the mean of the squared distances from the mean.")
        yield averaged("v", np.square(lines[0] - float(centre)).tolist())
    yield real("s", "sqrt(v + eps)" if eps else "sqrt(v)", v=spread, eps=exact(eps))


def _finished(given: SimpleNamespace) -> Iterator[Step]:
    """Yield the formula of normalisation, without what does nothing, and the values."""
    scaled = "gamma*" if np.any(np.asarray(given.gamma) != 1) else ""
    moved = " + beta" if np.any(np.asarray(given.beta) != 0) else ""
    yield rule("y", f"{scaled}(x - mu)/s{moved}")
    yield shown("y", given.result)


TRACERS: Final[dict[str, Tracer]] = tracers({batch_norm_values: _batch, layer_norm_values: _layer})
