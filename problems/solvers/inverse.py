"""Sizes asked backwards: the kernel that gives a size, the layers that it takes to reach one."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.solvers.bounds import whole
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "MAX_LAYERS",
    "SOLVERS",
    "TWINS",
    "kernel_for",
    "layers_to_reach",
    "transposed_layers_to_reach",
]

MAX_LAYERS: Final = 10_000


def kernel_for(size: int, output_size: int, *, stride: int = 1, padding: int = 0) -> int:
    """Return the smallest kernel that takes *size* to *output_size* in one convolution.

    ``size + 2*padding - output_size*stride + 1``, and at least 1: the smallest solution of the
    formula of `conv_size`. Where no kernel does it: `SolverError`.

    >>> kernel_for(512, 504)
    9
    """
    reach = whole(size, "size") + 2 * whole(padding, "padding", least=0)
    kernel = max(1, reach - whole(output_size, "output_size") * whole(stride, "stride") + 1)
    if conv_size(size, kernel, stride=stride, padding=padding) != output_size:
        raise SolverError(f"no kernel takes {size} to {output_size}")
    return kernel


def layers_to_reach(
    size: int, target: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> int:
    """Return how many equal convolutions take *size* to exactly *target*.

    `conv_size` is applied again and again; sizes that pass by the target are a `SolverError`.

    >>> layers_to_reach(224, 8, 7)
    36
    """

    def step(current: int) -> int:
        return conv_size(current, kernel_size, stride=stride, padding=padding)

    return _count(whole(size, "size"), whole(target, "target"), step)


def transposed_layers_to_reach(
    size: int, target: int, kernel_size: int, *, stride: int = 1, padding: int = 0
) -> int:
    """Return how many equal transposed convolutions take *size* to exactly *target*.

    `transposed_size` is applied again and again; sizes that pass by the target are a `SolverError`.

    >>> transposed_layers_to_reach(16, 224, 9)
    26
    """

    def step(current: int) -> int:
        return transposed_size(current, kernel_size, stride=stride, padding=padding)

    return _count(whole(size, "size"), whole(target, "target"), step)


def _count(size: int, target: int, step: Callable[[int], int]) -> int:
    """Return how often *step* must be applied to come from *size* to *target*.

    Sizes only grow or only shrink, so that one step away from the target settles it.
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


def _distance_over_kernel(given: SimpleNamespace) -> int:
    """Return the layers if each changed the size by the whole kernel, not by kernel - 1."""
    if given.stride != 1 or given.padding != 0:
        raise SolverError("the size does not change by a constant")
    return ceil(Fraction(abs(given.size - given.target), given.kernel_size))


def _one_more(solver: Solver) -> Solver:
    """Return the number of sizes in the sequence, which is one more than that of the layers."""
    return instead(solver, lambda given: _plus_one(solver(**vars(given))))


def _plus_one(layers: object) -> int:
    return whole(layers, "layers", least=0) + 1


SOLVERS: Final[tuple[Solver, ...]] = (kernel_for, layers_to_reach, transposed_layers_to_reach)

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
        },
    ),
    *twins_of(
        layers_to_reach,
        {
            "forgot_plus_one": instead(layers_to_reach, _distance_over_kernel),
            "padding_left_out": told(layers_to_reach, padding=0),
            "stride_left_out": told(layers_to_reach, stride=1),
            "sizes_counted": _one_more(layers_to_reach),
        },
    ),
    *twins_of(
        transposed_layers_to_reach,
        {
            "forgot_minus_one": instead(transposed_layers_to_reach, _distance_over_kernel),
            "padding_left_out": told(transposed_layers_to_reach, padding=0),
            "stride_left_out": told(transposed_layers_to_reach, stride=1),
            "sizes_counted": _one_more(transposed_layers_to_reach),
        },
    ),
)
