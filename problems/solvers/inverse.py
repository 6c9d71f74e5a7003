"""Sizes asked backwards: the kernel, the padding or the stride that gives a size."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import whole
from problems.solvers.geometry import room
from problems.solvers.sizes import conv_size
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "kernel_for",
    "maps_to",
    "padding_for",
    "stride_for",
]


def kernel_for(
    size: int, output_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Return the smallest kernel that takes *size* to *output_size* in one convolution.

    Its extent is ``size + 2*padding - output_size*stride + 1`` or more, and at least 1: the
    smallest solution of the formula of `conv_size`. Where no kernel does it: `SolverError`.

    >>> kernel_for(512, 504)
    9
    """
    reach = whole(size, "size") + 2 * whole(padding, "padding", least=0)
    extent = max(1, reach - whole(output_size, "output_size") * whole(stride, "stride") + 1)
    kernel = -(-(extent - 1) // whole(dilation, "dilation")) + 1
    if not maps_to(size, output_size, kernel, stride=stride, padding=padding, dilation=dilation):
        raise SolverError(f"no kernel takes {size} to {output_size}")
    return kernel


def padding_for(
    size: int, output_size: int, kernel_size: int, *, stride: int = 1, dilation: int = 1
) -> int:
    """Return the smallest padding at each end that takes *size* to *output_size*.

    ``((output_size - 1)*stride + extent - size) / 2`` rounded up, and at least 0, with
    ``extent = dilation*(kernel_size-1) + 1``. Where no padding does it: `SolverError`.

    >>> padding_for(32, 32, 5), padding_for(224, 112, 7, stride=2)
    (2, 3)
    """
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    needed = (whole(output_size, "output_size") - 1) * whole(stride, "stride") + extent
    padding = max(0, -(-(needed - whole(size, "size")) // 2))
    if not maps_to(
        size, output_size, kernel_size, stride=stride, padding=padding, dilation=dilation
    ):
        raise SolverError(f"no padding takes {size} to {output_size}")
    return padding


def stride_for(
    size: int, output_size: int, kernel_size: int, *, padding: int = 0, dilation: int = 1
) -> int:
    """Return the smallest stride that takes *size* to *output_size* in one convolution.

    ``floor(room / output_size) + 1``, the room being that of `conv_size` before it is divided.
    Where no stride does it: `SolverError`.

    >>> stride_for(224, 112, 7, padding=3)
    2
    """
    left = room(size, kernel_size, padding=padding, dilation=dilation)
    stride = left // whole(output_size, "output_size") + 1
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
    """Return whether a convolution takes *size* to *output_size*; for conditions on an answer.

    A kernel that does not fit takes it nowhere.

    >>> maps_to(64, 31, 4, stride=2), maps_to(64, 31, 5, stride=2)
    (True, False)
    """
    wanted = whole(output_size, "output_size")
    extent = whole(dilation, "dilation") * (whole(kernel_size, "kernel_size") - 1) + 1
    if extent > whole(size, "size") + 2 * whole(padding, "padding", least=0):
        return False
    found = conv_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation)
    return found == wanted


def _both_ends(given: SimpleNamespace) -> int:
    """Return the padding of both ends together."""
    return 2 * padding_for(**vars(given))


def _last_step_counted(given: SimpleNamespace) -> Fraction:
    """Return half of what the windows would cover with one step more."""
    extent = given.dilation * (given.kernel_size - 1) + 1
    return Fraction(given.output_size * given.stride + extent - given.size, 2)


def _padded_once(given: SimpleNamespace) -> int:
    """Return the stride if the padding were added at one end only."""
    left = room(given.size + given.padding, given.kernel_size, dilation=given.dilation)
    return left // int(given.output_size) + 1


SOLVERS: Final[tuple[Solver, ...]] = (
    kernel_for,
    padding_for,
    stride_for,
    maps_to,
)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(
        kernel_for,
        {
            "forgot_plus_one": instead(kernel_for, lambda given: kernel_for(**vars(given)) - 1),
            "padding_left_out": told(kernel_for, padding=0),
            "padding_once": instead(
                kernel_for, lambda given: kernel_for(**vars(given)) - given.padding
            ),
            "stride_left_out": told(kernel_for, stride=1),
            "dilation_left_out": told(kernel_for, dilation=1),
        },
    ),
    *twins_of(
        padding_for,
        {
            "padding_of_both_sides": instead(padding_for, _both_ends),
            "forgot_minus_one": instead(padding_for, _last_step_counted),
            "dilation_left_out": told(padding_for, dilation=1),
        },
    ),
    *twins_of(
        stride_for,
        {
            "padding_left_out": told(stride_for, padding=0),
            "padding_once": instead(stride_for, _padded_once),
            "dilation_left_out": told(stride_for, dilation=1),
        },
    ),
)
