"""Bytes of parameters, activations, optimisers and caches.

Source: Rajbhandari et al., ZeRO (2020), section 3.1, for training in mixed precision; Pope et al.,
Efficiently Scaling Transformer Inference (2022), for the cache of keys and values.
"""

import math
from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Final

import numpy as np

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, simplest
from problems.solvers.bounds import Shape, fitting, flag, shape_of, whole
from problems.solvers.twins import instead, told, twins_of
from problems.solvers.units import bytes_of, in_bits, one_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "activation_bytes",
    "kv_cache_bytes",
    "parameter_bytes",
    "peak_bytes",
    "training_bytes",
]

STATES: Final = {"sgd": 0, "momentum": 1, "rmsprop": 1, "adagrad": 1, "adam": 2, "adamw": 2}
MAX_SHAPES: Final = 2000


def parameter_bytes(params: int, *, dtype: str = "float32") -> Number:
    """Return the bytes of so many parameters.

    >>> parameter_bytes(138_357_544)
    553430176
    """
    return simplest(Fraction(whole(params, "params", least=0) * bytes_of(dtype)))


def activation_bytes(
    shapes: Shape | tuple[Shape, ...],
    *,
    dtype: str = "float32",
    batch_size: int = 1,
    with_gradients: bool = False,
) -> Number:
    """Return the bytes of the activations of these *shapes*, one shape or several, for a batch.

    ``batch_size * sum(prod(shape)) * bytes``; twice that *with_gradients*, as each activation has a
    gradient of its own size.

    >>> activation_bytes(((64, 224, 224), (64, 112, 112)), batch_size=2)
    32112640
    """
    values = sum(math.prod(shape) for shape in _shapes(shapes))
    kept = 2 if flag(with_gradients, "with_gradients") else 1
    return parameter_bytes(kept * whole(batch_size, "batch_size") * values, dtype=dtype)


def peak_bytes(shapes: tuple[Shape, ...], *, dtype: str = "float32", batch_size: int = 1) -> Number:
    """Return the most bytes of activations that a chain of layers holds at once without training.

    *shapes* are the input and the output of each layer, in order; a layer needs its input and its
    output together, and what lies before its input is freed: the largest sum of two neighbours. Of
    a network `peak_activation` counts the values by the same rule, whatever its branches hold.

    >>> peak_bytes(((3, 224, 224), (64, 224, 224), (64, 112, 112)))
    16056320
    """
    sizes = [math.prod(shape) for shape in _shapes(shapes)]
    if len(sizes) == 1:
        raise SolverError("shapes must name the input and at least one output")
    most = max(one + two for one, two in pairwise(sizes))
    return parameter_bytes(most * whole(batch_size, "batch_size"), dtype=dtype)


def training_bytes(
    params: int,
    *,
    optimizer: str = "adam",
    dtype: str = "float32",
    mixed_precision: bool = False,
) -> Number:
    """Return the bytes of parameters, gradients and the state of the *optimizer*.

    State of one number for each parameter: ``momentum rmsprop adagrad``; of two: ``adam adamw``; of
    none: ``sgd``. In *mixed_precision* parameters and gradients have 16 bits, and beside the state,
    of 32 bits, there is a copy of the parameters of 32 bits; *dtype* then plays no part.

    >>> training_bytes(1_500_000_000, mixed_precision=True)
    24000000000
    """
    count, states = whole(params, "params", least=0), one_of(STATES, optimizer, "optimizer")
    if not flag(mixed_precision, "mixed_precision"):
        return parameter_bytes((2 + states) * count, dtype=dtype)
    halves = parameter_bytes(2 * count, dtype="float16")
    return halves + parameter_bytes((1 + states) * count, dtype="float32")


def kv_cache_bytes(
    num_layers: int,
    num_heads: int,
    head_dim: int,
    seq_len: int,
    *,
    batch_size: int = 1,
    dtype: str = "float16",
) -> Number:
    """Return the bytes of the keys and values that a transformer keeps of *seq_len* tokens.

    ``2 * batch_size * num_layers * num_heads * head_dim * seq_len * bytes``; *num_heads* counts the
    heads that have keys of their own.

    >>> kv_cache_bytes(32, 32, 128, 2048)
    1073741824
    """
    return activation_bytes(
        (2, num_layers, num_heads, head_dim, seq_len), dtype=dtype, batch_size=batch_size
    )


SOLVERS: Final[tuple[Solver, ...]] = (
    parameter_bytes,
    activation_bytes,
    peak_bytes,
    training_bytes,
    kv_cache_bytes,
)


