"""Building blocks of published networks: normalized convolutions and classifiers."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from grader.values import Number
from problems.network.constructors.all_constructors import (
    batch_norm,
    conv,
    dropout,
    flatten,
    global_avg_pool,
    linear,
    network,
    relu,
)
from problems.network.graphs import Network
from problems.network.layers import Activation

MULTIPLE: Final = 8
"""Number of which scaled channels are multiples."""
MIN_SHARE: Final = Fraction(9, 10)


def normalized_conv(
    width: int,
    kernel_size: int,
    activation: Callable[[], Activation] | None = relu,
    *,
    stride: int = 1,
    groups: int = 1,
) -> Network:
    """Return a convolution without bias, batch normalization and *activation*.

    With an odd kernel size, the padding keeps the map size at stride 1.
    """
    layers = network(
        conv(
            width,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=False,
        ),
        batch_norm(),
    )
    return layers if activation is None else network(layers, activation())


def round_channels(number: Number) -> int:
    """Return the nearest multiple of 8 to a number of channels, at least 90 % of it.

    >>> round_channels(Fraction(44)), round_channels(18)
    (48, 24)
    """
    rounded = max(MULTIPLE, int(number + MULTIPLE // 2) // MULTIPLE * MULTIPLE)
    return rounded if rounded >= MIN_SHARE * number else rounded + MULTIPLE


def classifier(*widths: int) -> Network:
    """Return a flatten and fully connected layers, with dropout before all but the last."""
    *hidden, classes = widths
    layers = [network(dropout(), linear(width), relu()) for width in hidden]
    return network(flatten(), *layers, linear(classes))


def pooled_classifier(classes: int) -> Network:
    """Return global average pooling, a flatten and a fully connected layer."""
    return network(global_avg_pool(), flatten(), linear(classes))
