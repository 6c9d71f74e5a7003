"""Layers that change the shape of what passes: convolutions, pooling, sizes, channels."""

from typing import Final, Literal

from grader.book import Solver
from grader.errors import SolverError
from problems.network.layers import (
    AdaptiveAvgPool,
    Conv,
    ConvTranspose,
    Flatten,
    Linear,
    PixelShuffle,
    Pool,
    SelectChannels,
    Upsample,
    ZeroPad,
)
from problems.solvers.bounds import Pair, flag, pair, whole

__all__ = [
    "SOLVERS",
    "adaptive_avg_pool",
    "avg_pool",
    "conv",
    "conv_transpose",
    "flatten",
    "global_avg_pool",
    "linear",
    "max_pool",
    "optional",
    "pixel_shuffle",
    "select_channels",
    "upsample",
    "zero_pad",
]

SIDES: Final = 4
MODES: Final[tuple[Literal["nearest", "bilinear"], ...]] = ("nearest", "bilinear")
MAX_SELECTED: Final = 2000


def conv(
    out_channels: int,
    kernel_size: Pair,
    *,
    in_channels: int | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = True,
) -> Conv:
    """Return a 2-D convolution with *out_channels* filters.

    >>> str(conv(16, 3, padding=1))
    'convolution 3×3, 16 filters, stride 1, padding 1'
    """
    return Conv(
        whole(out_channels, "out_channels"),
        pair(kernel_size, "kernel_size"),
        optional(in_channels, "in_channels"),
        pair(stride, "stride"),
        pair(padding, "padding", least=0),
        pair(dilation, "dilation"),
        whole(groups, "groups"),
        flag(bias, "bias"),
    )


def conv_transpose(  # noqa: PLR0913 - the arguments of PyTorch's ConvTranspose2d
    out_channels: int,
    kernel_size: Pair,
    *,
    in_channels: int | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = True,
) -> ConvTranspose:
    """Return a transposed 2-D convolution with *out_channels* filters.

    >>> str(conv_transpose(8, 2, stride=2))
    'transposed convolution 2×2, 8 filters, stride 2'
    """
    return ConvTranspose(
        whole(out_channels, "out_channels"),
        pair(kernel_size, "kernel_size"),
        optional(in_channels, "in_channels"),
        pair(stride, "stride"),
        pair(padding, "padding", least=0),
        pair(output_padding, "output_padding", least=0),
        pair(dilation, "dilation"),
        whole(groups, "groups"),
        flag(bias, "bias"),
    )


def linear(out_features: int, *, in_features: int | None = None, bias: bool = True) -> Linear:
    """Return a fully connected layer with *out_features* units.

    >>> str(linear(10))
    'fully connected, 10 units'
    """
    features = whole(out_features, "out_features")
    return Linear(features, optional(in_features, "in_features"), flag(bias, "bias"))


def max_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return max pooling; the stride defaults to the window.

    >>> str(max_pool(2))
    'max pooling 2×2, stride 2'
    """
    window = pair(kernel_size, "kernel_size")
    step = window if stride is None else pair(stride, "stride")
    border = pair(padding, "padding", least=0)
    return Pool("max", window, step, border, flag(ceil_mode, "ceil_mode"))


def avg_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return average pooling; the stride defaults to the window.

    >>> str(avg_pool(3, stride=1, padding=1))
    'average pooling 3×3, stride 1, padding 1'
    """
    window = pair(kernel_size, "kernel_size")
    step = window if stride is None else pair(stride, "stride")
    border = pair(padding, "padding", least=0)
    return Pool("average", window, step, border, flag(ceil_mode, "ceil_mode"))


def global_avg_pool() -> AdaptiveAvgPool:
    """Return the mean of each channel.

    >>> str(global_avg_pool())
    'global average pooling'
    """
    return AdaptiveAvgPool()


def adaptive_avg_pool(output_size: Pair) -> AdaptiveAvgPool:
    """Return average pooling whose windows are such that *output_size* comes out.

    >>> str(adaptive_avg_pool(7))
    'adaptive average pooling to 7×7'
    """
    return AdaptiveAvgPool(pair(output_size, "output_size"))


def flatten() -> Flatten:
    """Return the layer that puts all values in one row.

    >>> str(flatten())
    'flatten'
    """
    return Flatten()


def upsample(scale_factor: Pair, *, mode: str = "nearest") -> Upsample:
    """Return the layer that makes maps larger by repeating or interpolating their values.

    >>> str(upsample(2))
    'upsampling by 2, nearest'
    """
    for known in MODES:
        if mode == known:
            return Upsample(pair(scale_factor, "scale_factor"), known)
    raise SolverError(f"mode must be one of {', '.join(MODES)}, not {mode}")


def pixel_shuffle(upscale_factor: int) -> PixelShuffle:
    """Return the layer that puts groups of channels side by side as pixels.

    >>> str(pixel_shuffle(2))
    'pixel shuffle by 2'
    """
    return PixelShuffle(whole(upscale_factor, "upscale_factor"))


def zero_pad(padding: int | tuple[int, int, int, int]) -> ZeroPad:
    """Return the layer that puts zeros around the maps: left, right, top, bottom.

    >>> str(zero_pad((0, 1, 0, 1)))
    'zero padding 0 left, 1 right, 0 above, 1 below'
    """
    sides = padding if isinstance(padding, (tuple, list)) else (padding,) * SIDES
    if len(sides) != SIDES:
        raise SolverError(f"padding must be one number or four, not {len(sides)}")
    left, right, top, bottom = (whole(side, "padding", least=0) for side in sides)
    return ZeroPad((left, right, top, bottom))


def select_channels(*channels: int) -> SelectChannels:
    """Return the layer that passes some of the channels on, counted from 0.

    >>> str(select_channels(0, 2))
    'channels 0, 2'
    """
    if not 1 <= len(channels) <= MAX_SELECTED:
        raise SolverError(f"select from 1 to {MAX_SELECTED} channels, not {len(channels)}")
    return SelectChannels(tuple(whole(channel, "a channel", least=0) for channel in channels))


def optional(value: int | None, what: str) -> int | None:
    """Return *value* as `whole` does, or None where the shape that comes in decides."""
    return None if value is None else whole(value, what)


SOLVERS: Final[tuple[Solver, ...]] = (
    conv,
    conv_transpose,
    linear,
    max_pool,
    avg_pool,
    adaptive_avg_pool,
    global_avg_pool,
    flatten,
    upsample,
    pixel_shuffle,
    zero_pad,
    select_channels,
)
