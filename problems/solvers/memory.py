"""Memory in bytes of parameters, activations, optimizers and caches.

Source: Rajbhandari et al., ZeRO (2020), section 3.1, for mixed-precision training; Pope
et al., Efficiently Scaling Transformer Inference (2022), for the key-value cache.
"""

import math
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import Shape, as_integer, as_shape, check_cell_count, require_bool
from problems.solvers.units import bytes_of, find_entry, make_bits_version
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

OPTIMIZER_STATES: Final = {
    "sgd": 0,
    "momentum": 1,
    "rmsprop": 1,
    "adagrad": 1,
    "adam": 2,
    "adamw": 2,
}
MAX_SHAPES: Final = 2000


def parameter_bytes(params: int, *, dtype: str = "float32") -> Number:
    """Return the memory of *params* parameters in bytes.

    >>> parameter_bytes(138_357_544)
    553430176
    """
    return simplify_number(Fraction(as_integer(params, "params", least=0) * bytes_of(dtype)))


def activation_bytes(
    shapes: Shape | tuple[Shape, ...],
    *,
    dtype: str = "float32",
    batch_size: int = 1,
    with_gradients: bool = False,
) -> Number:
    """Return the memory in bytes of the activations of a batch.

    *shapes* is one shape or several. The result is
    ``batch_size * sum(prod(shape)) * bytes``, and twice that *with_gradients*, because
    each activation has a gradient of the same size.

    >>> activation_bytes(((64, 224, 224), (64, 112, 112)), batch_size=2)
    32112640
    """
    values = sum(math.prod(shape) for shape in _as_shapes(shapes))
    copies = 2 if require_bool(with_gradients, "with_gradients") else 1
    return parameter_bytes(copies * as_integer(batch_size, "batch_size") * values, dtype=dtype)


def peak_bytes(shapes: tuple[Shape, ...], *, dtype: str = "float32", batch_size: int = 1) -> Number:
    """Return the peak activation memory of a chain of layers at inference, in bytes.

    *shapes* are the input and the output of each layer, in order. A layer needs its
    input and its output at the same time, and everything before its input is freed, so
    the peak is the largest sum of two consecutive shapes. For a network,
    `peak_activation` counts values by the same rule, including those that branches
    hold.

    >>> peak_bytes(((3, 224, 224), (64, 224, 224), (64, 112, 112)))
    16056320
    """
    sizes = [math.prod(shape) for shape in _as_shapes(shapes)]
    if len(sizes) == 1:
        raise SolverError("shapes must name the input and at least one output")
    most = max(one + two for one, two in pairwise(sizes))
    return parameter_bytes(most * as_integer(batch_size, "batch_size"), dtype=dtype)


