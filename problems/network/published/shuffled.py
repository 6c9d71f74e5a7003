"""ShuffleNetV2 (Ma et al., 2018) and MNASNet (Tan et al., 2019), as torchvision builds them."""

from fractions import Fraction
from typing import Final

from problems.network.constructors.all_constructors import (
    branches,
    dropout,
    flatten,
    global_avg_pool,
    linear,
    max_pool,
    network,
    relu,
    select_channels,
)
from problems.network.graphs import Network
from problems.network.published.blocks import (
    normalized_conv,
    pooled_classifier,
    round_channels,
)
from problems.network.published.mobile import InvertedResidualBlock, inverted_residual

SHUFFLENET_BLOCKS: Final = (4, 8, 4)
SHUFFLENET_STEM: Final = 24

# The channels of the three stages and of the last convolution.
SHUFFLENETS: Final = {
    "shufflenet_v2_x0_5": (48, 96, 192, 1024),
    "shufflenet_v2_x1_0": (116, 232, 464, 1024),
    "shufflenet_v2_x1_5": (176, 352, 704, 1024),
    "shufflenet_v2_x2_0": (244, 488, 976, 2048),
}


def shufflenet_v2(name: str, classes: int) -> Network:
    """Return a ShuffleNetV2."""
    *widths, last = SHUFFLENETS[name]
    parts = [
        normalized_conv(SHUFFLENET_STEM, 3, stride=2),
        network(max_pool(3, stride=2, padding=1)),
    ]
    channels = SHUFFLENET_STEM
    for width, blocks in zip(widths, SHUFFLENET_BLOCKS, strict=True):
        parts.append(_build_downsampling_unit(channels, width))
        parts.extend(_build_basic_unit(width) for _ in range(blocks - 1))
        channels = width
    return network(*parts, normalized_conv(last, 1), pooled_classifier(classes))


def _build_downsampling_unit(channels: int, width: int) -> Network:
    """Return a unit whose two branches halve the size; both see all channels."""
    half = width // 2
    short = network(
        normalized_conv(channels, 3, None, stride=2, groups=channels), normalized_conv(half, 1)
    )
    return network(branches(short, _build_main_path(half, stride=2)), _channel_shuffle(width))


def _build_basic_unit(width: int) -> Network:
    """Return a unit in which half of the channels pass unchanged."""
    half = width // 2
    changed = network(select_channels(*range(half, width)), _build_main_path(half, stride=1))
    return network(branches(select_channels(*range(half)), changed), _channel_shuffle(width))


def _build_main_path(half: int, *, stride: int) -> Network:
    return network(
        normalized_conv(half, 1),
        normalized_conv(half, 3, None, stride=stride, groups=half),
        normalized_conv(half, 1),
    )


def _channel_shuffle(width: int) -> Network:
    """Return the channel shuffle: those of the two branches in turn."""
    half = width // 2
    order = (channel for first in range(half) for channel in (first, first + half))
    return network(select_channels(*order))


# Kernel size, stride of the first block, expansion, channels, blocks.
MNASNET_STAGES: Final = (
    (3, 2, 3, 24, 3),
    (5, 2, 3, 40, 3),
    (5, 2, 6, 80, 3),
    (3, 1, 6, 96, 2),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)

# How much wider than the network of the paper.
MNASNETS: Final = {
    "mnasnet0_5": "0.5",
    "mnasnet0_75": "0.75",
    "mnasnet1_0": "1.0",
    "mnasnet1_3": "1.3",
}


def mnasnet(name: str, classes: int) -> Network:
    """Return a MNASNet."""
    factor = Fraction(MNASNETS[name])
    first, channels = round_channels(32 * factor), round_channels(16 * factor)
    parts = [
        normalized_conv(first, 3, stride=2),
        normalized_conv(first, 3, groups=first),
        normalized_conv(channels, 1, None),
    ]
    for kernel_size, first_stride, expansion, width, blocks in MNASNET_STAGES:
        for index in range(blocks):
            out, stride = round_channels(width * factor), 1 if index else first_stride
            block = InvertedResidualBlock(
                channels, expansion * channels, out, kernel_size, stride, relu
            )
            parts.append(inverted_residual(block))
            channels = out
    head = network(global_avg_pool(), flatten(), dropout(), linear(classes))
    return network(*parts, normalized_conv(1280, 1), head)
