"""Compact networks: MobileNets (inverted residuals) and SqueezeNet.

Sources: Sandler et al. (2018) for MobileNetV2; Howard et al. (2019) for MobileNetV3;
Iandola et al. (2016) for SqueezeNet.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from problems.network.constructors.all_constructors import (
    branches,
    conv,
    dropout,
    flatten,
    gate,
    global_avg_pool,
    hardsigmoid,
    hardswish,
    linear,
    max_pool,
    network,
    relu,
    relu6,
    residual,
)
from problems.network.graphs import Gate, Network
from problems.network.layers import Activation
from problems.network.published.blocks import normalized_conv

ActivationFactory = Callable[[], Activation]


class InvertedResidualBlock(NamedTuple):
    """Inverted residual block: channels of its input, middle and output, and its options."""

    in_channels: int
    middle: int
    out_channels: int
    kernel_size: int = 3
    stride: int = 1
    activation: ActivationFactory = relu6
    gate: Gate | None = None


def inverted_residual(block: InvertedResidualBlock) -> Network:
    """Return an inverted residual block: 1×1, depthwise and 1×1 convolutions and a gate.

    The gate follows the depthwise convolution. The first 1×1 convolution is left out if
    it would not change the channels. The result is added to the input if the stride is
    1 and the channels match.
    """
    act, middle = block.activation, block.middle
    widened = [normalized_conv(middle, 1, act)] if middle != block.in_channels else []
    depthwise = normalized_conv(middle, block.kernel_size, act, stride=block.stride, groups=middle)
    gated = [] if block.gate is None else [block.gate]
    main = network(*widened, depthwise, *gated, normalized_conv(block.out_channels, 1, None))
    return (
        network(residual(main))
        if block.stride == 1 and block.in_channels == block.out_channels
        else main
    )


def squeeze_excitation_gate(
    channels: int, squeezed: int, first: ActivationFactory, last: ActivationFactory
) -> Gate:
    """Return a gate of two 1×1 convolutions behind a global average pooling."""
    return gate(network(global_avg_pool(), conv(squeezed, 1), first(), conv(channels, 1), last()))


# How much wider a block is in its middle, its channels, how often, the first one's stride.
MOBILENET_V2_STAGES: Final = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2(classes: int) -> Network:
    """Return MobileNetV2."""
    blocks: list[Network] = []
    channels = 32
    for expansion, out, times, stride in MOBILENET_V2_STAGES:
        for index in range(times):
            step = stride if not index else 1
            blocks.append(
                inverted_residual(
                    InvertedResidualBlock(channels, expansion * channels, out, 3, step)
                )
            )
            channels = out
    return network(
        normalized_conv(32, 3, relu6, stride=2),
        *blocks,
        *(
            normalized_conv(1280, 1, relu6),
            global_avg_pool(),
            flatten(),
            dropout(),
            linear(classes),
        ),
    )


# Kernel, channels in the middle and out, channels that the gate squeezes to (0: none), whether it
# has hardswish, stride: tables 1 and 2 of the paper.
MOBILENET_V3_BLOCKS: Final = {
    "mobilenet_v3_large": (
        (3, 16, 16, 0, False, 1),
        (3, 64, 24, 0, False, 2),
        (3, 72, 24, 0, False, 1),
        (5, 72, 40, 24, False, 2),
        (5, 120, 40, 32, False, 1),
        (5, 120, 40, 32, False, 1),
        (3, 240, 80, 0, True, 2),
        (3, 200, 80, 0, True, 1),
        (3, 184, 80, 0, True, 1),
        (3, 184, 80, 0, True, 1),
        (3, 480, 112, 120, True, 1),
        (3, 672, 112, 168, True, 1),
        (5, 672, 160, 168, True, 2),
        (5, 960, 160, 240, True, 1),
        (5, 960, 160, 240, True, 1),
    ),
    "mobilenet_v3_small": (
        (3, 16, 16, 8, False, 2),
        (3, 72, 24, 0, False, 2),
        (3, 88, 24, 0, False, 1),
        (5, 96, 40, 24, True, 2),
        (5, 240, 40, 64, True, 1),
        (5, 240, 40, 64, True, 1),
        (5, 120, 48, 32, True, 1),
        (5, 144, 48, 40, True, 1),
        (5, 288, 96, 72, True, 2),
        (5, 576, 96, 144, True, 1),
        (5, 576, 96, 144, True, 1),
    ),
}
# The units of the hidden layer; the last convolution has as many channels as the last middle.
MOBILENET_V3_UNITS: Final = {"mobilenet_v3_large": 1280, "mobilenet_v3_small": 1024}


def mobilenet_v3(name: str, classes: int) -> Network:
    """Return MobileNetV3-Large or MobileNetV3-Small."""
    blocks: list[Network] = []
    channels, last = 16, 0
    for row in MOBILENET_V3_BLOCKS[name]:
        kernel_size, last, out, squeezed, uses_hardswish, stride = row
        gated = squeeze_excitation_gate(last, squeezed, relu, hardsigmoid) if squeezed else None
        act = hardswish if uses_hardswish else relu
        block = InvertedResidualBlock(channels, last, out, kernel_size, stride, act, gated)
        blocks.append(inverted_residual(block))
        channels = out
    return network(
        normalized_conv(16, 3, hardswish, stride=2),
        *blocks,
        *(normalized_conv(last, 1, hardswish), global_avg_pool(), flatten()),
        *(linear(MOBILENET_V3_UNITS[name]), hardswish(), dropout(), linear(classes)),
    )


# The channels to which each fire module squeezes; its branches have four times as many each.
FIRE_SQUEEZE_CHANNELS: Final = (16, 16, 32, 32, 48, 48, 64, 64)


def squeezenet(stem: tuple[int, int], pools: tuple[int, int], classes: int) -> Network:
    """Return SqueezeNet.

    *stem* holds the channels and kernel size of the first convolution. *pools* holds
    the indices, from 0, of the fire modules that follow a max pooling.
    """
    width, kernel_size = stem
    layers: list[Network] = []
    for number, squeezed in enumerate(FIRE_SQUEEZE_CHANNELS):
        if number in pools:
            layers.append(network(max_pool(3, stride=2, ceil_mode=True)))
        layers.append(_fire_module(squeezed))
    return network(
        *(conv(width, kernel_size, stride=2), relu(), max_pool(3, stride=2, ceil_mode=True)),
        *layers,
        *(dropout(), conv(classes, 1), relu(), global_avg_pool(), flatten()),
    )


def _fire_module(squeezed: int) -> Network:
    """Return a fire module: a 1×1 squeeze, then 1×1 and 3×3 expansions in parallel."""
    wide = 4 * squeezed
    expanded = branches(network(conv(wide, 1), relu()), network(conv(wide, 3, padding=1), relu()))
    return network(conv(squeezed, 1), relu(), expanded)
