"""Networks with parallel paths: GoogLeNet, U-Net, YOLOv3.

Sources: Szegedy et al. (2015) for GoogLeNet, which torchvision builds with batch
normalization and 3×3 kernels in the third branch; Ronneberger et al. (2015) for U-Net;
Redmon and Farhadi (2018) for YOLOv3.
"""

from collections.abc import Callable
from typing import Final

from problems.network.constructors.all_constructors import (
    branches,
    conv,
    conv_transpose,
    dropout,
    flatten,
    global_avg_pool,
    leaky_relu,
    linear,
    max_pool,
    network,
    relu,
    residual,
    side_output,
    skip,
    upsample,
)
from problems.network.graphs import Branches, Network
from problems.network.published.blocks import normalized_conv

# The widths of the branches 1×1, 3×3 (reduced, out), 5×5 (reduced, out), pooled. A pool
# separates the groups.
INCEPTION_WIDTHS: Final = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)

ConvFactory = Callable[..., Network]


def googlenet(classes: int) -> Network:
    """Return GoogLeNet without auxiliary classifiers."""
    return _build_googlenet(normalized_conv, large=3, last_pool=2, classes=classes)


def paper_googlenet(classes: int) -> Network:
    """Return GoogLeNet with 5×5 kernels, and biases instead of batch normalization."""
    return _build_googlenet(_biased_conv, large=5, last_pool=3, classes=classes)


def _biased_conv(width: int, kernel_size: int, *, stride: int = 1) -> Network:
    layer = conv(width, kernel_size, stride=stride, padding=kernel_size // 2)
    return network(layer, relu())


def _build_googlenet(layer: ConvFactory, *, large: int, last_pool: int, classes: int) -> Network:
    early, middle, late = (
        network(*(_inception_block(layer, large, *widths) for widths in group))
        for group in INCEPTION_WIDTHS
    )
    pool = max_pool(3, stride=2, ceil_mode=True)
    late_pool = max_pool(last_pool, stride=2, ceil_mode=True)
    return network(
        *(layer(64, 7, stride=2), pool, layer(64, 1), layer(192, 3), pool),
        *(early, pool, middle, late_pool, late),
        *(global_avg_pool(), flatten(), dropout(), linear(classes)),
    )


def _inception_block(layer: ConvFactory, large: int, *widths: int) -> Branches:
    """Return an inception block whose six convolutions have *widths* channels.

    *large* is the kernel size of the third branch.
    """
    direct, reduced_3, out_3, reduced_5, out_5, pooled = widths
    return branches(
        layer(direct, 1),
        network(layer(reduced_3, 1), layer(out_3, 3)),
        network(layer(reduced_5, 1), layer(out_5, large)),
        network(max_pool(3, stride=1, padding=1, ceil_mode=True), layer(pooled, 1)),
    )


UNET_WIDTHS: Final = (64, 128, 256, 512)


def unet(classes: int, *, padding: int) -> Network:
    """Return U-Net: a contracting and an expanding path, with a skip connection per size.

    Without *padding* each convolution shrinks the maps, as in the paper, and the skip
    connections are cropped.
    """

    def double_conv(width: int) -> Network:
        return network(*(conv(width, 3, padding=padding), relu()) * 2)

    inner = double_conv(1024)
    for width in reversed(UNET_WIDTHS):
        below = network(max_pool(2), inner, conv_transpose(width, 2, stride=2))
        inner = network(double_conv(width), skip(below, crop=not padding), double_conv(width))
    return network(inner, conv(classes, 1))


ANCHORS_PER_CELL: Final = 3
# The stages of Darknet-53: channels and residual blocks.
DARKNET_STAGES: Final = ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4))


def yolov3(classes: int) -> Network:
    """Return YOLOv3 with its three heads as outputs, the coarsest grid first."""
    early = network(
        _leaky_conv(32, 3), *(_darknet_stage(width, times) for width, times in DARKNET_STAGES[:3])
    )
    middle, late = (_darknet_stage(width, times) for width, times in DARKNET_STAGES[3:])
    coarse = network(
        late, _detection_neck(512), side_output(_detection_head(512, classes)), _upsample_block(256)
    )
    medium = network(
        *(middle, skip(coarse), _detection_neck(256)),
        side_output(_detection_head(256, classes)),
        _upsample_block(128),
    )
    return network(early, skip(medium), _detection_neck(128), _detection_head(128, classes))


def _leaky_conv(width: int, kernel_size: int, *, stride: int = 1) -> Network:
    return normalized_conv(width, kernel_size, leaky_relu, stride=stride)


def _darknet_stage(width: int, times: int) -> Network:
    """Return a stride-2 convolution followed by *times* residual blocks."""
    block = residual(network(_leaky_conv(width // 2, 1), _leaky_conv(width, 3)))
    return network(_leaky_conv(width, 3, stride=2), *(block,) * times)


def _detection_neck(width: int) -> Network:
    """Return the five convolutions before a detection head."""
    pair = network(_leaky_conv(width, 1), _leaky_conv(2 * width, 3))
    return network(pair, pair, _leaky_conv(width, 1))


def _detection_head(width: int, classes: int) -> Network:
    return network(_leaky_conv(2 * width, 3), conv(ANCHORS_PER_CELL * (5 + classes), 1))


def _upsample_block(width: int) -> Network:
    return network(_leaky_conv(width, 1), upsample(2))
