"""The sizes of several axes: a formula for each, or one for all that are laid alike and as long."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from grader.display.steps import Formula, Step, formula
from problems.traces.sizes import pooled_side, side, transposed_side

__all__ = ["Axis", "conv_axis", "each_axis", "pool_axis", "transposed_axis"]

Axis: TypeAlias = Callable[..., Iterable[Step]]
"""What gives the steps of one axis from its size and geometry, its letter and what is marked."""

LETTERS: Final = {
    "kernel_size": "K",
    "stride": "S",
    "padding": "P",
    "output_padding": "A",
    "dilation": "D",
}


def each_axis(
    axis: Axis, sizes: Mapping[str, int], laid: Mapping[str, Sequence[object]]
) -> Iterator[Step]:
    """Yield the steps of each axis from the *sizes* by letter and the geometry *laid* on them.

    The letters of what is not the same for all axes are marked with the axis.

    >>> laid = {"kernel_size": (3, 3)}
    >>> [step.value for step in each_axis(conv_axis, {"H": 8, "W": 8}, laid)]
    [6, 6]
    """
    marked = "".join(LETTERS[name] for name, values in laid.items() if len(set(values)) > 1)
    first = next(iter(sizes))
    known: dict[str, Any] = {}
    for at, (letter, size) in enumerate(sizes.items()):
        if at and not marked and size == sizes[first]:
            yield formula(f"{letter}_out", f"{first}_out", **known)
            continue
        geometry = {name: values[at] for name, values in laid.items()}
        for step in axis(size, **geometry, axis=letter, marked=marked):
            if isinstance(step, Formula):
                known[step.name] = step.value
            yield step


def conv_axis(size: int, *, kernel_size: int, **geometry: Any) -> Iterator[Step]:
    """Yield the formula of an axis after a convolution."""
    yield side(size, kernel_size, **geometry)


def transposed_axis(size: int, *, kernel_size: int, **geometry: Any) -> Iterator[Step]:
    """Yield the formula of an axis after a transposed convolution."""
    yield transposed_side(size, kernel_size, **geometry)


def pool_axis(size: int, *, kernel_size: int, **geometry: Any) -> Iterator[Step]:
    """Yield the steps of an axis after a pooling."""
    yield from pooled_side(size, kernel_size, **geometry)
