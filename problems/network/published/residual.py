"""Residual and dense networks.

Sources: He et al. (2016) for ResNet; Xie et al. (2017) for ResNeXt; Zagoruyko and Komodakis (2016)
for the wide ones; Huang et al. (2017) for DenseNet.
"""

from typing import Final, NamedTuple

from problems.network.build import (
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
from problems.network.published.blocks import normed, pooled_classifier

__all__ = ["DENSENETS", "RESNETS", "Densenet", "Resnet", "densenet", "resnet"]


class Resnet(NamedTuple):
    """How many blocks a stage has, and what they are: *width* for 64 channels, in *groups*."""

    blocks: tuple[int, int, int, int]
    bottleneck: bool = True
    width: int = 64
    groups: int = 1


class Densenet(NamedTuple):
    """How many layers a block has, the channels before the first, and what each layer adds."""

    layers: tuple[int, int, int, int]
    channels: int = 64
    growth_rate: int = 32


RESNETS: Final = {
    "resnet18": Resnet((2, 2, 2, 2), bottleneck=False),
    "resnet34": Resnet((3, 4, 6, 3), bottleneck=False),
    "resnet50": Resnet((3, 4, 6, 3)),
    "resnet101": Resnet((3, 4, 23, 3)),
    "resnet152": Resnet((3, 8, 36, 3)),
    "resnext50_32x4d": Resnet((3, 4, 6, 3), width=128, groups=32),
    "resnext101_32x8d": Resnet((3, 4, 23, 3), width=256, groups=32),
    "wide_resnet50_2": Resnet((3, 4, 6, 3), width=128),
    "wide_resnet101_2": Resnet((3, 4, 23, 3), width=128),
}

DENSENETS: Final = {
    "densenet121": Densenet((6, 12, 24, 16)),
    "densenet161": Densenet((6, 12, 36, 24), channels=96, growth_rate=48),
    "densenet169": Densenet((6, 12, 32, 32)),
    "densenet201": Densenet((6, 12, 48, 32)),
}


def resnet(plan: Resnet, classes: int, *, early_stride: bool = False) -> Network:
    """Return a residual network.

    Where a stage makes maps smaller, the 3×3 convolution of its first bottleneck has the stride, or
    with *early_stride* the 1×1 before it, as in the paper.
    """
    blocks: list[Network] = []
    channels = 64
    for stage, count in enumerate(plan.blocks):
        for index in range(count):
            stride = 2 if stage and not index else 1
            width = plan.width * 2**stage
            out = 64 * 2**stage * (4 if plan.bottleneck else 1)
            main = (
                _bottleneck(width, out, plan.groups, stride, early_stride=early_stride)
                if plan.bottleneck
                else network(normed(out, 3, stride=stride), normed(out, 3, None))
            )
            blocks.append(network(_block(main, channels, out, stride), relu()))
            channels = out
    stem = network(normed(64, 7, stride=2), max_pool(3, stride=2, padding=1))
    return network(stem, *blocks, pooled_classifier(classes))


def _bottleneck(width: int, out: int, groups: int, stride: int, *, early_stride: bool) -> Network:
    """Return 1×1, 3×3 and 1×1 convolutions."""
    first, second = (stride, 1) if early_stride else (1, stride)
    return network(
        normed(width, 1, stride=first),
        normed(width, 3, stride=second, groups=groups),
        normed(out, 1, None),
    )


def _block(main: Network, channels: int, out: int, stride: int) -> Residual:
    """Return *main* with a shortcut, which has a 1×1 convolution where the shape changes."""
    changes = channels != out or stride > 1
    return residual(main, shortcut=normed(out, 1, None, stride=stride) if changes else None)


def densenet(plan: Densenet, classes: int) -> Network:
    """Return a dense network; between blocks, channels and sizes are halved."""
    channels = plan.channels
    parts = [normed(channels, 7, stride=2), network(max_pool(3, stride=2, padding=1))]
    for number, layers in enumerate(plan.layers):
        if number:
            channels //= 2
            halved = conv(channels, 1, bias=False)
            parts.append(network(batch_norm(), relu(), halved, avg_pool(2)))
        parts.append(dense_block(layers, plan.growth_rate))
        channels += layers * plan.growth_rate
    return network(*parts, batch_norm(), relu(), pooled_classifier(classes))
