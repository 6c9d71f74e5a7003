"""Sizes along several axes: one formula per axis, or one for all if they are equal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from grader.display.steps import Formula, SolutionStep, build_formula
from problems.traces.sizes import output_size_formula, trace_pooled_size, transposed_size_formula

AxisTracer: TypeAlias = Callable[..., Iterable[SolutionStep]]
"""Yields the steps of one axis from its size, geometry, letter and marked letters."""

GEOMETRY_LETTERS: Final = {
    "kernel_size": "K",
    "stride": "S",
    "padding": "P",
    "output_padding": "A",
    "dilation": "D",
}


def trace_axes(
    axis: AxisTracer, sizes: Mapping[str, int], geometries: Mapping[str, Sequence[object]]
) -> Iterator[SolutionStep]:
    """Yield the steps of each axis, from *sizes* by letter and *geometries* by argument.

    A letter whose value differs between axes gets the axis as an index.

    >>> geometries = {"kernel_size": (3, 3)}
    >>> [step.value for step in trace_axes(trace_conv_axis, {"H": 8, "W": 8}, geometries)]
    [6, 6]
    """
    marked = "".join(
        GEOMETRY_LETTERS[name] for name, values in geometries.items() if len(set(values)) > 1
    )
    first = next(iter(sizes))
    known: dict[str, Any] = {}
    for index, (letter, size) in enumerate(sizes.items()):
        if index and not marked and size == sizes[first]:
            yield build_formula(f"{letter}_out", f"{first}_out", **known)
            continue
        geometry = {name: values[index] for name, values in geometries.items()}
        for step in axis(size, **geometry, axis=letter, marked=marked):
            if isinstance(step, Formula):
                known[step.name] = step.value
            yield step


def trace_conv_axis(size: int, *, kernel_size: int, **geometry: Any) -> Iterator[SolutionStep]:
    """Yield the formula of the output size of a convolution along one axis."""
    yield output_size_formula(size, kernel_size, **geometry)


def trace_transposed_axis(
    size: int, *, kernel_size: int, **geometry: Any
) -> Iterator[SolutionStep]:
    """Yield the formula of the output size of a transposed convolution along one axis."""
    yield transposed_size_formula(size, kernel_size, **geometry)


def trace_pool_axis(size: int, *, kernel_size: int, **geometry: Any) -> Iterator[SolutionStep]:
    """Yield the steps to the output size of a pooling layer along one axis."""
    yield from trace_pooled_size(size, kernel_size, **geometry)
