"""Rare wrong versions of convolutions: strides, far edges, channels and filters."""

from collections.abc import Callable, Mapping
from typing import Final, cast

import numpy as np

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Array
from problems.solvers.bounds import as_array
from problems.solvers.convolution import conv1d, conv2d, conv3d
from problems.solvers.windows import as_sizes, compute_borders
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

RANKS: Final = (1, 2, 3, 4, 5)
CONV_AXES: Final[Mapping[Solver, int]] = {conv1d: 1, conv2d: 2, conv3d: 3}
MIDDLE_CHANNELS: Final = 3
"""Number of channels of which one lies between two others."""


def as_array_of_any_rank(value: object, what: str) -> Array:
    """Return *value* as an array of any rank.

    >>> as_array_of_any_rank([[1, 2]], "x").shape
    (1, 2)
    """
    return as_array(value, what, ranks=RANKS)


def transform_result(solver: Solver, transform: Callable[[Array], Array]) -> Solver:
    """Return a wrong version of *solver* with *transform* applied to its result."""
    return replace_formula(solver, lambda args: transform(np.asarray(solver(**vars(args)))))


def crop_result_at_stride_one(args: SolverArguments, solver: Solver, axes: int) -> Array:
    """Return the first cells of the result at stride 1, as many as there are windows."""
    right = np.asarray(solver(**vars(args)))
    cropped = np.asarray(solver(**{**vars(args), "stride": 1}))
    for axis in range(-axes, 0):
        cropped = cropped.take(range(right.shape[axis]), axis=axis)
    return cast("Array", cropped)


def _exchange_stride_and_dilation(args: SolverArguments) -> dict[str, object]:
    if args.stride == args.dilation:
        raise SolverError("the stride is the dilation")
    return {**vars(args), "stride": args.dilation, "dilation": args.stride}


def _convolve_with_completed_last_window(
    args: SolverArguments, solver: Solver, axes: int
) -> object:
    """Return the result if zeros complete a last window that reaches over the far edge."""
    cells, kernel = as_array_of_any_rank(args.x, "x"), as_array_of_any_rank(args.w, "w")
    sizes, kernel_sizes = cells.shape[-axes:], kernel.shape[-axes:]
    stride = as_sizes(args.stride, "stride", axes)
    dilation = as_sizes(args.dilation, "dilation", axes)
    borders = compute_borders(args.padding, sizes, kernel_sizes, stride=stride, dilation=dilation)
    missing = [
        -(size + sum(ends) - spread * (k - 1) - 1) % step
        for size, k, step, spread, ends in zip(
            sizes, kernel_sizes, stride, dilation, borders, strict=True
        )
    ]
    if not any(missing):
        raise SolverError("no cell is left over at the far edge")
    ends = [
        (before, after + extra) for (before, after), extra in zip(borders, missing, strict=True)
    ]
    padding = tuple(number for pair in reversed(ends) for number in pair)
    return solver(**{**vars(args), "padding": padding})


# Channels and filters.


def _convolve_selected_channels(
    args: SolverArguments, solver: Solver, axes: int, channels: Callable[[int], list[int]]
) -> object:
    """Return the result if the filters see only some channels."""
    cells, kernel = as_array_of_any_rank(args.x, "x"), as_array_of_any_rank(args.w, "w")
    if cells.ndim == axes or args.groups != 1 or len(cells) == 1:
        raise SolverError("there are no channels to choose from")
    selected = channels(len(cells))
    if kernel.ndim > axes:
        kernel = kernel.take(selected, axis=kernel.ndim - axes - 1)
    return solver(**{**vars(args), "x": cells[selected], "w": kernel})


def _middle_channel_index(count: int) -> list[int]:
    if count != MIDDLE_CHANNELS:
        raise SolverError("no channel lies between two others")
    return [1]


CHANNEL_CHOICES: Final[Mapping[str, Callable[[int], list[int]]]] = {
    "last_channel_only": lambda count: [count - 1],
    "middle_channel_only": _middle_channel_index,
    "first_channel_left_out": lambda count: list(range(1, count)),
    "last_channel_left_out": lambda count: list(range(count - 1)),
    "middle_channel_left_out": lambda count: [0, _middle_channel_index(count)[0] + 1],
}


def _permute_filters(args: SolverArguments, axes: int, order: Callable[[int], list[int]]) -> Array:
    kernel = as_array_of_any_rank(args.w, "w")
    if kernel.ndim != axes + 2 or len(kernel) == 1:
        raise SolverError("there is one filter")
    return kernel[order(len(kernel))]


def _conv_wrong_versions(solver: Solver, axes: int) -> Mapping[str, Solver]:
    """Return the wrong versions of a convolution over *axes* axes."""

    def select(channels: Callable[[int], list[int]]) -> Solver:
        return replace_formula(
            solver, lambda args: _convolve_selected_channels(args, solver, axes, channels)
        )

    return {
        "strided_result_cropped": replace_formula(
            solver, lambda args: crop_result_at_stride_one(args, solver, axes)
        ),
        "window_over_the_edge": replace_formula(
            solver, lambda args: _convolve_with_completed_last_window(args, solver, axes)
        ),
        "stride_for_dilation": replace_formula(
            solver, lambda args: solver(**_exchange_stride_and_dilation(args))
        ),
        "absolute_values_taken": transform_result(solver, np.abs),
        "relu_applied": transform_result(solver, lambda maps: np.maximum(maps, 0)),
        "result_negated": transform_result(solver, np.negative),
        **{mistake: select(channels) for mistake, channels in CHANNEL_CHOICES.items()},
        "one_filter_for_all": replace_arguments(
            solver, w=lambda args: _permute_filters(args, axes, lambda count: [0] * count)
        ),
        "filters_exchanged": replace_formula(
            solver,
            lambda args: np.flip(
                np.asarray(
                    solver(**{**vars(args), "w": _permute_filters(args, axes, _list_all_channels)})
                ),
                0,
            ),
        ),
    }


def _list_all_channels(count: int) -> list[int]:
    return list(range(count))


WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = tuple(
    version
    for solver, axes in CONV_AXES.items()
    for version in build_wrong_versions(solver, _conv_wrong_versions(solver, axes))
)
