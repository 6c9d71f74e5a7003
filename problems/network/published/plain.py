"""Plain stacks of layers: LeNet-5, AlexNet, the VGG networks.

Sources: LeCun et al. (1998) for LeNet-5; Krizhevsky et al. (2012) for AlexNet, and
Krizhevsky (2014) for its released single-column form; Simonyan and Zisserman (2015) for
VGG.
"""

from typing import Final

from problems.network.constructors.all_constructors import (
    avg_pool,
    batch_norm,
    branches,
    conv,
    flatten,
    linear,
    max_pool,
    network,
    relu,
    select_channels,
    tanh,
)
from problems.network.graphs import Network
from problems.network.published.blocks import classifier

# Which maps of S2 each map of C3 sees: table I of the paper.
LENET_CONNECTIONS: Final = (
    *((first, (first + 1) % 6, (first + 2) % 6) for first in range(6)),
    *(tuple((first + place) % 6 for place in range(4)) for first in range(6)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    tuple(range(6)),
)

VGG_BLOCKS: Final = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
VGG_WIDTHS: Final = (64, 128, 256, 512, 512)


def lenet5(classes: int) -> Network:
    """Return LeNet-5 as taught today: all maps connected, plain pooling, 28×28 images."""
    return network(
        *(conv(6, 5, padding=2), tanh(), avg_pool(2)),
        *(conv(16, 5), tanh(), avg_pool(2)),
        *(flatten(), linear(120), tanh(), linear(84), tanh(), linear(classes)),
    )


def paper_lenet5(_classes: int) -> Network:
    """Return LeNet-5 of 1998 up to F6, for 32×32 images.

    The output layer is left out because its patterns are not learned. Each pooled map
    has a learned factor and bias, and C3 is only partially connected to the maps of S2.
    """
    maps = (network(select_channels(*seen), conv(1, 5)) for seen in LENET_CONNECTIONS)
    return network(
        *(conv(6, 5), tanh(), avg_pool(2), conv(6, 1, groups=6), tanh()),
        *(branches(*maps), tanh(), avg_pool(2), conv(16, 1, groups=16), tanh()),
        *(conv(120, 5), tanh(), flatten(), linear(84), tanh()),
    )


def alexnet(classes: int) -> Network:
    """Return AlexNet in its single-column form."""
    return _build_alexnet((64, 192, 384, 256, 256), 1, classes)


def paper_alexnet(classes: int) -> Network:
    """Return AlexNet with some convolutions in two groups, one per GPU."""
    return _build_alexnet((96, 256, 384, 384, 256), 2, classes)


def _build_alexnet(widths: tuple[int, ...], groups: int, classes: int) -> Network:
    first, second, third, fourth, fifth = widths
    return network(
        *(conv(first, 11, stride=4, padding=2), relu(), max_pool(3, stride=2)),
        *(conv(second, 5, padding=2, groups=groups), relu(), max_pool(3, stride=2)),
        *(conv(third, 3, padding=1), relu()),
        *(conv(fourth, 3, padding=1, groups=groups), relu()),
        *(conv(fifth, 3, padding=1, groups=groups), relu(), max_pool(3, stride=2)),
        classifier(4096, 4096, classes),
    )


def vgg(depth: int, classes: int, *, normalised: bool = False) -> Network:
    """Return the VGG network with *depth* layers, optionally with batch normalization."""
    after = (batch_norm(), relu()) if normalised else (relu(),)
    blocks = (
        network(*(conv(width, 3, padding=1), *after) * times, max_pool(2))
        for width, times in zip(VGG_WIDTHS, VGG_BLOCKS[depth], strict=True)
    )
    return network(*blocks, classifier(4096, 4096, classes))
