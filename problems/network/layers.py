"""Layers as frozen values, with the argument names of PyTorch; they compute nothing.

`problems.network.constructors.all_constructors` validates and creates them;
`problems.network.graphs` defines the network and the layers that hold networks.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.values import Number, OpaqueValue, Value
from problems.network.layer_text import (
    describe_geometry,
    describe_missing_params,
    format_pair,
    format_side_or_pair,
    join_nonempty,
)

Sides: TypeAlias = tuple[int, int]

ActivationName: TypeAlias = Literal[
    "ReLU",
    "ReLU6",
    "leaky ReLU",
    "SiLU",
    "GELU",
    "hardswish",
    "hardsigmoid",
    "sigmoid",
    "tanh",
    "softmax",
]


class DataclassValue(OpaqueValue):
    """A dataclass whose fields are readable in expressions."""

    __slots__ = ()

    def get_field(self, name: str) -> Value:
        """Return the field *name*, such as ``layer.out_channels``; raise `KeyError` if unset."""
        known = getattr(type(self), "__dataclass_fields__", {})
        value: Value | None = getattr(self, name) if name in known and known[name].compare else None
        if value is None:
            raise KeyError(name)
        return value


class Layer(DataclassValue):
    """A layer of a network; ``str`` describes it in words, for a problem statement."""

    __slots__ = ()


class Normalization(Layer):
    """A normalization that learns a scale if *affine*, and then a shift if *bias*."""

    __slots__ = ()
    affine: bool
    bias: bool

    @property
    def params_per_position(self) -> int:
        """The number of learned parameters per normalized position: its scale and shift."""
        return 1 + self.bias if self.affine else 0


@dataclass(frozen=True, slots=True)
class Conv(Layer):
    """2-D convolution; if *in_channels* is None, the input shape determines it."""

    out_channels: int
    kernel_size: Sides
    in_channels: int | None = None
    stride: Sides = (1, 1)
    padding: Sides = (0, 0)
    dilation: Sides = (1, 1)
    groups: int = 1
    bias: bool = True
    padding_mode: str = "zeros"

    def __str__(self) -> str:
        return join_nonempty(
            f"convolution {format_pair(self.kernel_size)}",
            f"{self.out_channels} filters",
            describe_geometry(self.stride, self.padding, self.dilation),
            "" if self.padding_mode == "zeros" else f"padding mode {self.padding_mode}",
            f"{self.groups} groups" if self.groups > 1 else "",
            "" if self.bias else "no bias",
        )


@dataclass(frozen=True, slots=True)
class ConvTranspose(Layer):
    """Transposed 2-D convolution; *in_channels* as in `Conv`."""

    out_channels: int
    kernel_size: Sides
    in_channels: int | None = None
    stride: Sides = (1, 1)
    padding: Sides = (0, 0)
    output_padding: Sides = (0, 0)
    dilation: Sides = (1, 1)
    groups: int = 1
    bias: bool = True

    def __str__(self) -> str:
        return join_nonempty(
            f"transposed convolution {format_pair(self.kernel_size)}",
            f"{self.out_channels} filters",
            describe_geometry(self.stride, self.padding, self.dilation),
            f"output padding {format_side_or_pair(self.output_padding)}"
            if any(self.output_padding)
            else "",
            f"{self.groups} groups" if self.groups > 1 else "",
            "" if self.bias else "no bias",
        )


@dataclass(frozen=True, slots=True)
class Linear(Layer):
    """Fully connected layer; if *in_features* is None, the input shape determines it."""

    out_features: int
    in_features: int | None = None
    bias: bool = True

    def __str__(self) -> str:
        return join_nonempty(
            f"fully connected, {self.out_features} units", "" if self.bias else "no bias"
        )


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """Activation function, element-wise or over a vector (softmax); keeps the shape.

    *negative_slope* is the slope of a leaky ReLU below zero.
    """

    name: ActivationName
    negative_slope: Number | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """Max or average pooling layer."""

    mode: Literal["max", "average"]
    kernel_size: Sides
    stride: Sides
    padding: Sides = (0, 0)
    ceil_mode: bool = False

    def __str__(self) -> str:
        return join_nonempty(
            f"{self.mode} pooling {format_pair(self.kernel_size)}",
            describe_geometry(self.stride, self.padding, (1, 1)),
            "sizes rounded up" if self.ceil_mode else "",
        )


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool(Layer):
    """Adaptive average pooling to *output_size*; 1×1 is global average pooling."""

    output_size: Sides = (1, 1)

    def __str__(self) -> str:
        if self.output_size == (1, 1):
            return "global average pooling"
        return f"adaptive average pooling to {format_pair(self.output_size)}"


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """Flatten layer: reshapes its input to a vector."""

    def __str__(self) -> str:
        return "flatten"


@dataclass(frozen=True, slots=True)
class BatchNorm(Normalization):
    """Batch normalization; if *num_features* is None, the input shape determines it.

    Without *track_running_stats* it keeps no running mean and variance.
    """

    num_features: int | None = None
    affine: bool = True
    bias: bool = True
    track_running_stats: bool = True

    def __str__(self) -> str:
        return join_nonempty(
            "batch normalization", describe_missing_params(self.params_per_position)
        )


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """Dropout with probability *p*; it has no parameters and keeps the shape."""

    p: int | Fraction = Fraction(1, 2)

    def __str__(self) -> str:
        return f"dropout {float(self.p):g}"


@dataclass(frozen=True, slots=True)
class LayerNorm(Normalization):
    """Layer normalization over the trailing axes of *normalized_shape*.

    If it is None, all axes of the input are normalized, with a weight for each element.
    """

    normalized_shape: tuple[int, ...] | None = None
    bias: bool = True
    affine: bool = True

    def __str__(self) -> str:
        return join_nonempty(
            "layer normalization", describe_missing_params(self.params_per_position)
        )


@dataclass(frozen=True, slots=True)
class GroupNorm(Normalization):
    """Group normalization; if *num_channels* is None, the input shape determines it."""

    num_groups: int
    num_channels: int | None = None
    affine: bool = True
    bias: bool = True

    def __str__(self) -> str:
        return join_nonempty(
            f"group normalization, {self.num_groups} groups",
            describe_missing_params(self.params_per_position),
        )


@dataclass(frozen=True, slots=True)
class Identity(Layer):
    """Identity layer, such as the branch of a skip connection; a walk has no step for it."""

    def __str__(self) -> str:
        return "the input itself"


@dataclass(frozen=True, slots=True)
class Upsample(Layer):
    """Upsampling of height and width by *scale_factor*; it has no parameters."""

    scale_factor: Sides
    mode: Literal["nearest", "bilinear"] = "nearest"

    def __str__(self) -> str:
        return f"upsampling by {format_side_or_pair(self.scale_factor)}, {self.mode}"


@dataclass(frozen=True, slots=True)
class PixelShuffle(Layer):
    """Pixel shuffle: (C·r², H, W) becomes (C, r·H, r·W) for the factor r."""

    upscale_factor: int

    def __str__(self) -> str:
        return f"pixel shuffle by {self.upscale_factor}"


@dataclass(frozen=True, slots=True)
class ZeroPad(Layer):
    """Zero padding of the feature maps, in PyTorch's order: left, right, top, bottom."""

    padding: tuple[int, int, int, int]

    def __str__(self) -> str:
        left, right, top, bottom = self.padding
        if left == right == top == bottom:
            return f"zero padding {left}"
        return f"zero padding {left} left, {right} right, {top} above, {bottom} below"


@dataclass(frozen=True, slots=True)
class SelectChannels(Layer):
    """Selection of channels by index, counted from 0, in the order of *channels*."""

    channels: tuple[int, ...]

    def __str__(self) -> str:
        return f"channels {', '.join(map(str, self.channels))}"