def _shapes(shapes: object) -> list[Shape]:
    """Return one shape, or several, as a list."""
    if isinstance(shapes, np.ndarray):
        fitting(shapes.shape, "shapes", most=MAX_SHAPES)
        return _shapes(shapes.tolist())
    if not isinstance(shapes, (tuple, list)) or not any(
        isinstance(one, (tuple, list)) for one in shapes
    ):
        return [shape_of(shapes, "shapes")]
    if len(shapes) > MAX_SHAPES:
        raise SolverError(f"there are {len(shapes)} shapes, the limit is {MAX_SHAPES}")
    return [shape_of(one, "each of the shapes") for one in shapes]


# What students do instead.


def _biggest(given: SimpleNamespace) -> Number:
    """Return the bytes of the largest map alone."""
    sizes = [math.prod(shape) for shape in _shapes(given.shapes)]
    batch = whole(given.batch_size, "batch_size")
    return parameter_bytes(max(sizes) * batch, dtype=given.dtype)


def _without_gradients(given: SimpleNamespace) -> Number:
    dtype = "float16" if given.mixed_precision else given.dtype
    return training_bytes(**vars(given)) - parameter_bytes(given.params, dtype=dtype)


def _short_format(given: SimpleNamespace) -> str:
    if not given.mixed_precision:
        raise SolverError("there is one number format")
    return "float16"


def _without_long_copy(given: SimpleNamespace) -> Number:
    _short_format(given)
    return training_bytes(**vars(given)) - parameter_bytes(given.params)


def _full_format(given: SimpleNamespace) -> str:
    if bytes_of(given.dtype) >= bytes_of("float32"):
        raise SolverError("the numbers have 32 bits or more")
    return "float32"


def _one_moment(given: SimpleNamespace) -> str:
    if STATES[given.optimizer] != 2:  # noqa: PLR2004 - the two moments of Adam
        raise SolverError("the state is not two numbers")
    return "momentum"


TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        parameter_bytes,
        {
            "values_for_bytes": told(parameter_bytes, dtype="int8"),
            "bits_for_bytes": in_bits(parameter_bytes),
            "long_format_counted": told(parameter_bytes, dtype=_full_format),
        },
    ),
    *twins_of(
        activation_bytes,
        {
            "values_for_bytes": told(activation_bytes, dtype="int8"),
            "bits_for_bytes": in_bits(activation_bytes),
            "batch_left_out": told(activation_bytes, batch_size=1),
            "gradients_left_out": told(activation_bytes, with_gradients=False),
            "layer_left_out": told(activation_bytes, shapes=lambda g: _shapes(g.shapes)[:-1]),
        },
    ),
    *twins_of(
        peak_bytes,
        {
            "values_for_bytes": told(peak_bytes, dtype="int8"),
            "bits_for_bytes": in_bits(peak_bytes),
            "batch_left_out": told(peak_bytes, batch_size=1),
            "largest_map_only": instead(peak_bytes, _biggest),
            "every_map_kept": instead(peak_bytes, lambda g: activation_bytes(**vars(g))),
        },
    ),
    *twins_of(
        training_bytes,
        {
            "values_for_bytes": told(training_bytes, dtype="int8", mixed_precision=False),
            "bits_for_bytes": in_bits(training_bytes),
            "gradients_left_out": instead(training_bytes, _without_gradients),
            "optimizer_state_left_out": told(training_bytes, optimizer="sgd"),
            "one_moment": told(training_bytes, optimizer=_one_moment),
            "short_copies_only": told(training_bytes, dtype=_short_format, mixed_precision=False),
            "long_copy_left_out": instead(training_bytes, _without_long_copy),
        },
    ),
    *twins_of(
        kv_cache_bytes,
        {
            "values_for_bytes": told(kv_cache_bytes, dtype="int8"),
            "bits_for_bytes": in_bits(kv_cache_bytes),
            "batch_left_out": told(kv_cache_bytes, batch_size=1),
            "keys_only": instead(kv_cache_bytes, lambda g: Fraction(kv_cache_bytes(**vars(g))) / 2),
            "queries_counted": instead(
                kv_cache_bytes, lambda g: Fraction(kv_cache_bytes(**vars(g))) * 3 / 2
            ),
            "long_format_counted": told(kv_cache_bytes, dtype=_full_format),
            "one_layer": told(kv_cache_bytes, num_layers=1),
            "one_head": told(kv_cache_bytes, num_heads=1),
        },
    ),
)
