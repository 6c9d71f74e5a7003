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
        _normalized_conv(32, 3, stride=2),
        _normalized_conv(32, 3),
        _normalized_conv(64, 3, padding=1),
        max_pool(3, stride=2),
        _normalized_conv(80, 1),
        _normalized_conv(192, 3),
        max_pool(3, stride=2),
    )
    small = (_small_kernel_block(width) for width in (32, 64, 64))
    factorized = (_factorized_kernel_block(width) for width in (128, 160, 160, 192))
    return network(
        stem,
        *small,
        _first_reduction_block(),
        *factorized,
        side_output(_auxiliary_classifier(classes)),
        _second_reduction_block(),
        _expanded_kernel_block(),
        _expanded_kernel_block(),
        *(global_avg_pool(), dropout(), flatten(), linear(classes)),
    )


def _normalized_conv(
    width: int, kernel_size: int | Sides, *, stride: int = 1, padding: int | Sides = 0
) -> Network:
    layer = conv(width, kernel_size, stride=stride, padding=padding, bias=False)
    return network(layer, batch_norm(), relu())


def _one_axis_conv(width: int, kernel: Sides) -> Network:
    """Return a convolution along one axis that keeps the size."""
    return _normalized_conv(width, kernel, padding=(kernel[0] // 2, kernel[1] // 2))


def _pooling_branch(width: int) -> Network:
    return network(avg_pool(3, stride=1, padding=1), _normalized_conv(width, 1))


def _small_kernel_block(pooled_width: int) -> Branches:
    return branches(
        _normalized_conv(64, 1),
        network(_normalized_conv(48, 1), _normalized_conv(64, 5, padding=2)),
        network(
            _normalized_conv(64, 1),
            _normalized_conv(96, 3, padding=1),
            _normalized_conv(96, 3, padding=1),
        ),
        _pooling_branch(pooled_width),
    )


def _first_reduction_block() -> Branches:
    return branches(
        _normalized_conv(384, 3, stride=2),
        network(
            _normalized_conv(64, 1),
            _normalized_conv(96, 3, padding=1),
            _normalized_conv(96, 3, stride=2),
        ),
        max_pool(3, stride=2),
    )


def _factorized_kernel_block(width: int) -> Branches:
    """Return branches with 7×7 kernels, each replaced by a row and a column."""
    return branches(
        _normalized_conv(192, 1),
        network(
            _normalized_conv(width, 1), _one_axis_conv(width, ROW), _one_axis_conv(192, COLUMN)
        ),
        network(
            _normalized_conv(width, 1),
            *(
                _one_axis_conv(width, COLUMN),
                _one_axis_conv(width, ROW),
                _one_axis_conv(width, COLUMN),
                _one_axis_conv(192, ROW),
            ),
        ),
        _pooling_branch(192),
    )


def _second_reduction_block() -> Branches:
    return branches(
        network(_normalized_conv(192, 1), _normalized_conv(320, 3, stride=2)),
        network(
            _normalized_conv(192, 1),
            _one_axis_conv(192, ROW),
            _one_axis_conv(192, COLUMN),
            _normalized_conv(192, 3, stride=2),
        ),
        max_pool(3, stride=2),
    )


def _expanded_kernel_block() -> Branches:
    """Return branches that end in a row and a column of three, side by side."""
    both = branches(_one_axis_conv(384, (1, 3)), _one_axis_conv(384, (3, 1)))
    return branches(
        _normalized_conv(320, 1),
        network(_normalized_conv(384, 1), both),
        network(_normalized_conv(448, 1), _normalized_conv(384, 3, padding=1), both),
        _pooling_branch(192),
    )


def _auxiliary_classifier(classes: int) -> Network:
    return network(
        avg_pool(5, stride=3),
        _normalized_conv(128, 1),
        _normalized_conv(768, 5),
        *(global_avg_pool(), flatten(), linear(classes)),
    )
