"""Tracers for memory: the number of values, times b bytes each.

n is the number of values, M the memory in bytes.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np

from grader.display.steps import (
    Formula,
    SolutionStep,
    TextStep,
    Tracer,
    build_formula,
    build_value_step,
)
from grader.display.text import to_text
from grader.values import to_exact_number
from problems.solvers.memory import (
    OPTIMIZER_STATES,
    activation_bytes,
    kv_cache_bytes,
    parameter_bytes,
    peak_bytes,
    training_bytes,
)
from problems.solvers.units import BITS_PER_NUMBER, bytes_of, in_unit
from problems.traces.tracing import (
    TracedArguments,
    build_table,
    build_tracers,
    product_formula,
    sum_formula,
)

BITS_PER_BYTE: Final = 8
HALF_PRECISION: Final = "float16"
FULL_PRECISION: Final = "float32"


def _trace_parameter_bytes(args: TracedArguments) -> Iterator[SolutionStep]:
    width = bytes_of(args.dtype)
    noun = "byte" if width == 1 else "bytes"
    yield TextStep(f"A number of the type {args.dtype} has {to_text(width)} {noun}.")
    yield build_formula("M", "n*b", n=args.params, b=bytes_of(args.dtype))


def _list_shapes(shapes: Any) -> list[tuple[int, ...]]:
    """Return one shape, or several, as a list of tuples."""
    rows = shapes.tolist() if isinstance(shapes, np.ndarray) else shapes
    return [tuple(row) for row in (rows if isinstance(rows[0], (tuple, list)) else (rows,))]


def _trace_activation_bytes(args: TracedArguments) -> Iterator[SolutionStep]:
    shapes = _list_shapes(args.shapes)
    counts = [product_formula("n", shape) for shape in shapes]
    if len(shapes) > 1:
        yield build_table(
            ("shape", "values"),
            [(shape, count.number) for shape, count in zip(shapes, counts, strict=True)],
        )
    values = counts[0] if len(counts) == 1 else sum_formula("n", [count.number for count in counts])
    yield values
    yield from _trace_batch_bytes(values, args, copies=2 if args.with_gradients else 1)


def _trace_batch_bytes(
    values: Formula, args: TracedArguments, *, copies: int = 1
) -> Iterator[SolutionStep]:
    """Yield the bytes of a batch of N with *values* each; two *copies* include gradients."""
    if copies > 1:
        yield TextStep("Each activation has a gradient of the same size.")
    factors = [
        "2" if copies > 1 else "",
        "N" if args.batch_size > 1 else "",
        values.name,
        "b",
    ]
    known = {"N": args.batch_size, values.name: values.number, "b": bytes_of(args.dtype)}
    yield build_formula("M", "*".join(filter(None, factors)), **known)


def _trace_peak_bytes(args: TracedArguments) -> Iterator[SolutionStep]:
    shapes = _list_shapes(args.shapes)
    sizes = [product_formula("n", shape).number for shape in shapes]
    yield TextStep("A layer needs its input and its output; everything before is freed.")
    rows = [
        (index, before, after, one + two)
        for index, ((before, after), (one, two)) in enumerate(
            zip(pairwise(shapes), pairwise(sizes), strict=True), start=1
        )
    ]
    yield build_table(("layer", "input", "output", "values together"), rows)
    most = max(rows, key=lambda row: row[-1])
    yield TextStep(f"The peak is at layer {most[0]}.")
    yield from _trace_batch_bytes(build_formula("n", "n", n=most[-1]), args)


def _trace_training_bytes(args: TracedArguments) -> Iterator[SolutionStep]:
    states = OPTIMIZER_STATES[args.optimizer]
    state_text = {0: "nothing", 1: "one number", 2: "two numbers"}[states]
    yield TextStep(f"For each parameter, {args.optimizer} keeps {state_text} as its state.")
    n = args.params
    if not args.mixed_precision:
        source = f"{2 + states}*n*b"
        yield TextStep("The parameter itself and its gradient are one number each.")
        yield build_formula("M", source, n=n, b=bytes_of(args.dtype))
        return
    yield TextStep(
        "In 16 bits: parameters and gradients. In 32 bits: a copy of the parameters, the state."
    )
    short = build_formula("M_16", "2*n*b", n=n, b=bytes_of(HALF_PRECISION))
    long = build_formula("M_32", f"{1 + states}*n*b", n=n, b=bytes_of(FULL_PRECISION))
    yield from (short, long)
    yield build_formula("M", "M_16 + M_32", M_16=short.number, M_32=long.number)


def _trace_kv_cache_bytes(args: TracedArguments) -> Iterator[SolutionStep]:
    yield TextStep("Each layer L, head h and token n has a key and a value of d numbers each.")
    batch = "N*" if args.batch_size > 1 else ""
    known = {"N": args.batch_size, "L": args.num_layers, "h": args.num_heads}
    known |= {"d": args.head_dim, "n": args.seq_len}
    yield build_formula("M", f"2*{batch}L*h*d*n*b", **known, b=bytes_of(args.dtype))


def _trace_bytes_of(args: TracedArguments) -> Iterator[SolutionStep]:
    bits = BITS_PER_NUMBER[args.dtype]
    yield TextStep(
        f"A number of the type {args.dtype} has {bits} bits; a byte has {BITS_PER_BYTE}."
    )
    yield build_formula("b", "n/8", n=bits)


def _trace_in_unit(args: TracedArguments) -> Iterator[SolutionStep]:
    size = to_exact_number(args.count) / to_exact_number(args.result) if args.result else None
    if size is None:
        yield build_value_step("M", 0)
        return
    yield TextStep(f"One {args.unit} is {to_text(to_exact_number(size))}.")
    yield build_formula("M", "n/u", n=to_exact_number(args.count), u=to_exact_number(size))


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {
        parameter_bytes: _trace_parameter_bytes,
        activation_bytes: _trace_activation_bytes,
        peak_bytes: _trace_peak_bytes,
        training_bytes: _trace_training_bytes,
        kv_cache_bytes: _trace_kv_cache_bytes,
        bytes_of: _trace_bytes_of,
        in_unit: _trace_in_unit,
    }
)
