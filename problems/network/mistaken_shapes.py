"""Wrong rules for shapes, by mistake: they run on through a network.

The rules for one layer are those of `problems.solvers.sizes`, `problems.solvers.transposed` and
`problems.solvers.pooling`.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from grader.errors import SolverError
from problems.network.graphs import Branches, Residual
from problems.network.layers import Conv, ConvTranspose, Flatten, Identity, Layer, Pool
from problems.network.shape_rules import (
    SHAPES,
    conv_shaped_by,
    pool_shaped_by,
    spatial,
    transposed_shaped_by,
)
from problems.network.walk import Rule, Rules
from problems.solvers.bounds import Shape
from problems.solvers.geometry import Side
from problems.solvers.pooling import POOL_SIDES, pool_size
from problems.solvers.sizes import CONV_SIDES, conv_size
from problems.solvers.transposed import TRANSPOSED_SIDES, transposed_size

__all__ = ["OF_TRANSPOSED", "SHAPES_BY"]


def _kept_channels(layer: Conv, shape: Shape) -> Shape:
    """Return the shape with the channels that came in."""
    return (shape[0], *SHAPES.table[Conv](layer, shape)[1:])


def _flat_side(layer: Layer, shape: Shape) -> Shape:
    """Return height times width as the length of the flat input."""
    side = math.prod(spatial(layer, shape)[1:])
    if side == 1:
        raise SolverError("with one value in each channel nobody forgets the channels")
    return (side,)


def _concatenated(_layer: Residual, *shapes: Shape) -> Shape:
    """Return the shape with the channels side by side where they should be added."""
    return (sum(shape[0] for shape in shapes), *shapes[0][1:])


def _unconcatenated(layer: Branches, *shapes: Shape) -> Shape:
    """Return the shape with the channels of what is new alone, or of one branch of several."""
    passed = (Identity(),)
    pairs = zip(layer.networks, shapes, strict=True)
    channels = {shape[0] for branch, shape in pairs if branch.layers != passed}
    if len(channels) != 1:
        raise SolverError("branches of different widths cannot be added")
    return (channels.pop(), *SHAPES.table[Branches](layer, *shapes)[1:])


Case: TypeAlias = Callable[[int, int], bool]
"""Whether something holds of a kernel size and a stride."""

# Where nobody makes the mistake, because nothing is left to compute.
NOT_MADE: Final[Mapping[str, Case]] = {
    "size_over_stride": lambda _kernel_size, stride: stride == 1,
    "forgot_plus_one": lambda kernel_size, stride: kernel_size == stride == 1,
}
NOT_MADE_TRANSPOSED: Final[Mapping[str, Case]] = {
    "forgot_plus_one": lambda kernel_size, stride: kernel_size == stride  # size times stride
}


def _where_made(not_made: Case | None, right: Side, wrong: Side) -> Side:
    """Return *wrong*, but *right* for the kernels and strides at which nobody goes wrong."""
    if not_made is None:
        return wrong

    def side(size: int, kernel_size: int, *, stride: int, **geometry: int) -> Any:
        chosen = right if not_made(kernel_size, stride) else wrong
        return chosen(size, kernel_size, stride=stride, **geometry)

    return side


def _sides(mistake: str) -> dict[type[Layer], Rule]:
    """Return the rules of convolution and pooling whose sizes have the *mistake* in them."""
    not_made = NOT_MADE.get(mistake)
    conv = _where_made(not_made, conv_size, CONV_SIDES[mistake])
    pool = _where_made(not_made, pool_size, POOL_SIDES.get(mistake, pool_size))
    return {Conv: conv_shaped_by(conv), Pool: pool_shaped_by(pool), **_transposed(mistake)}


def _transposed(mistake: str) -> dict[type[Layer], Rule]:
    """Return the rule of transposed convolutions with the *mistake*, none if it is none of them."""
    side = TRANSPOSED_SIDES.get(mistake)
    if side is None:
        return {}
    made = _where_made(NOT_MADE_TRANSPOSED.get(mistake), transposed_size, side)
    return {ConvTranspose: transposed_shaped_by(made)}


OF_TRANSPOSED: Final = tuple(one for one in TRANSPOSED_SIDES if one not in CONV_SIDES)
"""The mistakes that are made with transposed convolutions alone."""

SHAPES_BY: Final[Mapping[str, Rules]] = {
    **{mistake: SHAPES.but(_sides(mistake)) for mistake in CONV_SIDES},
    **{mistake: SHAPES.but(_transposed(mistake)) for mistake in OF_TRANSPOSED},
    "channels_kept": SHAPES.but({Conv: _kept_channels}),
    "flatten_without_channels": SHAPES.but({Flatten: _flat_side}),
    "concat_for_add": SHAPES.but({Residual: _concatenated}),
    "add_for_concat": SHAPES.but({Branches: _unconcatenated}),
}
