"""Inception-v3 (Szegedy et al., 2016), as torchvision builds it, with its auxiliary classifier."""

from typing import Final

from problems.network.constructors.all_constructors import (
    avg_pool,
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
    side_output,
)
from problems.network.graphs import Branches, Network

Sides = tuple[int, int]
ROW: Final = (1, 7)
COLUMN: Final = (7, 1)


def inception_v3(classes: int) -> Network:
    """Return Inception-v3."""
    stem = network(
        _conv(32, 3, stride=2),
        _conv(32, 3),
        _conv(64, 3, padding=1),
        max_pool(3, stride=2),
        _conv(80, 1),
        _conv(192, 3),
        max_pool(3, stride=2),
    )
    small = (_small_kernels(width) for width in (32, 64, 64))
    factorized = (_factorized_kernels(width) for width in (128, 160, 160, 192))
    return network(
        stem,
        *small,
        _first_reduction(),
        *factorized,
        side_output(_auxiliary_classifier(classes)),
        _second_reduction(),
        _expanded_kernels(),
        _expanded_kernels(),
        *(global_avg_pool(), dropout(), flatten(), linear(classes)),
    )


def _conv(
    width: int, kernel_size: int | Sides, *, stride: int = 1, padding: int | Sides = 0
) -> Network:
    layer = conv(width, kernel_size, stride=stride, padding=padding, bias=False)
    return network(layer, batch_norm(), relu())


def _line(width: int, kernel: Sides) -> Network:
    """Return a convolution along one axis that keeps the size."""
    return _conv(width, kernel, padding=(kernel[0] // 2, kernel[1] // 2))


def _pooled(width: int) -> Network:
    return network(avg_pool(3, stride=1, padding=1), _conv(width, 1))


def _small_kernels(pooled_width: int) -> Branches:
    return branches(
        _conv(64, 1),
        network(_conv(48, 1), _conv(64, 5, padding=2)),
        network(_conv(64, 1), _conv(96, 3, padding=1), _conv(96, 3, padding=1)),
        _pooled(pooled_width),
    )


def _first_reduction() -> Branches:
    return branches(
        _conv(384, 3, stride=2),
        network(_conv(64, 1), _conv(96, 3, padding=1), _conv(96, 3, stride=2)),
        max_pool(3, stride=2),
    )


def _factorized_kernels(width: int) -> Branches:
    """Return branches with 7×7 kernels, each replaced by a row and a column."""
    return branches(
        _conv(192, 1),
        network(_conv(width, 1), _line(width, ROW), _line(192, COLUMN)),
        network(
            _conv(width, 1),
            *(_line(width, COLUMN), _line(width, ROW), _line(width, COLUMN), _line(192, ROW)),
        ),
        _pooled(192),
    )


def _second_reduction() -> Branches:
    return branches(
        network(_conv(192, 1), _conv(320, 3, stride=2)),
        network(_conv(192, 1), _line(192, ROW), _line(192, COLUMN), _conv(192, 3, stride=2)),
        max_pool(3, stride=2),
    )


def _expanded_kernels() -> Branches:
    """Return branches that end in a row and a column of three, side by side."""
    both = branches(_line(384, (1, 3)), _line(384, (3, 1)))
    return branches(
        _conv(320, 1),
        network(_conv(384, 1), both),
        network(_conv(448, 1), _conv(384, 3, padding=1), both),
        _pooled(192),
    )


def _auxiliary_classifier(classes: int) -> Network:
    return network(
        avg_pool(5, stride=3),
        _conv(128, 1),
        _conv(768, 5),
        *(global_avg_pool(), flatten(), linear(classes)),
    )
