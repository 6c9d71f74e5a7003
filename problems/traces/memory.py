"""The way to bytes: how many numbers are kept, times the bytes b of one.

n is how many numbers, M the memory in bytes.
"""

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, Final

import numpy as np

from grader.display.steps import Formula, Said, Step, Tracer, formula, stated
from grader.display.text import show
from grader.values import exact
from problems.solvers.memory import (
    STATES,
    activation_bytes,
    kv_cache_bytes,
    parameter_bytes,
    peak_bytes,
    training_bytes,
)
from problems.solvers.units import BITS, bytes_of, in_unit
from problems.traces.tracing import counted_up, listed, multiplied, tracers

__all__ = ["TRACERS"]

BYTE: Final = 8
HALF: Final = "float16"
FULL: Final = "float32"


def _parameters(given: SimpleNamespace) -> Iterator[Step]:
    width = bytes_of(given.dtype)
    noun = "byte" if width == 1 else "bytes"
    yield Said(f"A number of the type {given.dtype} has {show(width)} {noun}.")
    yield formula("M", "n*b", n=given.params, b=bytes_of(given.dtype))


def _shapes(shapes: Any) -> list[tuple[int, ...]]:
    """Return one shape, or the rows of several, as a list of tuples."""
    rows = shapes.tolist() if isinstance(shapes, np.ndarray) else shapes
    return [tuple(row) for row in (rows if isinstance(rows[0], (tuple, list)) else (rows,))]


def _activations(given: SimpleNamespace) -> Iterator[Step]:
    shapes = _shapes(given.shapes)
    counts = [multiplied("n", shape) for shape in shapes]
    if len(shapes) > 1:
        yield listed(
            ("shape", "values"),
            [(shape, count.number) for shape, count in zip(shapes, counts, strict=True)],
        )
    values = counts[0] if len(counts) == 1 else counted_up("n", [one.number for one in counts])
    yield values
    yield from _bytes(values, given, kept=2 if given.with_gradients else 1)


def _bytes(values: Formula, given: SimpleNamespace, *, kept: int = 1) -> Iterator[Step]:
    """Yield the bytes of so many *values* an example, kept once or twice, for a batch of N."""
    if kept > 1:
        yield Said("Each activation has a gradient of its own size.")
    factors = [
        "2" if kept > 1 else "",
        "N" if given.batch_size > 1 else "",
        values.name,
        "b",
    ]
    known = {"N": given.batch_size, values.name: values.number, "b": bytes_of(given.dtype)}
    yield formula("M", "*".join(filter(None, factors)), **known)


def _peak(given: SimpleNamespace) -> Iterator[Step]:
    shapes = _shapes(given.shapes)
    sizes = [multiplied("n", shape).number for shape in shapes]
    yield Said("A layer needs its input and its output; what lies before is freed.")
    rows = [
        (at, before, after, one + two)
        for at, ((before, after), (one, two)) in enumerate(
            zip(pairwise(shapes), pairwise(sizes), strict=True), start=1
        )
    ]
    yield listed(("layer", "input", "output", "values together"), rows)
    most = max(rows, key=lambda row: row[-1])
    yield Said(f"The most at once is that of layer {most[0]}.")
    yield from _bytes(formula("n", "n", n=most[-1]), given)


def _training(given: SimpleNamespace) -> Iterator[Step]:
    states = STATES[given.optimizer]
    kept = {0: "nothing", 1: "one number", 2: "two numbers"}[states]
    yield Said(f"For each parameter {given.optimizer} keeps {kept} of its own.")
    n = given.params
    if not given.mixed_precision:
        source = f"{2 + states}*n*b"
        yield Said("Parameters and gradients are numbers for each parameter too.")
        yield formula("M", source, n=n, b=bytes_of(given.dtype))
        return
    yield Said("In 16 bits: parameters and gradients. In 32: a copy of the parameters, the state.")
    short = formula("M_16", "2*n*b", n=n, b=bytes_of(HALF))
    long = formula("M_32", f"{1 + states}*n*b", n=n, b=bytes_of(FULL))
    yield from (short, long)
    yield formula("M", "M_16 + M_32", M_16=short.number, M_32=long.number)


def _cache(given: SimpleNamespace) -> Iterator[Step]:
    yield Said(
        "Keys and values: each layer L, head h and token n has a vector of d numbers of both."
    )
    batch = "N*" if given.batch_size > 1 else ""
    known = {"N": given.batch_size, "L": given.num_layers, "h": given.num_heads}
    known |= {"d": given.head_dim, "n": given.seq_len}
    yield formula("M", f"2*{batch}L*h*d*n*b", **known, b=bytes_of(given.dtype))


def _bytes_of(given: SimpleNamespace) -> Iterator[Step]:
    bits = BITS[given.dtype]
    yield Said(f"A number of the type {given.dtype} has {bits} bits; a byte has {BYTE}.")
    yield formula("b", "n/8", n=bits)


def _in_unit(given: SimpleNamespace) -> Iterator[Step]:
    size = exact(given.count) / exact(given.result) if given.result else None
    if size is None:
        yield stated("M", 0)
        return
    yield Said(f"One {given.unit} is {show(exact(size))}.")
    yield formula("M", "n/u", n=exact(given.count), u=exact(size))


TRACERS: Final[dict[str, Tracer]] = tracers(
    {
        parameter_bytes: _parameters,
        activation_bytes: _activations,
        peak_bytes: _peak,
        training_bytes: _training,
        kv_cache_bytes: _cache,
        bytes_of: _bytes_of,
        in_unit: _in_unit,
    }
)
