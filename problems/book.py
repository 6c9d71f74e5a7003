"""The book of everything that problems may call: solvers, their twins, the mistakes.

Solvers work on plain numbers, tuples and NumPy arrays; the engine on exact values. `bind` stands
between the two.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import wraps
from typing import Any, Final, TypeVar

import numpy as np

from grader.arithmetic import Function
from grader.book import Book, Rewrite, Solver, Twin
from grader.errors import SolverError
from grader.steps import Step, Tracer
from grader.values import Opaque, Tensor, Value, exact
from problems.mistakes import MISTAKES
from problems.network import build, counts, named, table, torch_text
from problems.network import twins as network_twins
from problems.solvers import (
    activations,
    adam,
    anchors,
    arrays,
    attention,
    average_precision,
    blocks,
    boxes,
    convolution,
    cost,
    cross_entropy,
    dense,
    detection,
    divergence,
    gradients,
    heads,
    inverse,
    layers_needed,
    loss_gradients,
    losses,
    matching,
    matrix_form,
    matrix_sizes,
    memory,
    metrics,
    normalisation,
    optimisers,
    overlaps,
    parameters,
    pool_gradients,
    pool_values,
    pooling,
    predictions,
    receptive_field,
    recurrent,
    regularisation,
    resizing,
    schedules,
    segmentation,
    sizes,
    suppression,
    training,
    transformers,
    transposed,
    transposed_values,
    units,
    unknown_filter,
    vision_transformers,
)
from problems.traces import TRACERS

__all__ = ["BOOK", "SOLVERS", "TWINS", "bind"]

T = TypeVar("T")

SOLVERS: Final[tuple[Solver, ...]] = (
    *sizes.SOLVERS,
    *resizing.SOLVERS,
    *inverse.SOLVERS,
    *layers_needed.SOLVERS,
    *unknown_filter.SOLVERS,
    *convolution.SOLVERS,
    *transposed.SOLVERS,
    *transposed_values.SOLVERS,
    *pooling.SOLVERS,
    *pool_values.SOLVERS,
    *activations.SOLVERS,
    *dense.SOLVERS,
    *normalisation.SOLVERS,
    *gradients.SOLVERS,
    *pool_gradients.SOLVERS,
    *loss_gradients.SOLVERS,
    *matrix_form.SOLVERS,
    *matrix_sizes.SOLVERS,
    *parameters.SOLVERS,
    *blocks.SOLVERS,
    *recurrent.SOLVERS,
    *transformers.SOLVERS,
    *vision_transformers.SOLVERS,
    *cost.SOLVERS,
    *memory.SOLVERS,
    *units.SOLVERS,
    *receptive_field.SOLVERS,
    *detection.SOLVERS,
    *heads.SOLVERS,
    *boxes.SOLVERS,
    *overlaps.SOLVERS,
    *suppression.SOLVERS,
    *anchors.SOLVERS,
    *matching.SOLVERS,
    *average_precision.SOLVERS,
    *metrics.SOLVERS,
    *predictions.SOLVERS,
    *segmentation.SOLVERS,
    *training.SOLVERS,
    *losses.SOLVERS,
    *cross_entropy.SOLVERS,
    *divergence.SOLVERS,
    *attention.SOLVERS,
    *schedules.SOLVERS,
    *optimisers.SOLVERS,
    *adam.SOLVERS,
    *regularisation.SOLVERS,
    *arrays.SOLVERS,
    *build.SOLVERS,
    *counts.SOLVERS,
    *table.SOLVERS,
    *named.SOLVERS,
    *torch_text.SOLVERS,
)

TWINS: Final[tuple[Twin, ...]] = (
    *sizes.TWINS,
    *resizing.TWINS,
    *inverse.TWINS,
    *layers_needed.TWINS,
    *unknown_filter.TWINS,
    *convolution.TWINS,
    *transposed.TWINS,
    *transposed_values.TWINS,
    *pooling.TWINS,
    *pool_values.TWINS,
    *activations.TWINS,
    *dense.TWINS,
    *normalisation.TWINS,
    *gradients.TWINS,
    *pool_gradients.TWINS,
    *loss_gradients.TWINS,
    *matrix_form.TWINS,
    *matrix_sizes.TWINS,
    *parameters.TWINS,
    *blocks.TWINS,
    *recurrent.TWINS,
    *transformers.TWINS,
    *vision_transformers.TWINS,
    *cost.TWINS,
    *memory.TWINS,
    *units.TWINS,
    *receptive_field.TWINS,
    *detection.TWINS,
    *heads.TWINS,
    *boxes.TWINS,
    *overlaps.TWINS,
    *suppression.TWINS,
    *anchors.TWINS,
    *matching.TWINS,
    *average_precision.TWINS,
    *metrics.TWINS,
    *predictions.TWINS,
    *segmentation.TWINS,
    *training.TWINS,
    *losses.TWINS,
    *cross_entropy.TWINS,
    *divergence.TWINS,
    *attention.TWINS,
    *schedules.TWINS,
    *optimisers.TWINS,
    *adam.TWINS,
    *regularisation.TWINS,
    *network_twins.TWINS,
)

# What Python and NumPy raise where a value of another kind is given than a solver takes.
FAILURES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    TypeError,
    ValueError,
)


def bind(solver: Solver) -> Function:
    """Return *solver* for engine values: tensors go in as arrays, results come out exact.

    Whatever goes wrong on the way is a `SolverError`.

    >>> bind(arrays.transpose)(Tensor.of([[1, 2], [3, 4]])).cells
    (1, 3, 2, 4)
    """

    def computed(*arguments: object, **keywords: object) -> Value:
        return _exact(solver(*arguments, **keywords))

    @wraps(solver)
    def function(*arguments: Value, **keywords: Value) -> Value:
        return _called(computed, arguments, keywords, name=solver.__name__)

    return function


def _bound_tracer(tracer: Tracer) -> Tracer:
    """Return *tracer* for engine values; what it cannot trace is a `SolverError`."""

    @wraps(tracer)
    def steps(*arguments: Value, **keywords: Value) -> tuple[Step, ...]:
        return _called(tracer, arguments, keywords, name=tracer.__name__)

    return steps


def _bound_rewrite(twin: Twin, rewrite: Rewrite) -> Rewrite:
    """Return *rewrite* for engine values; it gives plain ones, which bound twins take as well."""

    def call(*arguments: Value, **keywords: Value) -> Mapping[str, Any]:
        return _called(rewrite.call, arguments, keywords, name=twin.solver)

    return Rewrite(rewrite.arguments, call)


def _called(
    call: Callable[..., T], arguments: Iterable[Value], keywords: Mapping[str, Value], *, name: str
) -> T:
    """Return what *call* gives for engine values, made plain; else a `SolverError`."""
    given = [_plain(value) for value in arguments]
    named_values = {word: _plain(value) for word, value in keywords.items()}
    try:
        return call(*given, **named_values)
    except FAILURES as error:
        raise SolverError(f"{name} could not compute: {error}") from error


def _plain(value: Value) -> object:
    """Return *value* as a solver takes it."""
    if isinstance(value, Tensor):
        return value.array()
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return value


def _exact(result: object) -> Value:
    """Return a solver's *result* as the engine takes it, numbers exact; else a `SolverError`."""
    match result:
        case np.ndarray():
            return Tensor.from_array(result) if result.ndim else exact(result.item())
        case tuple() | list():
            return tuple(_exact(item) for item in result)
        case bool() | np.bool_():
            return bool(result)
        case str() | Opaque() | Tensor():
            return result
        case int() | float() | Fraction() | np.number():
            return exact(result)
        case _:
            raise SolverError(f"a solver gave {type(result).__name__}, which is not a value")


def _bound(twins: Iterable[Twin]) -> dict[str, dict[str, Function]]:
    """Return the twins by mistake and then by solver, bound."""
    table: dict[str, dict[str, Function]] = {mistake: {} for mistake in MISTAKES}
    for twin in twins:
        table[twin.mistake][twin.solver] = bind(twin.function)
    return table


def _rewrites(twins: Iterable[Twin]) -> dict[str, dict[str, Rewrite]]:
    """Return the rewrites of those twins that have one, by mistake and solver, bound."""
    table: dict[str, dict[str, Rewrite]] = {}
    for twin in twins:
        if twin.rewrite is not None:
            table.setdefault(twin.mistake, {})[twin.solver] = _bound_rewrite(twin, twin.rewrite)
    return table


BOOK: Final = Book(
    functions={solver.__name__: bind(solver) for solver in SOLVERS},
    twins=_bound(TWINS),
    mistakes=MISTAKES,
    rewrites=_rewrites(TWINS),
    tracers={name: _bound_tracer(tracer) for name, tracer in TRACERS.items()},
)
