"""Parser for a single layer, from the line that PyTorch prints for it.

The arguments that matter determine the shape and the parameters: they are the
parameters of the function that makes the layer. Every other argument is ignored unless
its value contains an integer and so could be a size. Arguments added by later PyTorch
versions therefore need no change here.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import signature
from typing import Any, Final

from grader.errors import SolverError
from grader.values import to_exact_number
from problems.network.constructors import all_constructors
from problems.network.graphs import CountOnly
from problems.network.layers import BatchNorm, Conv, GroupNorm, Layer, LayerNorm
from problems.solvers.bounds import as_pair, require_bool
from problems.solvers.sizes import same_padding


@dataclass(frozen=True, slots=True)
class _LayerReader:
    """Reader for one layer type: its constructor and the meaning of its printed arguments.

    *positional* names the arguments that PyTorch prints without a name. *required_values* maps an
    argument to the single value that is supported.
    """

    make: Callable[..., Layer]
    positional: tuple[str, ...] = ()
    required_values: Mapping[str, object] = field(default_factory=dict)

    def read(self, call: ast.Call) -> Layer:
        """Return the layer; raise `ValueError` or `TypeError` for invalid arguments.

        Raises `SolverError` for an argument that is not supported.
        """
        positional = [_parse_literal(item) for item in call.args]
        values = dict(zip(self.positional, positional, strict=True))
        parameters = signature(self.make).parameters
        for word in call.keywords:
            name = str(word.arg)
            if name in parameters:
                values[name] = _parse_literal(word.value)
            elif not self._is_ignorable(name, word.value):
                raise SolverError(f"its argument {name} is not understood")
        return self.make(**values)

    def _is_ignorable(self, name: str, value: ast.expr) -> bool:
        if name in self.required_values:
            return _parse_literal(value) == self.required_values[name]
        return name in IGNORED_INTEGER_ARGUMENTS or not _contains_integer(value)


def _contains_integer(value: ast.expr) -> bool:
    """Return whether *value* contains an integer, which could change a shape or a count."""
    constants = (node.value for node in ast.walk(value) if isinstance(node, ast.Constant))
    return any(type(constant) is int for constant in constants)


def _make_conv(  # noqa: PLR0913  (PyTorch prints so many)
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
    """Return the convolution, with ``same`` or ``valid`` padding resolved to numbers."""
    if padding == "valid":
        padding = 0
    if padding == "same":
        if as_pair(stride, "stride") != (1, 1):
            raise ValueError("padding")
        sides = zip(as_pair(kernel_size, "kernel_size"), as_pair(dilation, "dilation"), strict=True)
        padding = tuple(same_padding(kernel, dilation=spread) for kernel, spread in sides)
    layer = all_constructors.conv(
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


def _make_batch_norm(
    num_features: Any,
    *,
    affine: Any = True,
    bias: Any = True,
    track_running_stats: Any = True,
) -> BatchNorm:
    return replace(
        all_constructors.batch_norm(num_features),
        affine=require_bool(affine, "affine"),
        bias=require_bool(bias, "bias"),
        track_running_stats=require_bool(track_running_stats, "track_running_stats"),
    )


def _make_group_norm(
    num_groups: Any, num_channels: Any, *, affine: Any = True, bias: Any = True
) -> GroupNorm:
    layer = all_constructors.group_norm(num_groups, num_channels)
    return replace(layer, affine=require_bool(affine, "affine"), bias=require_bool(bias, "bias"))


def _make_layer_norm(
    normalized_shape: Any, *, elementwise_affine: Any = True, bias: Any = True
) -> LayerNorm:
    layer = all_constructors.layer_norm(normalized_shape, bias=bias)
    return replace(layer, affine=require_bool(elementwise_affine, "elementwise_affine"))


def _make_channel_norm(normalized_shape: Any, *, elementwise_affine: Any = True) -> CountOnly:
    """Return torchvision's `LayerNorm2d`, for which only parameters can be counted."""
    layer = _make_layer_norm(normalized_shape, elementwise_affine=elementwise_affine)
    return CountOnly(
        (all_constructors.network(layer),), reason="a LayerNorm2d turns the axes round"
    )


