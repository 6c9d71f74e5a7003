"""The way to the result of every solver, step by step, for worked solutions.

A module has the tracers of one family, in a table from solvers to the functions that give their
steps. The last step of a tracer states the result of its solver; `problems.traces.tracing` makes
the tracers.
"""

from collections.abc import Mapping
from typing import Final

from grader.steps import Tracer
from problems.traces import (
    activation_gradients,
    anchors,
    arrays,
    attention,
    average_precision,
    blocks,
    boxes,
    cost,
    cross_entropy,
    dense,
    detection,
    fields,
    gradients,
    heads,
    inverse,
    layers,
    losses,
    matching,
    matrix_form,
    memory,
    metrics,
    networks,
    normalisation,
    optimisers,
    overlaps,
    parameters,
    pools,
    predictions,
    recurrent,
    schedules,
    shapes,
    sizes,
    stamps,
    suppression,
    training,
    transformers,
    vision_transformers,
    windows,
)

__all__ = ["TRACERS"]

TRACERS: Final[Mapping[str, Tracer]] = {
    **sizes.TRACERS,
    **shapes.TRACERS,
    **windows.TRACERS,
    **pools.TRACERS,
    **stamps.TRACERS,
    **dense.TRACERS,
    **parameters.TRACERS,
    **blocks.TRACERS,
    **cost.TRACERS,
    **inverse.TRACERS,
    **fields.TRACERS,
    **layers.TRACERS,
    **networks.TRACERS,
    **training.TRACERS,
    **vision_transformers.TRACERS,
    **arrays.TRACERS,
    **detection.TRACERS,
    **heads.TRACERS,
    **boxes.TRACERS,
    **overlaps.TRACERS,
    **suppression.TRACERS,
    **anchors.TRACERS,
    **matching.TRACERS,
    **average_precision.TRACERS,
    **metrics.TRACERS,
    **predictions.TRACERS,
    **losses.TRACERS,
    **cross_entropy.TRACERS,
    **normalisation.TRACERS,
    **gradients.TRACERS,
    **activation_gradients.TRACERS,
    **schedules.TRACERS,
    **memory.TRACERS,
    **recurrent.TRACERS,
    **transformers.TRACERS,
    **optimisers.TRACERS,
    **attention.TRACERS,
    **matrix_form.TRACERS,
}
