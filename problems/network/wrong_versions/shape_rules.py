"""Wrong shape rules by mistake; a wrong shape propagates through the network.

The rules for a single layer come from `problems.solvers.sizes`,
`problems.solvers.transposed` and `problems.solvers.pooling`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import Branches, Residual
from problems.network.layers import Conv, ConvTranspose, Flatten, Identity, Layer, Pool
from problems.network.shape_rules import (
    SHAPES,
    conv_shape_rule,
    pool_shape_rule,
    require_spatial,
    transposed_shape_rule,
)
from problems.network.traversal import LayerRule, LayerRules
from problems.solvers.bounds import Shape
from problems.solvers.geometry import SizeRule
from problems.solvers.pooling import WRONG_POOL_SIZES, pool_size
from problems.solvers.sizes import WRONG_CONV_SIZES, conv_size
from problems.solvers.transposed import WRONG_TRANSPOSED_SIZES, transposed_size


def _shape_with_input_channels(layer: Conv, shape: Shape) -> Shape:
    """Return the output shape with the input channels instead of the filters."""
    return (shape[0], *SHAPES.table[Conv](layer, shape)[1:])


def _flattened_shape_without_channels(layer: Layer, shape: Shape) -> Shape:
    """Return the flattened shape as height times width, without the channels.

    Raises `SolverError` for 1×1 maps, where nobody makes this mistake.
    """
    side = math.prod(require_spatial(layer, shape)[1:])
    if side == 1:
        raise SolverError("with one value in each channel nobody forgets the channels")
    return (side,)


def _concatenated_residual_shape(_layer: Residual, *shapes: Shape) -> Shape:
    """Return the shape of a residual block that concatenates channels instead of adding."""
    return (sum(shape[0] for shape in shapes), *shapes[0][1:])


def _added_branches_shape(layer: Branches, *shapes: Shape) -> Shape:
    """Return the shape of branches that are added instead of concatenated.

    The channels are those of the branches other than the identity. Raises `SolverError`
    if these differ in width.
    """
    identity_layers = (Identity(),)
    pairs = zip(layer.networks, shapes, strict=True)
    channels = {shape[0] for branch, shape in pairs if branch.layers != identity_layers}
    if len(channels) != 1:
        raise SolverError("branches of different widths cannot be added")
    return (channels.pop(), *SHAPES.table[Branches](layer, *shapes)[1:])


GeometryPredicate: TypeAlias = Callable[[int, int], bool]
"""Predicate over a kernel size and a stride."""

# Where the mistake cannot occur, because nothing is left to compute.
EXEMPT_CASES: Final[Mapping[str, GeometryPredicate]] = {
    "size_over_stride": lambda _kernel_size, stride: stride == 1,
    "forgot_plus_one": lambda kernel_size, stride: kernel_size == stride == 1,
}
EXEMPT_TRANSPOSED_CASES: Final[Mapping[str, GeometryPredicate]] = {
    "forgot_plus_one": lambda kernel_size, stride: kernel_size == stride  # size times stride
}


def _apply_exemption(
    is_exempt: GeometryPredicate | None, right: SizeRule, wrong: SizeRule
) -> SizeRule:
    """Return *wrong*, but with *right* for exempt kernel sizes and strides."""
    if is_exempt is None:
        return wrong

    def size_rule(size: int, kernel_size: int, *, stride: int, **geometry: int) -> Any:
        chosen = right if is_exempt(kernel_size, stride) else wrong
        return chosen(size, kernel_size, stride=stride, **geometry)

    return size_rule


def _wrong_shape_rules(mistake: str) -> dict[type[Layer], LayerRule]:
    """Return the shape rules of convolution and pooling with *mistake* in their sizes."""
    is_exempt = EXEMPT_CASES.get(mistake)
    conv = _apply_exemption(is_exempt, conv_size, WRONG_CONV_SIZES[mistake])
    pool = _apply_exemption(is_exempt, pool_size, WRONG_POOL_SIZES.get(mistake, pool_size))
    return {
        Conv: conv_shape_rule(conv),
        Pool: pool_shape_rule(pool),
        **_wrong_transposed_shape_rules(mistake),
    }


def _wrong_transposed_shape_rules(mistake: str) -> dict[type[Layer], LayerRule]:
    """Return the shape rule of transposed convolutions with *mistake*, if it has one."""
    side = WRONG_TRANSPOSED_SIZES.get(mistake)
    if side is None:
        return {}
    size_rule = _apply_exemption(EXEMPT_TRANSPOSED_CASES.get(mistake), transposed_size, side)
    return {ConvTranspose: transposed_shape_rule(size_rule)}


TRANSPOSED_MISTAKES: Final = tuple(
    size for size in WRONG_TRANSPOSED_SIZES if size not in WRONG_CONV_SIZES
)
"""Mistakes that apply to transposed convolutions only."""

WRONG_SHAPE_RULES: Final[Mapping[str, LayerRules]] = {
    **{mistake: SHAPES.with_rules(_wrong_shape_rules(mistake)) for mistake in WRONG_CONV_SIZES},
    **{
        mistake: SHAPES.with_rules(_wrong_transposed_shape_rules(mistake))
        for mistake in TRANSPOSED_MISTAKES
    },
    "channels_kept": SHAPES.with_rules({Conv: _shape_with_input_channels}),
    "flatten_without_channels": SHAPES.with_rules({Flatten: _flattened_shape_without_channels}),
    "concat_for_add": SHAPES.with_rules({Residual: _concatenated_residual_shape}),
    "add_for_concat": SHAPES.with_rules({Branches: _added_branches_shape}),
}