def _make_permute() -> CountOnly:
    return CountOnly((), reason="a Permute turns the axes round, and does not print how")


IGNORED_INTEGER_ARGUMENTS: Final = frozenset({"dim", "eps", "momentum"})
"""Arguments that may be integers but are not sizes."""
CHANNEL_ARGUMENTS: Final = ("in_channels", "out_channels")
BATCH_NORM_READER: Final = _LayerReader(_make_batch_norm, ("num_features",))
LINEAR_READER: Final = _LayerReader(all_constructors.linear)

LAYER_READERS: Final[Mapping[str, _LayerReader]] = {
    "AdaptiveAvgPool2d": _LayerReader(all_constructors.adaptive_avg_pool),
    "AvgPool2d": _LayerReader(all_constructors.avg_pool),
    "BatchNorm1d": BATCH_NORM_READER,
    "BatchNorm2d": BATCH_NORM_READER,
    "Conv2d": _LayerReader(_make_conv, CHANNEL_ARGUMENTS),
    "ConvTranspose2d": _LayerReader(all_constructors.conv_transpose, CHANNEL_ARGUMENTS),
    "Dropout": _LayerReader(all_constructors.dropout),
    "Dropout2d": _LayerReader(all_constructors.dropout),
    "Flatten": _LayerReader(
        all_constructors.flatten, required_values={"start_dim": 1, "end_dim": -1}
    ),
    "GELU": _LayerReader(all_constructors.gelu),
    "GroupNorm": _LayerReader(_make_group_norm, ("num_groups", "num_channels")),
    "Hardsigmoid": _LayerReader(all_constructors.hardsigmoid),
    "Hardswish": _LayerReader(all_constructors.hardswish),
    "Identity": _LayerReader(all_constructors.identity),
    "LayerNorm": _LayerReader(_make_layer_norm, ("normalized_shape",)),
    "LayerNorm2d": _LayerReader(_make_channel_norm, ("normalized_shape",)),
    "LeakyReLU": _LayerReader(all_constructors.leaky_relu),
    "Linear": LINEAR_READER,
    "MaxPool2d": _LayerReader(all_constructors.max_pool, required_values={"dilation": 1}),
    "NonDynamicallyQuantizableLinear": LINEAR_READER,
    "Permute": _LayerReader(_make_permute),
    "PixelShuffle": _LayerReader(all_constructors.pixel_shuffle),
    "ReLU": _LayerReader(all_constructors.relu),
    "ReLU6": _LayerReader(all_constructors.relu6),
    "SiLU": _LayerReader(all_constructors.silu),
    "Sigmoid": _LayerReader(all_constructors.sigmoid),
    "Softmax": _LayerReader(all_constructors.softmax),
    "StochasticDepth": _LayerReader(all_constructors.dropout),
    "Tanh": _LayerReader(all_constructors.tanh),
    "Upsample": _LayerReader(all_constructors.upsample),
    "ZeroPad2d": _LayerReader(all_constructors.zero_pad, ("padding",)),
}


def read_layer(kind: str, arguments: str) -> Layer:
    """Return the layer of type *kind* with the printed *arguments*.

    Raises `KeyError` for an unknown kind; `SyntaxError`, `TypeError` or `ValueError`
    for arguments that cannot be parsed; and `SolverError` for unsupported or invalid
    arguments.
    """
    reader = LAYER_READERS[kind]
    call = ast.parse(f"f({arguments})", mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(arguments)
    return reader.read(call)


def _parse_literal(node: ast.expr) -> object:
    """Return the value of a literal: decimals as exact fractions, a bare word as text."""
    match node:
        case ast.Name(name):
            return name
        case ast.Tuple(items):
            return tuple(_parse_literal(item) for item in items)
        case _:
            value: object = ast.literal_eval(node)
            return to_exact_number(value) if isinstance(value, float) else value
