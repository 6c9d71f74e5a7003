"""Shapes of the weight tensors of convolutions and transposed convolutions.

Source: the PyTorch documentation of ``Conv2d`` and ``ConvTranspose2d``.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import Shape, as_axis_sizes, as_integer
from problems.solvers.geometry import PerAxis
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def conv_weight_shape(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, groups: int = 1
) -> Shape:
    """Return the shape of the weights of a convolution in PyTorch.

    It is (out_channels, in_channels/groups, kh, kw): a filter sees the channels of its
    group. *kernel_size* is ``(k,)`` in one dimension and ``(kd, kh, kw)`` in three.

    >>> conv_weight_shape(32, 64, 3, groups=4)
    (64, 8, 3, 3)
    """
    into, out = _grouped_channels(in_channels, out_channels, groups)
    return (out, into // groups, *as_axis_sizes(kernel_size, "kernel_size"))


def conv_transpose_weight_shape(
    in_channels: int, out_channels: int, kernel_size: PerAxis, *, groups: int = 1
) -> Shape:
    """Return the shape of the weights of a transposed convolution in PyTorch.

    It is (in_channels, out_channels/groups, kh, kw), with the input channels first.

    >>> conv_transpose_weight_shape(32, 64, 2, groups=4)
    (32, 16, 2, 2)
    """
    into, out = _grouped_channels(in_channels, out_channels, groups)
    return (into, out // groups, *as_axis_sizes(kernel_size, "kernel_size"))


def _grouped_channels(in_channels: int, out_channels: int, groups: int) -> tuple[int, int]:
    """Return both numbers of channels; raise `SolverError` unless *groups* divides them."""
    into, out = as_integer(in_channels, "in_channels"), as_integer(out_channels, "out_channels")
    if as_integer(groups, "groups") < 1:
        raise SolverError(f"groups must be at least 1, not {groups}")
    if into % groups or out % groups:
        raise SolverError(f"{groups} groups do not divide {into} and {out} channels")
    return into, out


SOLVERS: Final[tuple[Solver, ...]] = (conv_weight_shape, conv_transpose_weight_shape)

# What students do instead.


WeightShapeSolver: TypeAlias = Callable[..., Shape]


def _divide_other_channels(args: SolverArguments, solver: WeightShapeSolver) -> Shape:
    """Return the shape with the first channels divided by the groups, not the second."""
    solver(**vars(args))  # refuses arguments that fit no layer
    first, second, *kernel = solver(**{**vars(args), "groups": 1})
    return (first // args.groups, second, *kernel)


def _shape_of_one_group(args: SolverArguments, solver: WeightShapeSolver) -> Shape:
    """Return the weights of one group alone; raise `SolverError` if there are no groups."""
    if args.groups == 1:
        raise SolverError("the layer has one group")
    first, second, *kernel = solver(**vars(args))
    return (first // args.groups, second, *kernel)


def _put_kernel_first(args: SolverArguments, solver: WeightShapeSolver) -> Shape:
    """Return the shape as Keras has it: the kernel, then the channels in opposite order."""
    first, second, *kernel = solver(**vars(args))
    return (*kernel, second, first)


def _leave_second_axis_out(args: SolverArguments, solver: WeightShapeSolver) -> Shape:
    first, _, *kernel = solver(**vars(args))
    return (first, *kernel)


def _weight_shape_wrong_versions(
    solver: WeightShapeSolver, other: WeightShapeSolver
) -> tuple[WrongVersion, ...]:
    """Return the wrong versions of *solver*; *other* is that of the opposite kind of layer."""
    return build_wrong_versions(
        solver,
        {
            "groups_left_out": replace_arguments(solver, groups=1),
            "weight_axes_exchanged": replace_formula(solver, lambda args: other(**vars(args))),
            "other_channels_grouped": replace_formula(
                solver, lambda args: _divide_other_channels(args, solver)
            ),
            "one_group_alone": replace_formula(
                solver, lambda args: _shape_of_one_group(args, solver)
            ),
            "kernel_axes_first": replace_formula(
                solver, lambda args: _put_kernel_first(args, solver)
            ),
            "input_channels_left_out": replace_formula(
                solver, lambda args: _leave_second_axis_out(args, solver)
            ),
        },
    )


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *_weight_shape_wrong_versions(conv_weight_shape, conv_transpose_weight_shape),
    *_weight_shape_wrong_versions(conv_transpose_weight_shape, conv_weight_shape),
)
