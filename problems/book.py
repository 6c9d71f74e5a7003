"""The book of everything that problems may call: solvers, their twins, the mistakes."""

from collections.abc import Iterable
from typing import Final

from grader.arithmetic import Function
from grader.book import Book, Rewrite, Solver, Twin
from problems.binding import bind, bind_rewrite, bind_tracer
from problems.mistakes import MISTAKES
from problems.network import build, counts, forward, named, table, torch_text
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
    distances,
    divergence,
    gradients,
    heads,
    inverse,
    latents,
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
    positions,
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
    upsampling,
    vision_transformers,
    weight_decay,
    words,
)
from problems.traces import TRACERS

__all__ = ["BOOK", "SOLVERS", "TWINS"]

SOLVERS: Final[tuple[Solver, ...]] = (
    *sizes.SOLVERS,
    *resizing.SOLVERS,
    *inverse.SOLVERS,
    *layers_needed.SOLVERS,
    *unknown_filter.SOLVERS,
    *convolution.SOLVERS,
    *transposed.SOLVERS,
    *transposed_values.SOLVERS,
    *upsampling.SOLVERS,
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
    *latents.SOLVERS,
    *distances.SOLVERS,
    *words.SOLVERS,
    *attention.SOLVERS,
    *positions.SOLVERS,
    *schedules.SOLVERS,
    *optimisers.SOLVERS,
    *adam.SOLVERS,
    *weight_decay.SOLVERS,
    *regularisation.SOLVERS,
    *arrays.SOLVERS,
    *build.SOLVERS,
    *counts.SOLVERS,
    *table.SOLVERS,
    *forward.SOLVERS,
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
    *upsampling.TWINS,
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
    *latents.TWINS,
    *distances.TWINS,
    *words.TWINS,
    *attention.TWINS,
    *positions.TWINS,
    *schedules.TWINS,
    *optimisers.TWINS,
    *adam.TWINS,
    *weight_decay.TWINS,
    *regularisation.TWINS,
    *network_twins.TWINS,
    *forward.TWINS,
)


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
            table.setdefault(twin.mistake, {})[twin.solver] = bind_rewrite(twin, twin.rewrite)
    return table


BOOK: Final = Book(
    functions={solver.__name__: bind(solver) for solver in SOLVERS},
    twins=_bound(TWINS),
    mistakes=MISTAKES,
    rewrites=_rewrites(TWINS),
    tracers={name: bind_tracer(tracer) for name, tracer in TRACERS.items()},
)
