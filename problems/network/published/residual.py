"""Residual and dense networks.

Sources: He et al. (2016) for ResNet; Xie et al. (2017) for ResNeXt; Zagoruyko and
Komodakis (2016) for wide ResNet; Huang et al. (2017) for DenseNet.
"""

from typing import Final, NamedTuple

from problems.network.constructors.all_constructors import (
    avg_pool,
    batch_norm,
    conv,
    dense_block,
    max_pool,
    network,
    relu,
    residual,
)
from problems.network.graphs import Network, Residual
from problems.network.published.blocks import normalized_conv, pooled_classifier


class ResnetConfig(NamedTuple):
    """ResNet configuration: *blocks* per stage, and the type of block.

    *width* is the bottleneck width of the first stage, which has 64 channels; *groups*
    is the number of groups of the 3×3 convolution in a bottleneck.
    """

    blocks: tuple[int, int, int, int]
    bottleneck: bool = True
    width: int = 64
    groups: int = 1


class DensenetConfig(NamedTuple):
    """DenseNet configuration: layers per block, initial channels and growth rate."""

    layers: tuple[int, int, int, int]
    channels: int = 64
    growth_rate: int = 32


RESNETS: Final = {
    "resnet18": ResnetConfig((2, 2, 2, 2), bottleneck=False),
    "resnet34": ResnetConfig((3, 4, 6, 3), bottleneck=False),
    "resnet50": ResnetConfig((3, 4, 6, 3)),
    "resnet101": ResnetConfig((3, 4, 23, 3)),
    "resnet152": ResnetConfig((3, 8, 36, 3)),
    "resnext50_32x4d": ResnetConfig((3, 4, 6, 3), width=128, groups=32),
    "resnext101_32x8d": ResnetConfig((3, 4, 23, 3), width=256, groups=32),
    "resnext101_64x4d": ResnetConfig((3, 4, 23, 3), width=256, groups=64),
    "wide_resnet50_2": ResnetConfig((3, 4, 6, 3), width=128),
    "wide_resnet101_2": ResnetConfig((3, 4, 23, 3), width=128),
}

DENSENETS: Final = {
    "densenet121": DensenetConfig((6, 12, 24, 16)),
    "densenet161": DensenetConfig((6, 12, 36, 24), channels=96, growth_rate=48),
    "densenet169": DensenetConfig((6, 12, 32, 32)),
    "densenet201": DensenetConfig((6, 12, 48, 32)),
}


def resnet(config: ResnetConfig, classes: int, *, early_stride: bool = False) -> Network:
    """Return a residual network.

    Where a stage downsamples, the 3×3 convolution of its first bottleneck has stride 2.
    With *early_stride* the 1×1 convolution before it has the stride, as in the paper.
    """
    blocks: list[Network] = []
    channels = 64
    for stage, count in enumerate(config.blocks):
        for index in range(count):
            stride = 2 if stage and not index else 1
            width = config.width * 2**stage
            out = 64 * 2**stage * (4 if config.bottleneck else 1)
            main = (
                _bottleneck_block(width, out, config.groups, stride, early_stride=early_stride)
                if config.bottleneck
                else network(normalized_conv(out, 3, stride=stride), normalized_conv(out, 3, None))
            )
            blocks.append(network(_residual_block(main, channels, out, stride), relu()))
            channels = out
    stem = network(normalized_conv(64, 7, stride=2), max_pool(3, stride=2, padding=1))
    return network(stem, *blocks, pooled_classifier(classes))


def _bottleneck_block(
    width: int, out: int, groups: int, stride: int, *, early_stride: bool
) -> Network:
    """Return a bottleneck: 1×1, 3×3 and 1×1 convolutions."""
    first, second = (stride, 1) if early_stride else (1, stride)
    return network(
        normalized_conv(width, 1, stride=first),
        normalized_conv(width, 3, stride=second, groups=groups),
        normalized_conv(out, 1, None),
    )


def _residual_block(main: Network, channels: int, out: int, stride: int) -> Residual:
    """Return *main* with a shortcut, a 1×1 convolution where the shape changes."""
    changes = channels != out or stride > 1
    return residual(
        main, shortcut=normalized_conv(out, 1, None, stride=stride) if changes else None
    )


def densenet(config: DensenetConfig, classes: int) -> Network:
    """Return a DenseNet, whose transitions between blocks halve channels and map size."""
    channels = config.channels
    parts = [normalized_conv(channels, 7, stride=2), network(max_pool(3, stride=2, padding=1))]
    for number, layers in enumerate(config.layers):
        if number:
            channels //= 2
            halved = conv(channels, 1, bias=False)
            parts.append(network(batch_norm(), relu(), halved, avg_pool(2)))
        parts.append(dense_block(layers, config.growth_rate))
        channels += layers * config.growth_rate
    return network(*parts, batch_norm(), relu(), pooled_classifier(classes))
