"""Layers and networks as frozen values, in PyTorch's argument names. They compute nothing.

A network is a sequence of layers; `Branches` and `Residual` are layers that hold networks, so that
a graph of that kind is a value too. `problems.network.build` checks and makes them.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from grader.values import Opaque, Value

__all__ = [
    "Activation",
    "BatchNorm",
    "Branches",
    "Conv",
    "ConvTranspose",
    "Dropout",
    "Flatten",
    "GlobalAvgPool",
    "Layer",
    "Linear",
    "Network",
    "Pool",
    "Residual",
]

Sides: TypeAlias = tuple[int, int]


class _Fields(Opaque):
    """A value whose fields an expression may read."""

    __slots__ = ()

    def field(self, name: str) -> Value:
        """Return the field of that *name*, such as ``layer.out_channels``; `KeyError` if unset."""
        known = getattr(type(self), "__dataclass_fields__", {})
        value: Value | None = getattr(self, name) if name in known else None
        if value is None:
            raise KeyError(name)
        return value


class Layer(_Fields):
    """One step of a network; ``str`` describes it in words, for a statement."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Network(_Fields):
    """*layers* one after the other; ``str`` lists them, one a line."""

    layers: tuple[Layer, ...]

    def __str__(self) -> str:
        return "\n".join(str(layer) for layer in self.layers)


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

    def __str__(self) -> str:
        return _words(
            f"convolution {_by(self.kernel_size)}",
            f"{self.out_channels} filters",
            _moves(self.stride, self.padding, self.dilation),
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
    bias: bool = True

    def __str__(self) -> str:
        return _words(
            f"transposed convolution {_by(self.kernel_size)}",
            f"{self.out_channels} filters",
            _moves(self.stride, self.padding, (1, 1)),
            f"output padding {_side(self.output_padding)}" if any(self.output_padding) else "",
            "" if self.bias else "no bias",
        )


@dataclass(frozen=True, slots=True)
class Linear(Layer):
    """A fully connected layer; *in_features* is None where the shape that comes in decides."""

    out_features: int
    in_features: int | None = None
    bias: bool = True

    def __str__(self) -> str:
        return _words(f"fully connected, {self.out_features} units", "" if self.bias else "no bias")


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """A function of each value, or of all values of a vector: it keeps the shape."""

    name: Literal["ReLU", "sigmoid", "softmax"]

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
        return _words(
            f"{self.mode} pooling {_by(self.kernel_size)}",
            _moves(self.stride, self.padding, (1, 1)),
            "sizes rounded up" if self.ceil_mode else "",
        )


@dataclass(frozen=True, slots=True)
class GlobalAvgPool(Layer):
    """The mean of each channel: (C, H, W) becomes (C, 1, 1)."""

    def __str__(self) -> str:
        return "global average pooling"


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """All values in one row."""

    def __str__(self) -> str:
        return "flatten"


@dataclass(frozen=True, slots=True)
class BatchNorm(Layer):
    """Batch normalisation; *num_features* is None where the shape that comes in decides."""

    num_features: int | None = None

    def __str__(self) -> str:
        return "batch normalisation"


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """Dropout with probability *p*: it has no parameters and keeps the shape."""

    p: int | Fraction = Fraction(1, 2)

    def __str__(self) -> str:
        return f"dropout {float(self.p):g}"


@dataclass(frozen=True, slots=True)
class Branches(Layer):
    """Networks side by side on the same input, their outputs concatenated on the channels."""

    networks: tuple[Network, ...]

    def __str__(self) -> str:
        named = [
            f"  branch {number}:\n{_indented(network)}"
            for number, network in enumerate(self.networks, start=1)
        ]
        return "\n".join(["branches, concatenated on the channels:", *named])


@dataclass(frozen=True, slots=True)
class Residual(Layer):
    """A network whose output is added to its input, or to what *shortcut* makes of the input."""

    network: Network
    shortcut: Network | None = None

    def __str__(self) -> str:
        lines = ["residual block, added to its input:", _indented(self.network)]
        if self.shortcut is not None:
            lines = [lines[0], lines[1], "  shortcut:", _indented(self.shortcut)]
        return "\n".join(lines)


def _indented(network: Network) -> str:
    return "\n".join(f"    {line}" for line in str(network).splitlines())


def _words(*pieces: str) -> str:
    return ", ".join(piece for piece in pieces if piece)


def _by(sides: Sides) -> str:
    return f"{sides[0]}×{sides[1]}"


def _side(sides: Sides) -> str:
    return str(sides[0]) if sides[0] == sides[1] else _by(sides)


def _moves(stride: Sides, padding: Sides, dilation: Sides) -> str:
    """Return the words for the stride, and for padding and dilation where they do something."""
    return _words(
        f"stride {_side(stride)}",
        f"padding {_side(padding)}" if any(padding) else "",
        f"dilation {_side(dilation)}" if dilation != (1, 1) else "",
    )
