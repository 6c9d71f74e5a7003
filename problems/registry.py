"""Registry of everything that problems may call: solvers, wrong versions, mistakes."""

from collections.abc import Iterable
from typing import Final

from grader.expressions.arithmetic import Function
from grader.registry import ArgumentRewrite, Registry, Solver, WrongVersion
from problems.adapters import adapt_rewrite, adapt_solver, adapt_tracer
from problems.mistakes import MISTAKES
from problems.network import counts, forward, layer_table
from problems.network.constructors import all_constructors, graphs
from problems.network.published import catalog
from problems.network.pytorch import module_parser
from problems.network.wrong_versions import network_solvers as network_twins
from problems.network.wrong_versions import rare_networks
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
    convolution_parameters,
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
    weight_shapes,
    words,
    wrong_boxes,
    wrong_convolutions,
    wrong_counts,
    wrong_scores,
    wrong_sizes,
    wrong_values,
)
from problems.traces import TRACERS

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
    *convolution_parameters.SOLVERS,
    *weight_shapes.SOLVERS,
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
    *all_constructors.SOLVERS,
    *counts.SOLVERS,
    *layer_table.SOLVERS,
    *forward.SOLVERS,
    *catalog.SOLVERS,
    *module_parser.SOLVERS,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *sizes.WRONG_VERSIONS,
    *resizing.WRONG_VERSIONS,
    *inverse.WRONG_VERSIONS,
    *layers_needed.WRONG_VERSIONS,
    *unknown_filter.WRONG_VERSIONS,
    *convolution.WRONG_VERSIONS,
    *transposed.WRONG_VERSIONS,
    *transposed_values.WRONG_VERSIONS,
    *upsampling.WRONG_VERSIONS,
    *pooling.WRONG_VERSIONS,
    *pool_values.WRONG_VERSIONS,
    *activations.WRONG_VERSIONS,
    *dense.WRONG_VERSIONS,
    *normalisation.WRONG_VERSIONS,
    *gradients.WRONG_VERSIONS,
    *pool_gradients.WRONG_VERSIONS,
    *loss_gradients.WRONG_VERSIONS,
    *matrix_form.WRONG_VERSIONS,
    *matrix_sizes.WRONG_VERSIONS,
    *convolution_parameters.WRONG_VERSIONS,
    *weight_shapes.WRONG_VERSIONS,
    *parameters.WRONG_VERSIONS,
    *blocks.WRONG_VERSIONS,
    *recurrent.WRONG_VERSIONS,
    *transformers.WRONG_VERSIONS,
    *vision_transformers.WRONG_VERSIONS,
    *cost.WRONG_VERSIONS,
    *memory.WRONG_VERSIONS,
    *units.WRONG_VERSIONS,
    *receptive_field.WRONG_VERSIONS,
    *detection.WRONG_VERSIONS,
    *heads.WRONG_VERSIONS,
    *boxes.WRONG_VERSIONS,
    *overlaps.WRONG_VERSIONS,
    *suppression.WRONG_VERSIONS,
    *anchors.WRONG_VERSIONS,
    *matching.WRONG_VERSIONS,
    *average_precision.WRONG_VERSIONS,
    *metrics.WRONG_VERSIONS,
    *predictions.WRONG_VERSIONS,
    *segmentation.WRONG_VERSIONS,
    *training.WRONG_VERSIONS,
    *losses.WRONG_VERSIONS,
    *cross_entropy.WRONG_VERSIONS,
    *divergence.WRONG_VERSIONS,
    *latents.WRONG_VERSIONS,
    *distances.WRONG_VERSIONS,
    *words.WRONG_VERSIONS,
    *attention.WRONG_VERSIONS,
    *positions.WRONG_VERSIONS,
    *schedules.WRONG_VERSIONS,
    *optimisers.WRONG_VERSIONS,
    *adam.WRONG_VERSIONS,
    *weight_decay.WRONG_VERSIONS,
    *regularisation.WRONG_VERSIONS,
    *graphs.WRONG_VERSIONS,
    *network_twins.WRONG_VERSIONS,
    *forward.WRONG_VERSIONS,
    *wrong_convolutions.WRONG_VERSIONS,
    *wrong_values.WRONG_VERSIONS,
    *wrong_sizes.WRONG_VERSIONS,
    *wrong_boxes.WRONG_VERSIONS,
    *wrong_counts.WRONG_VERSIONS,
    *wrong_scores.WRONG_VERSIONS,
    *rare_networks.WRONG_VERSIONS,
)


def _wrong_versions_by_mistake(
    wrong_versions: Iterable[WrongVersion],
) -> dict[str, dict[str, Function]]:
    """Return the bound wrong versions by mistake, then by solver."""
    table: dict[str, dict[str, Function]] = {mistake: {} for mistake in MISTAKES}
    for wrong_version in wrong_versions:
        table[wrong_version.mistake][wrong_version.solver] = adapt_solver(wrong_version.function)
    return table


def _rewrites_by_mistake(
    wrong_versions: Iterable[WrongVersion],
) -> dict[str, dict[str, ArgumentRewrite]]:
    """Return the bound argument rewrites by mistake, then by solver."""
    table: dict[str, dict[str, ArgumentRewrite]] = {}
    for wrong_version in wrong_versions:
        if wrong_version.rewrite is not None:
            table.setdefault(wrong_version.mistake, {})[wrong_version.solver] = adapt_rewrite(
                wrong_version, wrong_version.rewrite
            )
    return table


REGISTRY: Final = Registry(
    functions={solver.__name__: adapt_solver(solver) for solver in SOLVERS},
    wrong_versions=_wrong_versions_by_mistake(WRONG_VERSIONS),
    mistakes=MISTAKES,
    rewrites=_rewrites_by_mistake(WRONG_VERSIONS),
    tracers={name: adapt_tracer(tracer) for name, tracer in TRACERS.items()},
)
