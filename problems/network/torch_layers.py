"""A single layer read from the line that PyTorch prints for it.

Of its printed arguments those count from which the shape and the parameters follow: they are the
parameters of the function that makes the layer. Every other argument is skipped by one rule, so
that an argument of a later version needs no change here: it is skipped unless its value could be a
size, that is, unless the value contains a whole number.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, Final

from grader.errors import SolverError
from grader.values import exact
from problems.network import build
from problems.network.graphs import CountOnly
from problems.network.layers import BatchNorm, Conv, GroupNorm, Layer, LayerNorm
from problems.solvers.bounds import flag, pair
from problems.solvers.sizes import same_padding

__all__ = ["LAYERS", "read_layer"]


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one type of layer is read: what makes it, and what its printed arguments mean.

    *positional* names the arguments printed without a name, *only* the single value that is
    understood of an argument.
    """

    make: Callable[..., Layer]
    positional: tuple[str, ...] = ()
    only: Mapping[str, object] = field(default_factory=dict)

    def read(self, call: ast.Call) -> Layer:
        """Return the layer, or raise `ValueError` or `TypeError` for other arguments."""
        positional = [_literal(item) for item in call.args]
        values = dict(zip(self.positional, positional, strict=True))
        taken = signature(self.make).parameters
        for word in call.keywords:
            name = str(word.arg)
            if name in taken:
                values[name] = _literal(word.value)
            elif not self._skips(name, word.value):
                raise SolverError(f"its argument {name} is not understood")
        return self.make(**values)

    def _skips(self, name: str, value: ast.expr) -> bool:
        if name in self.only:
            return _literal(value) == self.only[name]
        return name in NUMBERS or not _may_be_size(value)


def _may_be_size(value: ast.expr) -> bool:
    """Tell whether an argument of an unknown meaning could change a shape or a count."""
    constants = (node.value for node in ast.walk(value) if isinstance(node, ast.Constant))
    return any(type(constant) is int for constant in constants)


def _conv(  # noqa: PLR0913  (PyTorch prints so many)
    in_channels: Any,
    out_channels: Any,
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    bias: Any = True,
    padding_mode: str = "zeros",
) -> Conv:
    """Return the convolution; a padding of ``same`` or ``valid`` is worked out."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        if pair(stride, "stride") != (1, 1):
            raise ValueError("padding")
        sides = zip(pair(kernel_size, "kernel_size"), pair(dilation, "dilation"), strict=True)
        padding = tuple(same_padding(kernel, dilation=spread) for kernel, spread in sides)
    layer = build.conv(
        out_channels,
        kernel_size,
        in_channels=in_channels,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
    )
    return replace(layer, padding_mode=padding_mode)


def _batch_norm(
    num_features: Any,
    *,
    affine: Any = True,
    bias: Any = True,
    track_running_stats: Any = True,
) -> BatchNorm:
    return replace(
        build.batch_norm(num_features),
        affine=flag(affine, "affine"),
        bias=flag(bias, "bias"),
        track_running_stats=flag(track_running_stats, "track_running_stats"),
    )


def _group_norm(
    num_groups: Any, num_channels: Any, *, affine: Any = True, bias: Any = True
) -> GroupNorm:
    layer = build.group_norm(num_groups, num_channels)
    return replace(layer, affine=flag(affine, "affine"), bias=flag(bias, "bias"))


def _layer_norm(
    normalized_shape: Any, *, elementwise_affine: Any = True, bias: Any = True
) -> LayerNorm:
    layer = build.layer_norm(normalized_shape, bias=bias)
    return replace(layer, affine=flag(elementwise_affine, "elementwise_affine"))


def _channel_norm(normalized_shape: Any, *, elementwise_affine: Any = True) -> CountOnly:
    """Return torchvision's normalization over the channels of maps, by its parameters."""
    layer = _layer_norm(normalized_shape, elementwise_affine=elementwise_affine)
    return CountOnly((build.network(layer),), reason="a LayerNorm2d turns the axes round")


def _permute() -> CountOnly:
    return CountOnly((), reason="a Permute turns the axes round, and does not print how")


NUMBERS: Final = frozenset({"dim", "eps", "momentum"})
"""Arguments that may be whole numbers, and are no sizes."""
CHANNELS: Final = ("in_channels", "out_channels")
NORM: Final = _Reader(_batch_norm, ("num_features",))
LINEAR: Final = _Reader(build.linear)

LAYERS: Final[Mapping[str, _Reader]] = {
    "AdaptiveAvgPool2d": _Reader(build.adaptive_avg_pool),
    "AvgPool2d": _Reader(build.avg_pool),
    "BatchNorm1d": NORM,
    "BatchNorm2d": NORM,
    "Conv2d": _Reader(_conv, CHANNELS),
    "ConvTranspose2d": _Reader(build.conv_transpose, CHANNELS),
    "Dropout": _Reader(build.dropout),
    "Dropout2d": _Reader(build.dropout),
    "Flatten": _Reader(build.flatten, only={"start_dim": 1, "end_dim": -1}),
    "GELU": _Reader(build.gelu),
    "GroupNorm": _Reader(_group_norm, ("num_groups", "num_channels")),
    "Hardsigmoid": _Reader(build.hardsigmoid),
    "Hardswish": _Reader(build.hardswish),
    "Identity": _Reader(build.identity),
    "LayerNorm": _Reader(_layer_norm, ("normalized_shape",)),
    "LayerNorm2d": _Reader(_channel_norm, ("normalized_shape",)),
    "LeakyReLU": _Reader(build.leaky_relu),
    "Linear": LINEAR,
    "MaxPool2d": _Reader(build.max_pool, only={"dilation": 1}),
    "NonDynamicallyQuantizableLinear": LINEAR,
    "Permute": _Reader(_permute),
    "PixelShuffle": _Reader(build.pixel_shuffle),
    "ReLU": _Reader(build.relu),
    "ReLU6": _Reader(build.relu6),
    "SiLU": _Reader(build.silu),
    "Sigmoid": _Reader(build.sigmoid),
    "Softmax": _Reader(build.softmax),
    "StochasticDepth": _Reader(build.dropout),
    "Tanh": _Reader(build.tanh),
    "Upsample": _Reader(build.upsample),
    "ZeroPad2d": _Reader(build.zero_pad, ("padding",)),
}


def read_layer(kind: str, arguments: str) -> Layer:
    """Return the layer of that *kind* with the printed *arguments*.

    Raises `KeyError` for an unknown kind, `SyntaxError`, `TypeError` or `ValueError` for arguments
    that cannot be read, and `SolverError` for those that are not understood or make no sense.
    """
    reader = LAYERS[kind]
    call = ast.parse(f"f({arguments})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(arguments)
    return reader.read(call)


def _literal(node: ast.expr) -> object:
    """Return the value of a literal, decimals as exact fractions, a bare word as text."""
    match node:
        case ast.Name(name):
            return name
        case ast.Tuple(items):
            return tuple(_literal(item) for item in items)
        case _:
            value: object = ast.literal_eval(node)
            return exact(value) if isinstance(value, float) else value
