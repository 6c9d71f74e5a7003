"""How many equal layers it takes to reach a size, or a receptive field."""

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from problems.network.fields import Field, Growth, Window, grown
from problems.solvers.bounds import whole
from problems.solvers.receptive_field import GROWTHS
from problems.solvers.sizes import conv_size
from problems.solvers.transposed import transposed_size
from problems.solvers.twins import instead, told, twins_of

__all__ = [
    "SOLVERS",
    "TWINS",
    "layers_for_field",
    "layers_to_reach",
    "transposed_layers_to_reach",
]

MAX_LAYERS: Final = 10_000
MAX_FIELD_LAYERS: Final = 1000


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


def layers_for_field(
    target: int, kernel_size: int, *, stride: int = 1, dilation: int = 1, dilation_growth: int = 1
) -> int:
    """Return how many equal layers it takes at least for a receptive field of *target* cells.

    With *dilation_growth* each layer has the dilation of the one before times that factor, as in
    WaveNet. Layers that do not enlarge the field, or more than 1,000, are a `SolverError`.

    >>> layers_for_field(224, 3), layers_for_field(224, 3, dilation_growth=2)
    (112, 7)
    """
    return _steps_to(
        whole(target, "target"),
        Window(
            whole(kernel_size, "kernel_size"),
            whole(stride, "stride"),
            whole(dilation, "dilation"),
        ),
        whole(dilation_growth, "dilation_growth"),
        grown,
    )


def _steps_to(target: int, window: Window, dilation_growth: int, grow: Growth) -> int:
    """Return how many windows it takes, the dilation growing from each to the next."""
    field = Field()
    for count in range(MAX_FIELD_LAYERS + 1):
        if field.size >= target:
            return count
        field = grow(field, window)
        window = window._replace(dilation=window.dilation * dilation_growth)
    raise SolverError(f"{MAX_FIELD_LAYERS} such layers do not see {target} cells")


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


def _kernels_side_by_side(given: SimpleNamespace) -> int:
    """Return the layers if each enlarged the field by its whole kernel."""
    if (given.stride, given.dilation, given.dilation_growth) != (1, 1, 1):
        raise SolverError("the layers do not all enlarge the field alike")
    return -(-int(given.target) // int(given.kernel_size))


def _by_field(grow: Growth) -> Solver:
    """Return `layers_for_field` with a field that grows wrongly."""
    return instead(
        layers_for_field,
        lambda given: _steps_to(
            given.target,
            Window(given.kernel_size, given.stride, given.dilation),
            given.dilation_growth,
            grow,
        ),
    )


WRONG_FIELDS: Final = ("strides_ignored", "dilation_left_out")

SOLVERS: Final[tuple[Solver, ...]] = (
    layers_to_reach,
    transposed_layers_to_reach,
    layers_for_field,
)

TWINS: Final[tuple[Twin, ...]] = (
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
    *twins_of(
        layers_for_field,
        {
            **{mistake: _by_field(GROWTHS[mistake]) for mistake in WRONG_FIELDS},
            "forgot_minus_one": instead(layers_for_field, _kernels_side_by_side),
            "sizes_counted": _one_more(layers_for_field),
        },
    ),
)
