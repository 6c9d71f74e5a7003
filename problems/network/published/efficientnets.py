"""EfficientNet and EfficientNetV2 (Tan and Le, 2019 and 2021), as torchvision builds them."""

import math
from fractions import Fraction
from typing import Final, NamedTuple

from problems.network.constructors.all_constructors import (
    dropout,
    flatten,
    global_avg_pool,
    linear,
    network,
    residual,
    sigmoid,
    silu,
)
from problems.network.graphs import Network
from problems.network.published.blocks import normalized_conv, round_channels
from problems.network.published.mobile import (
    InvertedResidualBlock,
    inverted_residual,
    squeeze_excitation_gate,
)

LAST_WIDENING: Final = 4
"""Channels of the last convolution for each channel of the last stage, in the first version."""
LAST_CHANNELS_V2: Final = 1280


class Stage(NamedTuple):
    """Stage of equal blocks; the first of them has the *stride*.

    A *fused* block has one convolution in the place of the 1×1 and the depthwise one, and no gate.
    """

    kernel_size: int
    expansion: int
    out_channels: int
    blocks: int
    stride: int
    fused: bool = False


# Kernel size, expansion, channels, blocks, stride: table 1 of the paper.
B0_STAGES: Final = (
    Stage(3, 1, 16, 1, 1),
    Stage(3, 6, 24, 2, 2),
    Stage(5, 6, 40, 2, 2),
    Stage(3, 6, 80, 3, 2),
    Stage(5, 6, 112, 3, 1),
    Stage(5, 6, 192, 4, 2),
    Stage(3, 6, 320, 1, 1),
)

# How much wider and how much deeper than B0, and the side of the image.
SCALINGS: Final = {
    "efficientnet_b0": ("1.0", "1.0", 224),
    "efficientnet_b1": ("1.0", "1.1", 240),
    "efficientnet_b2": ("1.1", "1.2", 288),
    "efficientnet_b3": ("1.2", "1.4", 300),
    "efficientnet_b4": ("1.4", "1.8", 380),
    "efficientnet_b5": ("1.6", "2.2", 456),
    "efficientnet_b6": ("1.8", "2.6", 528),
    "efficientnet_b7": ("2.0", "3.1", 600),
}

# The channels of the first convolution, the stages, and the side of the image.
V2_STAGES: Final = {
    "efficientnet_v2_s": (
        24,
        (
            Stage(3, 1, 24, 2, 1, fused=True),
            Stage(3, 4, 48, 4, 2, fused=True),
            Stage(3, 4, 64, 4, 2, fused=True),
            Stage(3, 4, 128, 6, 2),
            Stage(3, 6, 160, 9, 1),
            Stage(3, 6, 256, 15, 2),
        ),
        384,
    ),
    "efficientnet_v2_m": (
        24,
        (
            Stage(3, 1, 24, 3, 1, fused=True),
            Stage(3, 4, 48, 5, 2, fused=True),
            Stage(3, 4, 80, 5, 2, fused=True),
            Stage(3, 4, 160, 7, 2),
            Stage(3, 6, 176, 14, 1),
            Stage(3, 6, 304, 18, 2),
            Stage(3, 6, 512, 5, 1),
        ),
        480,
    ),
    "efficientnet_v2_l": (
        32,
        (
            Stage(3, 1, 32, 4, 1, fused=True),
            Stage(3, 4, 64, 7, 2, fused=True),
            Stage(3, 4, 96, 7, 2, fused=True),
            Stage(3, 4, 192, 10, 2),
            Stage(3, 6, 224, 19, 1),
            Stage(3, 6, 384, 25, 2),
            Stage(3, 6, 640, 7, 1),
        ),
        480,
    ),
}


def efficientnet(name: str, classes: int) -> Network:
    """Return an EfficientNet of the first version: B0, made wider and deeper."""
    width, depth, _ = SCALINGS[name]
    stages = tuple(
        stage._replace(
            out_channels=round_channels(stage.out_channels * Fraction(width)),
            blocks=math.ceil(stage.blocks * Fraction(depth)),
        )
        for stage in B0_STAGES
    )
    last = LAST_WIDENING * stages[-1].out_channels
    return _build_efficientnet(round_channels(32 * Fraction(width)), stages, last, classes)


def efficientnet_v2(name: str, classes: int) -> Network:
    """Return an EfficientNet of the second version."""
    channels, stages, _ = V2_STAGES[name]
    return _build_efficientnet(channels, stages, LAST_CHANNELS_V2, classes)


def _build_efficientnet(
    channels: int, stages: tuple[Stage, ...], last: int, classes: int
) -> Network:
    parts: list[Network] = [normalized_conv(channels, 3, silu, stride=2)]
    for stage in stages:
        for index in range(stage.blocks):
            step = stage if not index else stage._replace(stride=1)
            parts.append(
                _build_fused_block(channels, step)
                if stage.fused
                else _build_inverted_residual(channels, step)
            )
            channels = stage.out_channels
    head = network(global_avg_pool(), flatten(), dropout(), linear(classes))
    return network(*parts, normalized_conv(last, 1, silu), head)


def _build_inverted_residual(channels: int, stage: Stage) -> Network:
    """Return an inverted residual block whose gate squeezes to a quarter of its input."""
    middle = stage.expansion * channels
    gated = squeeze_excitation_gate(middle, channels // 4, silu, sigmoid)
    kernel_size, stride = stage.kernel_size, stage.stride
    return inverted_residual(
        InvertedResidualBlock(
            channels, middle, stage.out_channels, kernel_size, stride, silu, gated
        )
    )


def _build_fused_block(channels: int, stage: Stage) -> Network:
    """Return a block that widens by a whole convolution; the 1×1 follows only if it widens."""
    middle = stage.expansion * channels
    main = (
        normalized_conv(stage.out_channels, stage.kernel_size, silu, stride=stage.stride)
        if middle == channels
        else network(
            normalized_conv(middle, stage.kernel_size, silu, stride=stage.stride),
            normalized_conv(stage.out_channels, 1, None),
        )
    )
    is_added = stage.stride == 1 and channels == stage.out_channels
    return network(residual(main)) if is_added else main
