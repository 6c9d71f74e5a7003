"""A single layer read from the line that PyTorch prints for it."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grader.values import exact
from problems.network import build
from problems.network.layers import Conv, Layer
from problems.solvers.bounds import pair
from problems.solvers.sizes import same_padding

__all__ = ["LAYERS", "read_layer"]


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one type of layer is read: what makes it, and what its printed arguments mean.

    *positional* names the arguments printed without a name, *only* the values that are understood,
    *ignored* the arguments that change neither shapes nor counts.
    """

    make: Callable[..., Layer]
    positional: tuple[str, ...] = ()
    only: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def read(self, positional: list[Any], named: dict[str, Any]) -> Layer:
        """Return the layer, or raise `ValueError` or `TypeError` for other arguments."""
        given = dict(zip(self.positional, positional, strict=True)) | named
        for name, understood in self.only.items():
            if given.pop(name, understood[0]) not in understood:
                raise ValueError(name)
        return self.make(**{name: given[name] for name in given if name not in self.ignored})


def _conv(*, padding: object = 0, stride: object = 1, dilation: object = 1, **given: Any) -> Conv:
    """Return the convolution; a padding of ``same`` or ``valid`` is worked out."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        if pair(stride, "stride") != (1, 1):
            raise ValueError("padding")
        sides = zip(
            pair(given["kernel_size"], "kernel_size"), pair(dilation, "dilation"), strict=True
        )
        padding = tuple(same_padding(kernel, dilation=spread) for kernel, spread in sides)
    return build.conv(padding=padding, stride=stride, dilation=dilation, **given)  # type: ignore[arg-type] # `conv` checks what was read


def _plain(make: Callable[..., Layer], *ignored: str) -> _Reader:
    return _Reader(make, ignored=frozenset(ignored))


CHANNELS: Final = ("in_channels", "out_channels")
AFFINE: Final = {"affine": (True,)}
NORM: Final = _Reader(
    build.batch_norm,
    ("num_features",),
    AFFINE,
    frozenset({"eps", "momentum", "track_running_stats"}),
)

LAYERS: Final[Mapping[str, _Reader]] = {
    "AdaptiveAvgPool2d": _Reader(build.adaptive_avg_pool),
    "AvgPool2d": _Reader(build.avg_pool),
    "BatchNorm1d": NORM,
    "BatchNorm2d": NORM,
    "Conv2d": _Reader(_conv, CHANNELS),
    "ConvTranspose2d": _Reader(build.conv_transpose, CHANNELS),
    "Dropout": _plain(build.dropout, "inplace"),
    "Dropout2d": _plain(build.dropout, "inplace"),
    "Flatten": _Reader(build.flatten, only={"start_dim": (1,), "end_dim": (-1,)}),
    "GELU": _plain(build.gelu, "approximate"),
    "GroupNorm": _Reader(
        build.group_norm, ("num_groups", "num_channels"), AFFINE, frozenset({"eps"})
    ),
    "Hardsigmoid": _plain(build.hardsigmoid, "inplace"),
    "Hardswish": _plain(build.hardswish, "inplace"),
    "Identity": _plain(build.identity),
    "LayerNorm": _Reader(
        build.layer_norm,
        ("normalized_shape",),
        {"elementwise_affine": (True,)},
        frozenset({"eps"}),
    ),
    "LeakyReLU": _plain(build.leaky_relu, "inplace"),
    "Linear": _Reader(build.linear),
    "MaxPool2d": _Reader(build.max_pool, only={"dilation": (1,)}),
    "PixelShuffle": _Reader(build.pixel_shuffle),
    "ReLU": _plain(build.relu, "inplace"),
    "ReLU6": _plain(build.relu6, "inplace"),
    "SiLU": _plain(build.silu, "inplace"),
    "Sigmoid": _plain(build.sigmoid),
    "Softmax": _plain(build.softmax, "dim"),
    "StochasticDepth": _plain(build.dropout, "mode"),
    "Tanh": _plain(build.tanh),
    "Upsample": _Reader(build.upsample),
    "ZeroPad2d": _Reader(build.zero_pad, ("padding",)),
}


def read_layer(kind: str, arguments: str) -> Layer:
    """Return the layer of that *kind* with the printed *arguments*.

    Raises `KeyError` for an unknown kind, `SyntaxError`, `TypeError` or `ValueError` for arguments
    that are not understood, and `SolverError` for those that make no sense.
    """
    reader = LAYERS[kind]
    call = ast.parse(f"f({arguments})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(arguments)
    named = {str(word.arg): _literal(word.value) for word in call.keywords}
    return reader.read([_literal(item) for item in call.args], named)


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
