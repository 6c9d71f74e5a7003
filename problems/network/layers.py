"""Layers as frozen values, in PyTorch's argument names. They compute nothing.

`problems.network.build` checks and makes them; `problems.network.graphs` has the layers that hold
networks, and the network itself.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.values import Number, Opaque, Value
from problems.network.layer_words import by, moves, side, unlearned, words

__all__ = [
    "Activation",
    "AdaptiveAvgPool",
    "BatchNorm",
    "Conv",
    "ConvTranspose",
    "Dropout",
    "Fields",
    "Flatten",
    "Function",
    "GroupNorm",
    "Identity",
    "Layer",
    "LayerNorm",
    "Linear",
    "PixelShuffle",
    "Pool",
    "SelectChannels",
    "Upsample",
    "ZeroPad",
]

Sides: TypeAlias = tuple[int, int]

Function: TypeAlias = Literal[
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


class Fields(Opaque):
    """A value whose fields an expression may read."""

    __slots__ = ()

    def field(self, name: str) -> Value:
        """Return the field of that *name*, such as ``layer.out_channels``; `KeyError` if unset."""
        known = getattr(type(self), "__dataclass_fields__", {})
        value: Value | None = getattr(self, name) if name in known and known[name].compare else None
        if value is None:
            raise KeyError(name)
        return value


class Layer(Fields):
    """One step of a network; ``str`` describes it in words, for a statement."""

    __slots__ = ()


class Normalization(Layer):
    """A normalization, which learns a scale if *affine*, and then a shift if *bias*."""

    __slots__ = ()
    affine: bool
    bias: bool

    @property
    def learned(self) -> int:
        """The learned numbers of each place."""
        return 1 + self.bias if self.affine else 0


@dataclass(frozen=True, slots=True)
class Conv(Layer):
    """A 2-D convolution; *in_channels* is None where the shape that comes in decides."""

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
        return words(
            f"convolution {by(self.kernel_size)}",
            f"{self.out_channels} filters",
            moves(self.stride, self.padding, self.dilation),
            "" if self.padding_mode == "zeros" else f"padding mode {self.padding_mode}",
            f"{self.groups} groups" if self.groups > 1 else "",
            "" if self.bias else "no bias",
        )


@dataclass(frozen=True, slots=True)
class ConvTranspose(Layer):
    """A transposed 2-D convolution; *in_channels* as in `Conv`."""

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
        return words(
            f"transposed convolution {by(self.kernel_size)}",
            f"{self.out_channels} filters",
            moves(self.stride, self.padding, self.dilation),
            f"output padding {side(self.output_padding)}" if any(self.output_padding) else "",
            f"{self.groups} groups" if self.groups > 1 else "",
            "" if self.bias else "no bias",
        )


@dataclass(frozen=True, slots=True)
class Linear(Layer):
    """A fully connected layer; *in_features* is None where the shape that comes in decides."""

    out_features: int
    in_features: int | None = None
    bias: bool = True

    def __str__(self) -> str:
        return words(f"fully connected, {self.out_features} units", "" if self.bias else "no bias")


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """A function of each value, or of all values of a vector: it keeps the shape.

    *negative_slope* is that of a leaky ReLU below zero.
    """

    name: Function
    negative_slope: Number | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """Max or average pooling."""

    mode: Literal["max", "average"]
    kernel_size: Sides
    stride: Sides
    padding: Sides = (0, 0)
    ceil_mode: bool = False

    def __str__(self) -> str:
        return words(
            f"{self.mode} pooling {by(self.kernel_size)}",
            moves(self.stride, self.padding, (1, 1)),
            "sizes rounded up" if self.ceil_mode else "",
        )


@dataclass(frozen=True, slots=True)
class AdaptiveAvgPool(Layer):
    """Means over as many windows as give *output_size*; 1×1 is the mean of each channel."""

    output_size: Sides = (1, 1)

    def __str__(self) -> str:
        if self.output_size == (1, 1):
            return "global average pooling"
        return f"adaptive average pooling to {by(self.output_size)}"


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """All values in one row."""

    def __str__(self) -> str:
        return "flatten"


@dataclass(frozen=True, slots=True)
class BatchNorm(Normalization):
    """Batch normalisation; *num_features* is None where the shape that comes in decides.

    Without *track_running_stats* it keeps no mean and variance.
    """

    num_features: int | None = None
    affine: bool = True
    bias: bool = True
    track_running_stats: bool = True

    def __str__(self) -> str:
        return words("batch normalisation", unlearned(self.learned))


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """Dropout with probability *p*: it has no parameters and keeps the shape."""

    p: int | Fraction = Fraction(1, 2)

    def __str__(self) -> str:
        return f"dropout {float(self.p):g}"


@dataclass(frozen=True, slots=True)
class LayerNorm(Normalization):
    """Layer normalisation over the last axes; None: over all that comes in, a weight for each."""

    normalized_shape: tuple[int, ...] | None = None
    bias: bool = True
    affine: bool = True

    def __str__(self) -> str:
        return words("layer normalisation", unlearned(self.learned))


@dataclass(frozen=True, slots=True)
class GroupNorm(Normalization):
    """Normalisation over groups of channels; *num_channels* as in `BatchNorm`."""

    num_groups: int
    num_channels: int | None = None
    affine: bool = True
    bias: bool = True

    def __str__(self) -> str:
        return words(f"group normalisation, {self.num_groups} groups", unlearned(self.learned))


@dataclass(frozen=True, slots=True)
class Identity(Layer):
    """What comes in, unchanged: the branch of a skip connection. It is no step of its own."""

    def __str__(self) -> str:
        return "the input itself"


@dataclass(frozen=True, slots=True)
class Upsample(Layer):
    """Height and width times *scale_factor*; there is nothing to learn."""

    scale_factor: Sides
    mode: Literal["nearest", "bilinear"] = "nearest"

    def __str__(self) -> str:
        return f"upsampling by {side(self.scale_factor)}, {self.mode}"


@dataclass(frozen=True, slots=True)
class PixelShuffle(Layer):
    """(C·r², H, W) becomes (C, r·H, r·W) for the factor r."""

    upscale_factor: int

    def __str__(self) -> str:
        return f"pixel shuffle by {self.upscale_factor}"


@dataclass(frozen=True, slots=True)
class ZeroPad(Layer):
    """Zeros around the maps: left, right, top, bottom, as in PyTorch."""

    padding: tuple[int, int, int, int]

    def __str__(self) -> str:
        left, right, top, bottom = self.padding
        if left == right == top == bottom:
            return f"zero padding {left}"
        return f"zero padding {left} left, {right} right, {top} above, {bottom} below"


@dataclass(frozen=True, slots=True)
class SelectChannels(Layer):
    """Some of the channels, counted from 0, in that order."""

    channels: tuple[int, ...]

    def __str__(self) -> str:
        return f"channels {', '.join(map(str, self.channels))}"
