"""Inverse size formulas: the kernel, padding or stride that produces a size."""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from problems.solvers.bounds import as_integer
from problems.solvers.geometry import kernel_travel
from problems.solvers.sizes import conv_size
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula


def kernel_for(
    size: int, output_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return the smallest kernel that maps *size* to *output_size* in one convolution.

    Its extent is at least ``size + 2*padding - output_size*stride + 1``, and at least
    1: the smallest solution of the formula of `conv_size`. Raise `SolverError` if there
    is no such kernel.

    >>> kernel_for(512, 504)
    9
    """
    reach = as_integer(size, "size") + 2 * as_integer(padding, "padding", least=0)
    extent = max(
        1, reach - as_integer(output_size, "output_size") * as_integer(stride, "stride") + 1
    )
    kernel = -(-(extent - 1) // as_integer(dilation, "dilation")) + 1
    if not maps_to(size, output_size, kernel, stride=stride, padding=padding, dilation=dilation):
        raise SolverError(f"no kernel takes {size} to {output_size}")
    return kernel


def padding_for(
    size: int, output_size: int, kernel_size: int, *, stride: int = 1, dilation: int = 1
) -> int:
    """Return the smallest padding at each end that maps *size* to *output_size*.

    ``((output_size - 1)*stride + extent - size) / 2``, rounded up and at least 0, with
    ``extent = dilation*(kernel_size-1) + 1``. Raise `SolverError` if there is no such
    padding.

    >>> padding_for(32, 32, 5), padding_for(224, 112, 7, stride=2)
    (2, 3)
    """
    extent = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1) + 1
    needed = (as_integer(output_size, "output_size") - 1) * as_integer(stride, "stride") + extent
    padding = max(0, -(-(needed - as_integer(size, "size")) // 2))
    if not maps_to(
        size, output_size, kernel_size, stride=stride, padding=padding, dilation=dilation
    ):
        raise SolverError(f"no padding takes {size} to {output_size}")
    return padding


def stride_for(
    size: int, output_size: int, kernel_size: int, *, padding: int = 0, dilation: int = 1
) -> int:
    """Return the smallest stride that maps *size* to *output_size* in one convolution.

    ``floor(travel / output_size) + 1``, where the travel is that of `kernel_travel`,
    which `conv_size` divides by the stride. Raise `SolverError` if there is no such
    stride.

    >>> stride_for(224, 112, 7, padding=3)
    2
    """
    left = kernel_travel(size, kernel_size, padding=padding, dilation=dilation)
    stride = left // as_integer(output_size, "output_size") + 1
    if not maps_to(
        size, output_size, kernel_size, stride=stride, padding=padding, dilation=dilation
    ):
        raise SolverError(f"no stride takes {size} to {output_size}")
    return stride


def maps_to(
    size: int,
    output_size: int,
    kernel_size: int,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> bool:
    """Return whether a convolution maps *size* to *output_size*.

    False if the kernel does not fit. Conditions on an answer use it.

    >>> maps_to(64, 31, 4, stride=2), maps_to(64, 31, 5, stride=2)
    (True, False)
    """
    wanted = as_integer(output_size, "output_size")
    extent = as_integer(dilation, "dilation") * (as_integer(kernel_size, "kernel_size") - 1) + 1
    if extent > as_integer(size, "size") + 2 * as_integer(padding, "padding", least=0):
        return False
    result = conv_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return result == wanted


def _padding_of_both_sides(args: SolverArguments) -> int:
    """Return the total padding of both ends."""
    return 2 * padding_for(**vars(args))


def _padding_with_extra_step(args: SolverArguments) -> Fraction:
    """Return the padding with ``output_size`` steps instead of one less, not rounded."""
    extent = args.dilation * (args.kernel_size - 1) + 1
    return Fraction(args.output_size * args.stride + extent - args.size, 2)


def _stride_with_one_padding(args: SolverArguments) -> int:
    """Return the stride as if the padding were added at one end only."""
    left = kernel_travel(args.size + args.padding, args.kernel_size, dilation=args.dilation)
    return left // int(args.output_size) + 1


SOLVERS: Final[tuple[Solver, ...]] = (
    kernel_for,
    padding_for,
    stride_for,
    maps_to,
)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(
        kernel_for,
        {
            "forgot_plus_one": replace_formula(
                kernel_for, lambda args: kernel_for(**vars(args)) - 1
            ),
            "padding_left_out": replace_arguments(kernel_for, padding=0),
            "padding_once": replace_formula(
                kernel_for, lambda args: kernel_for(**vars(args)) - args.padding
            ),
            "stride_left_out": replace_arguments(kernel_for, stride=1),
            "dilation_left_out": replace_arguments(kernel_for, dilation=1),
        },
    ),
    *build_wrong_versions(
        padding_for,
        {
            "padding_of_both_sides": replace_formula(padding_for, _padding_of_both_sides),
            "forgot_minus_one": replace_formula(padding_for, _padding_with_extra_step),
            "dilation_left_out": replace_arguments(padding_for, dilation=1),
        },
    ),
    *build_wrong_versions(
        stride_for,
        {
            "padding_left_out": replace_arguments(stride_for, padding=0),
            "padding_once": replace_formula(stride_for, _stride_with_one_padding),
            "dilation_left_out": replace_arguments(stride_for, dilation=1),
        },
    ),
)