def training_bytes(
    params: int,
    *,
    optimizer: str = "adam",
    dtype: str = "float32",
    mixed_precision: bool = False,
) -> Number:
    """Return the memory in bytes of parameters, gradients and *optimizer* state.

    The state has one number per parameter for ``momentum``, ``rmsprop`` and
    ``adagrad``, two for ``adam`` and ``adamw``, and none for ``sgd``. In
    *mixed_precision*, parameters and gradients have 16 bits; the state and an
    additional copy of the parameters have 32 bits. *dtype* is then ignored.

    >>> training_bytes(1_500_000_000, mixed_precision=True)
    24000000000
    """
    count, states = (
        as_integer(params, "params", least=0),
        find_entry(OPTIMIZER_STATES, optimizer, "optimizer"),
    )
    if not require_bool(mixed_precision, "mixed_precision"):
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
    """Return the size in bytes of a transformer's key-value cache for *seq_len* tokens.

    The size is
    ``2 * batch_size * num_layers * num_heads * head_dim * seq_len * bytes``.
    *num_heads* counts only the heads with separate keys.

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


def _as_shapes(shapes: object) -> list[Shape]:
    """Return one shape or several as a list of shapes."""
    if isinstance(shapes, np.ndarray):
        check_cell_count(shapes.shape, "shapes", most=MAX_SHAPES)
        return _as_shapes(shapes.tolist())
    if not isinstance(shapes, (tuple, list)) or not any(
        isinstance(shape, (tuple, list)) for shape in shapes
    ):
        return [as_shape(shapes, "shapes")]
    if len(shapes) > MAX_SHAPES:
        raise SolverError(f"there are {len(shapes)} shapes, the limit is {MAX_SHAPES}")
    return [as_shape(shape, "each of the shapes") for shape in shapes]


# What students do instead.


def _largest_map_bytes(args: SolverArguments) -> Number:
    """Return the bytes of the largest activation alone."""
    sizes = [math.prod(shape) for shape in _as_shapes(args.shapes)]
    batch = as_integer(args.batch_size, "batch_size")
    return parameter_bytes(max(sizes) * batch, dtype=args.dtype)


def _bytes_without_gradients(args: SolverArguments) -> Number:
    dtype = "float16" if args.mixed_precision else args.dtype
    return training_bytes(**vars(args)) - parameter_bytes(args.params, dtype=dtype)


def _half_precision_dtype(args: SolverArguments) -> str:
    if not args.mixed_precision:
        raise SolverError("there is one number format")
    return "float16"


def _bytes_without_master_copy(args: SolverArguments) -> Number:
    _half_precision_dtype(args)
    return training_bytes(**vars(args)) - parameter_bytes(args.params)


def _full_precision_dtype(args: SolverArguments) -> str:
    if bytes_of(args.dtype) >= bytes_of("float32"):
        raise SolverError("the numbers have 32 bits or more")
    return "float32"


def _one_moment_optimizer(args: SolverArguments) -> str:
    if OPTIMIZER_STATES[args.optimizer] != 2:  # noqa: PLR2004 - the two moments of Adam
        raise SolverError("the state is not two numbers")
    return "momentum"


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        parameter_bytes,
        {
            "values_for_bytes": replace_arguments(parameter_bytes, dtype="int8"),
            "bits_for_bytes": make_bits_version(parameter_bytes),
            "long_format_counted": replace_arguments(parameter_bytes, dtype=_full_precision_dtype),
        },
    ),
    *build_wrong_versions(
        activation_bytes,
        {
            "values_for_bytes": replace_arguments(activation_bytes, dtype="int8"),
            "bits_for_bytes": make_bits_version(activation_bytes),
            "batch_left_out": replace_arguments(activation_bytes, batch_size=1),
            "gradients_left_out": replace_arguments(activation_bytes, with_gradients=False),
            "layer_left_out": replace_arguments(
                activation_bytes, shapes=lambda g: _as_shapes(g.shapes)[:-1]
            ),
        },
    ),
    *build_wrong_versions(
        peak_bytes,
        {
            "values_for_bytes": replace_arguments(peak_bytes, dtype="int8"),
            "bits_for_bytes": make_bits_version(peak_bytes),
            "batch_left_out": replace_arguments(peak_bytes, batch_size=1),
            "largest_map_only": replace_formula(peak_bytes, _largest_map_bytes),
            "every_map_kept": replace_formula(peak_bytes, lambda g: activation_bytes(**vars(g))),
        },
    ),
    *build_wrong_versions(
        training_bytes,
        {
            "values_for_bytes": replace_arguments(
                training_bytes, dtype="int8", mixed_precision=False
            ),
            "bits_for_bytes": make_bits_version(training_bytes),
            "gradients_left_out": replace_formula(training_bytes, _bytes_without_gradients),
            "optimizer_state_left_out": replace_arguments(training_bytes, optimizer="sgd"),
            "one_moment": replace_arguments(training_bytes, optimizer=_one_moment_optimizer),
            "short_copies_only": replace_arguments(
                training_bytes, dtype=_half_precision_dtype, mixed_precision=False
            ),
            "long_copy_left_out": replace_formula(training_bytes, _bytes_without_master_copy),
        },
    ),
    *build_wrong_versions(
        kv_cache_bytes,
        {
            "values_for_bytes": replace_arguments(kv_cache_bytes, dtype="int8"),
            "bits_for_bytes": make_bits_version(kv_cache_bytes),
            "batch_left_out": replace_arguments(kv_cache_bytes, batch_size=1),
            "keys_only": replace_formula(
                kv_cache_bytes, lambda g: Fraction(kv_cache_bytes(**vars(g))) / 2
            ),
            "queries_counted": replace_formula(
                kv_cache_bytes, lambda g: Fraction(kv_cache_bytes(**vars(g))) * 3 / 2
            ),
            "long_format_counted": replace_arguments(kv_cache_bytes, dtype=_full_precision_dtype),
            "one_layer": replace_arguments(kv_cache_bytes, num_layers=1),
            "one_head": replace_arguments(kv_cache_bytes, num_heads=1),
        },
    ),
)
