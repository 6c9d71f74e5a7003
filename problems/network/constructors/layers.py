"""Layers that change the shape: convolutions, pooling, resizing, channel selection."""

from typing import Final, Literal

from grader.errors import SolverError
from grader.registry import Solver
from problems.network.layers import (
    AdaptiveAvgPool,
    Conv,
    ConvTranspose,
    Flatten,
    Linear,
    PixelShuffle,
    Pool,
    SelectChannels,
    Sides,
    Upsample,
    ZeroPad,
)
from problems.solvers.bounds import Pair, as_integer, as_pair, require_bool
from problems.solvers.geometry import padding_ends
from problems.solvers.sizes import same_padding

PADDING_SIDES: Final = 4
UPSAMPLE_MODES: Final[tuple[Literal["nearest", "bilinear"], ...]] = ("nearest", "bilinear")
MAX_SELECTED_CHANNELS: Final = 2000


def conv(
    out_channels: int,
    kernel_size: Pair,
    *,
    in_channels: int | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
    groups: int = 1,
    bias: bool = True,
) -> Conv:
    """Return a 2-D convolution with *out_channels* filters.

    A *padding* of ``valid`` is 0. ``same`` is ``dilation*(k-1)/2`` on each side, which
    gives ``ceil(size / stride)`` cells; an even kernel has no such padding and raises
    `SolverError`.

    >>> str(conv(16, 3, padding="same"))
    'convolution 3×3, 16 filters, stride 1, padding 1'
    """
    kernel, spread = as_pair(kernel_size, "kernel_size"), as_pair(dilation, "dilation")
    return Conv(
        as_integer(out_channels, "out_channels"),
        kernel,
        as_integer_or_none(in_channels, "in_channels"),
        as_pair(stride, "stride"),
        _as_equal_padding(padding, kernel, spread),
        spread,
        as_integer(groups, "groups"),
        require_bool(bias, "bias"),
    )


def _as_equal_padding(padding: Pair | str, kernel: Sides, dilation: Sides) -> Sides:
    """Return *padding* as one number of cells per axis, on each side of it."""
    if not isinstance(padding, str):
        return as_pair(padding, "padding", least=0)
    if padding != "same":
        return padding_ends(padding, 1)
    height, width = (
        same_padding(size, dilation=spread) for size, spread in zip(kernel, dilation, strict=True)
    )
    return height, width


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
        as_integer(out_channels, "out_channels"),
        as_pair(kernel_size, "kernel_size"),
        as_integer_or_none(in_channels, "in_channels"),
        as_pair(stride, "stride"),
        as_pair(padding, "padding", least=0),
        as_pair(output_padding, "output_padding", least=0),
        as_pair(dilation, "dilation"),
        as_integer(groups, "groups"),
        require_bool(bias, "bias"),
    )


def linear(out_features: int, *, in_features: int | None = None, bias: bool = True) -> Linear:
    """Return a fully connected layer with *out_features* units.

    >>> str(linear(10))
    'fully connected, 10 units'
    """
    features = as_integer(out_features, "out_features")
    return Linear(
        features, as_integer_or_none(in_features, "in_features"), require_bool(bias, "bias")
    )


def max_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return max pooling; the stride defaults to the window.

    >>> str(max_pool(2))
    'max pooling 2×2, stride 2'
    """
    window = as_pair(kernel_size, "kernel_size")
    step = window if stride is None else as_pair(stride, "stride")
    border = as_pair(padding, "padding", least=0)
    return Pool("max", window, step, border, require_bool(ceil_mode, "ceil_mode"))


def avg_pool(
    kernel_size: Pair, *, stride: Pair | None = None, padding: Pair = 0, ceil_mode: bool = False
) -> Pool:
    """Return average pooling; the stride defaults to the window.

    >>> str(avg_pool(3, stride=1, padding=1))
    'average pooling 3×3, stride 1, padding 1'
    """
    window = as_pair(kernel_size, "kernel_size")
    step = window if stride is None else as_pair(stride, "stride")
    border = as_pair(padding, "padding", least=0)
    return Pool("average", window, step, border, require_bool(ceil_mode, "ceil_mode"))


def global_avg_pool() -> AdaptiveAvgPool:
    """Return global average pooling: the mean of each channel.

    >>> str(global_avg_pool())
    'global average pooling'
    """
    return AdaptiveAvgPool()


def adaptive_avg_pool(output_size: Pair) -> AdaptiveAvgPool:
    """Return average pooling with windows that produce *output_size*.

    >>> str(adaptive_avg_pool(7))
    'adaptive average pooling to 7×7'
    """
    return AdaptiveAvgPool(as_pair(output_size, "output_size"))


def flatten() -> Flatten:
    """Return a layer that flattens all values into a vector.

    >>> str(flatten())
    'flatten'
    """
    return Flatten()


def upsample(scale_factor: Pair, *, mode: str = "nearest") -> Upsample:
    """Return a layer that enlarges maps by repeating or interpolating their values.

    >>> str(upsample(2))
    'upsampling by 2, nearest'
    """
    for known in UPSAMPLE_MODES:
        if mode == known:
            return Upsample(as_pair(scale_factor, "scale_factor"), known)
    raise SolverError(f"mode must be one of {', '.join(UPSAMPLE_MODES)}, not {mode}")


def pixel_shuffle(upscale_factor: int) -> PixelShuffle:
    """Return a layer that rearranges groups of channels into blocks of pixels.

    >>> str(pixel_shuffle(2))
    'pixel shuffle by 2'
    """
    return PixelShuffle(as_integer(upscale_factor, "upscale_factor"))


def zero_pad(padding: int | tuple[int, int, int, int]) -> ZeroPad:
    """Return a layer that pads maps with zeros: left, right, top, bottom.

    >>> str(zero_pad((0, 1, 0, 1)))
    'zero padding 0 left, 1 right, 0 above, 1 below'
    """
    sides = padding if isinstance(padding, (tuple, list)) else (padding,) * PADDING_SIDES
    if len(sides) != PADDING_SIDES:
        raise SolverError(f"padding must be one number or four, not {len(sides)}")
    left, right, top, bottom = (as_integer(side, "padding", least=0) for side in sides)
    return ZeroPad((left, right, top, bottom))


def select_channels(*channels: int) -> SelectChannels:
    """Return a layer that selects *channels*, counted from 0.

    >>> str(select_channels(0, 2))
    'channels 0, 2'
    """
    if not 1 <= len(channels) <= MAX_SELECTED_CHANNELS:
        raise SolverError(f"select from 1 to {MAX_SELECTED_CHANNELS} channels, not {len(channels)}")
    return SelectChannels(tuple(as_integer(channel, "a channel", least=0) for channel in channels))


def as_integer_or_none(value: int | None, what: str) -> int | None:
    """Return *value* as `as_integer` does, or None if the input shape determines it."""
    return None if value is None else as_integer(value, what)


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
