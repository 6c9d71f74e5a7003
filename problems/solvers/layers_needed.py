"""Number of identical layers needed to reach a size or a receptive field."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.network.receptive_fields import AxisWindow, GrowthRule, ReceptiveField, grow_field
from problems.solvers.bounds import as_integer
from problems.solvers.receptive_field import WRONG_GROWTHS
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_LAYERS: Final = 10_000
MAX_FIELD_LAYERS: Final = 1000


def layers_to_reach(
    size: int, target: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> int:
    """Return how many identical convolutions map *size* to exactly *target*.

    `conv_size` is applied repeatedly. Raise `SolverError` if the sizes skip the target.

    >>> layers_to_reach(224, 8, 7)
    36
    """

    def step(current: int) -> int:
        return conv_size(current, kernel_size, stride=stride, padding=padding)

    return _count_steps(as_integer(size, "size"), as_integer(target, "target"), step)


def transposed_layers_to_reach(
    size: int, target: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> int:
    """Return how many identical transposed convolutions map *size* to exactly *target*.

    `transposed_size` is applied repeatedly. Raise `SolverError` if the sizes skip the
    target.

    >>> transposed_layers_to_reach(16, 224, 9)
    26
    """

    def step(current: int) -> int:
        return transposed_size(current, kernel_size, stride=stride, padding=padding)

    return _count_steps(as_integer(size, "size"), as_integer(target, "target"), step)


def layers_for_field(
    target: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, dilation_growth: int = 1
) -> int:
    """Return the fewest identical layers with a receptive field of *target* cells.

    With *dilation_growth*, each layer's dilation is that of the layer before times this
    factor, as in WaveNet. Raise `SolverError` if the layers do not enlarge the field,
    or if it takes more than 1,000 of them.

    >>> layers_for_field(224, 3), layers_for_field(224, 3, dilation_growth=2)
    (112, 7)
    """
    return _count_layers_to_field(
        as_integer(target, "target"),
        AxisWindow(
            as_integer(kernel_size, "kernel_size"),
            as_integer(stride, "stride"),
            as_integer(dilation, "dilation"),
        ),
        as_integer(dilation_growth, "dilation_growth"),
        grow_field,
    )


def _count_layers_to_field(
    target: int, window: AxisWindow, dilation_growth: int, grow: GrowthRule
) -> int:
    """Return how many windows reach *target*, with the dilation growing at each layer."""
    field = ReceptiveField()
    for count in range(MAX_FIELD_LAYERS + 1):
        if field.size >= target:
            return count
        field = grow(field, window)
        window = window._replace(dilation=window.dilation * dilation_growth)
    raise SolverError(f"{MAX_FIELD_LAYERS} such layers do not see {target} cells")


def _count_steps(size: int, target: int, step: Callable[[int], int]) -> int:
    """Return how many times *step* must be applied to get from *size* to *target*.

    Sizes only grow or only shrink, so a single step away from the target means that it
    is never reached.
    """
    start, grows = size, target > size
    for layers in range(MAX_LAYERS):
        if size == target:
            return layers
        following = step(size)
        if following == size or (following > size) != grows or (size > target) == grows:
            break
        size = following
    raise SolverError(f"such layers do not take {start} to exactly {target}")


def _layers_by_whole_kernel(args: SolverArguments) -> int:
    """Return the layers as if each changed the size by the kernel size, not by one less."""
    if args.stride != 1 or args.padding != 0:
        raise SolverError("the size does not change by a constant")
    return ceil(Fraction(abs(args.size - args.target), args.kernel_size))


def _make_size_count_version(solver: Solver) -> Solver:
    """Return a wrong version of *solver* that counts sizes, one more than the layers."""
    return replace_formula(solver, lambda args: _add_one(solver(**vars(args))))


def _add_one(layers: object) -> int:
    return as_integer(layers, "layers", least=0) + 1


def _layers_of_adjacent_kernels(args: SolverArguments) -> int:
    """Return the layers as if each enlarged the field by its whole kernel."""
    if (args.stride, args.dilation, args.dilation_growth) != (1, 1, 1):
        raise SolverError("the layers do not all enlarge the field alike")
    return -(-int(args.target) // int(args.kernel_size))


def _replace_growth_rule(grow: GrowthRule) -> Solver:
    """Return a wrong version of `layers_for_field` whose field grows by *grow*."""
    return replace_formula(
        layers_for_field,
        lambda args: _count_layers_to_field(
            args.target,
            AxisWindow(args.kernel_size, args.stride, args.dilation),
            args.dilation_growth,
            grow,
        ),
    )


WRONG_FIELDS: Final = ("strides_ignored", "dilation_left_out")

SOLVERS: Final[tuple[Solver, ...]] = (
    layers_to_reach,
    transposed_layers_to_reach,
    layers_for_field,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        layers_to_reach,
        {
            "forgot_plus_one": replace_formula(layers_to_reach, _layers_by_whole_kernel),
            "padding_left_out": replace_arguments(layers_to_reach, padding=0),
            "stride_left_out": replace_arguments(layers_to_reach, stride=1),
            "sizes_counted": _make_size_count_version(layers_to_reach),
        },
    ),
    *build_wrong_versions(
        transposed_layers_to_reach,
        {
            "forgot_minus_one": replace_formula(
                transposed_layers_to_reach, _layers_by_whole_kernel
            ),
            "padding_left_out": replace_arguments(transposed_layers_to_reach, padding=0),
            "stride_left_out": replace_arguments(transposed_layers_to_reach, stride=1),
            "sizes_counted": _make_size_count_version(transposed_layers_to_reach),
        },
    ),
    *build_wrong_versions(
        layers_for_field,
        {
            **{mistake: _replace_growth_rule(WRONG_GROWTHS[mistake]) for mistake in WRONG_FIELDS},
            "forgot_minus_one": replace_formula(layers_for_field, _layers_of_adjacent_kernels),
            "sizes_counted": _make_size_count_version(layers_for_field),
        },
    ),
)
