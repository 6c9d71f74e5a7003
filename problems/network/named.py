"""Published networks by name, as graphs of layers, in the form that torchvision builds them.

Input (3, 224, 224), 1,000 classes. Sources: Krizhevsky (2014, one column) for AlexNet; Simonyan and
Zisserman (2015) for VGG-16; Szegedy et al. (2015) for GoogLeNet, with batch normalisation after
each convolution, 3×3 kernels in the third branch and no auxiliary classifiers; He et al. (2016) for
the residual networks, with the stride on the 3×3 convolution.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

from grader.book import Solver
from grader.errors import SolverError
from problems.network.build import (
    batch_norm,
    branches,
    conv,
    dropout,
    flatten,
    global_avg_pool,
    linear,
    max_pool,
    network,
    relu,
    residual,
)
from problems.network.layers import Branches, Network, Residual

__all__ = ["NAMED", "SOLVERS", "named"]

CLASSES: Final = 1000


def named(name: str) -> Network:
    """Return the published network of that *name*; an unknown name is a `SolverError`.

    The names are ``alexnet vgg16 googlenet resnet18 resnet50``.

    >>> str(named("vgg16").layers[0])
    'convolution 3×3, 64 filters, stride 1, padding 1'
    """
    if name not in NAMED:
        raise SolverError(f"name must be one of {', '.join(NAMED)}, not {name}")
    return NAMED[name]()


def _alexnet() -> Network:
    return network(
        conv(64, 11, in_channels=3, stride=4, padding=2),
        relu(),
        max_pool(3, stride=2),
        conv(192, 5, in_channels=64, padding=2),
        relu(),
        max_pool(3, stride=2),
        _stack(192, (384, 256, 256)),
        max_pool(3, stride=2),
        flatten(),
        _classifier((256 * 6 * 6, 4096, 4096, CLASSES)),
    )


def _vgg16() -> Network:
    blocks = ((3, (64, 64)), (64, (128, 128)), (128, (256,) * 3), (256, (512,) * 3))
    return network(
        *(network(_stack(channels, widths), max_pool(2)) for channels, widths in blocks),
        _stack(512, (512,) * 3),
        max_pool(2),
        flatten(),
        _classifier((512 * 7 * 7, 4096, 4096, CLASSES)),
    )


def _stack(channels: int, widths: tuple[int, ...]) -> Network:
    """Return 3×3 convolutions that keep the size, each with a rectifier."""
    pairs = pairwise((channels, *widths))
    return network(
        *(network(conv(out, 3, in_channels=into, padding=1), relu()) for into, out in pairs)
    )


def _classifier(sizes: tuple[int, ...]) -> Network:
    """Return fully connected layers between *sizes*, with dropout before all but the last."""
    *hidden, last = pairwise(sizes)
    layers = [network(dropout(), linear(out, in_features=into), relu()) for into, out in hidden]
    return network(*layers, linear(last[1], in_features=last[0]))


def _normed(
    channels: int, width: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> Network:
    """Return a convolution without biases and its batch normalisation."""
    return network(
        conv(width, kernel_size, in_channels=channels, stride=stride, padding=padding, bias=False),
        batch_norm(width),
    )


# GoogLeNet: what comes in, then the widths of the branches 1×1, 3×3 (reduced, out), 5×5 (reduced,
# out), pooled. A pool stands between the groups.
INCEPTIONS: Final = (
    ((192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64)),
    (
        (480, 192, 96, 208, 16, 48, 64),
        (512, 160, 112, 224, 24, 64, 64),
        (512, 128, 128, 256, 24, 64, 64),
        (512, 112, 144, 288, 32, 64, 64),
        (528, 256, 160, 320, 32, 128, 128),
    ),
    ((832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128)),
)


def _googlenet() -> Network:
    early, middle, late = (
        network(*(_inception(*widths) for widths in group)) for group in INCEPTIONS
    )
    return network(
        _normed(3, 64, 7, stride=2, padding=3),
        relu(),
        max_pool(3, stride=2, ceil_mode=True),
        _normed(64, 64, 1),
        relu(),
        _normed(64, 192, 3, padding=1),
        relu(),
        max_pool(3, stride=2, ceil_mode=True),
        early,
        max_pool(3, stride=2, ceil_mode=True),
        middle,
        max_pool(2, stride=2, ceil_mode=True),
        late,
        global_avg_pool(),
        flatten(),
        dropout(),
        linear(CLASSES, in_features=1024),
    )


def _inception(*widths: int) -> Branches:
    """Return an inception block of the seven *widths*."""
    channels, direct, reduced_3, out_3, reduced_5, out_5, pooled = widths
    reduce_3, reduce_5 = _normed(channels, reduced_3, 1), _normed(channels, reduced_5, 1)
    return branches(
        network(_normed(channels, direct, 1), relu()),
        network(reduce_3, relu(), _normed(reduced_3, out_3, 3, padding=1), relu()),
        network(reduce_5, relu(), _normed(reduced_5, out_5, 3, padding=1), relu()),
        network(
            max_pool(3, stride=1, padding=1, ceil_mode=True), _normed(channels, pooled, 1), relu()
        ),
    )


def _resnet(counts: tuple[int, ...], block: Callable[[int, int, int], Residual]) -> Network:
    """Return a residual network with so many blocks in each of its four stages."""
    expansion = EXPANSION[block]
    stages: list[Residual | Network] = []
    channels = 64
    for stage, count in enumerate(counts):
        width = 64 * 2**stage
        for index in range(count):
            stride = 2 if stage and not index else 1
            stages += [block(channels, width, stride), network(relu())]
            channels = width * expansion
    return network(
        _normed(3, 64, 7, stride=2, padding=3),
        relu(),
        max_pool(3, stride=2, padding=1),
        *stages,
        global_avg_pool(),
        flatten(),
        linear(CLASSES, in_features=channels),
    )


def _basic(channels: int, width: int, stride: int) -> Residual:
    """Return the block of ResNet-18: two 3×3 convolutions."""
    main = network(
        _normed(channels, width, 3, stride=stride, padding=1),
        relu(),
        _normed(width, width, 3, padding=1),
    )
    return residual(main, shortcut=_projection(channels, width, stride))


def _bottleneck(channels: int, width: int, stride: int) -> Residual:
    """Return the block of ResNet-50: 1×1, 3×3 and 1×1, four times as wide at the end."""
    main = network(
        _normed(channels, width, 1),
        relu(),
        _normed(width, width, 3, stride=stride, padding=1),
        relu(),
        _normed(width, 4 * width, 1),
    )
    return residual(main, shortcut=_projection(channels, 4 * width, stride))


def _projection(channels: int, width: int, stride: int) -> Network | None:
    """Return the 1×1 convolution of a shortcut, where the shape changes."""
    return None if channels == width and stride == 1 else _normed(channels, width, 1, stride=stride)


EXPANSION: Final[dict[Callable[[int, int, int], Residual], int]] = {_basic: 1, _bottleneck: 4}

NAMED: Final[dict[str, Callable[[], Network]]] = {
    "alexnet": _alexnet,
    "vgg16": _vgg16,
    "googlenet": _googlenet,
    "resnet18": lambda: _resnet((2, 2, 2, 2), _basic),
    "resnet50": lambda: _resnet((3, 4, 6, 3), _bottleneck),
}

SOLVERS: Final[tuple[Solver, ...]] = (named,)
