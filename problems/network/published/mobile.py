"""Compact networks: MobileNets and EfficientNet (inverted residuals), SqueezeNet.

Sources: Sandler et al. (2018) for MobileNetV2; Howard et al. (2019) for MobileNetV3;
Tan and Le (2019) for EfficientNet; Iandola et al. (2016) for SqueezeNet.
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
    sigmoid,
    silu,
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


def _inverted_residual(block: InvertedResidualBlock) -> Network:
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


def _squeeze_excitation_gate(
    channels: int, squeezed: int, first: ActivationFactory, last: ActivationFactory
) -> Gate:
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
                _inverted_residual(
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


# The same with the kernel first; every block has a gate.
EFFICIENTNET_B0_STAGES: Final = (
    (3, 1, 16, 1, 1),
    (3, 6, 24, 2, 2),
    (5, 6, 40, 2, 2),
    (3, 6, 80, 3, 2),
    (5, 6, 112, 3, 1),
    (5, 6, 192, 4, 2),
    (3, 6, 320, 1, 1),
)


def efficientnet_b0(classes: int) -> Network:
    """Return EfficientNet-B0."""
    blocks: list[Network] = []
    channels = 32
    for kernel_size, expansion, out, times, stride in EFFICIENTNET_B0_STAGES:
        for index in range(times):
            middle, step = expansion * channels, stride if not index else 1
            gated = _squeeze_excitation_gate(middle, channels // 4, silu, sigmoid)
            blocks.append(
                _inverted_residual(
                    InvertedResidualBlock(channels, middle, out, kernel_size, step, silu, gated)
                )
            )
            channels = out
    return network(
        normalized_conv(32, 3, silu, stride=2),
        *blocks,
        *(normalized_conv(1280, 1, silu), global_avg_pool(), flatten(), dropout(), linear(classes)),
    )


# Kernel, channels in the middle and out, channels that the gate squeezes to (0: none), whether it
# has hardswish, stride: table 1 of the paper.
MOBILENET_V3_BLOCKS: Final = (
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
)


def mobilenet_v3_large(classes: int) -> Network:
    """Return MobileNetV3-Large."""
    blocks: list[Network] = []
    channels = 16
    for kernel_size, middle, out, squeezed, uses_hardswish, stride in MOBILENET_V3_BLOCKS:
        gated = _squeeze_excitation_gate(middle, squeezed, relu, hardsigmoid) if squeezed else None
        act = hardswish if uses_hardswish else relu
        blocks.append(
            _inverted_residual(
                InvertedResidualBlock(channels, middle, out, kernel_size, stride, act, gated)
            )
        )
        channels = out
    return network(
        normalized_conv(16, 3, hardswish, stride=2),
        *blocks,
        *(normalized_conv(960, 1, hardswish), global_avg_pool(), flatten()),
        *(linear(1280), hardswish(), dropout(), linear(classes)),
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
