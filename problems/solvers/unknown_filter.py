"""The filter that must have been used, from what went into a 1-D convolution and what came out."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Final, NamedTuple, TypeAlias

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, simplest
from problems.solvers.bounds import flag, numbers, whole
from problems.solvers.inverse import kernel_for, maps_to
from problems.solvers.twins import instead, told, twins_of

__all__ = ["SOLVERS", "TWINS", "filter_from"]

LONGEST: Final = 32
LONGEST_FILTER: Final = 8

Row: TypeAlias = list[Fraction]


class Asked(NamedTuple):
    """What went in, what came out, and how long the filter is."""

    x: tuple[Number, ...]
    y: tuple[Number, ...]
    size: int


def filter_from(
    x: object,
    y: object,
    *,
    kernel_size: int | None = None,
    stride: int = 1,
    padding: int = 0,
    flip: bool = False,
) -> tuple[Number, ...]:
    """Return the 1-D filter that makes *y* of *x*, exactly.

    ``y[i] = sum(w[k] * x[i*stride + k])`` with *padding* zeros at both ends of *x*, the filter
    turned round first where *flip*. Without *kernel_size* it is the smallest that fits the sizes.
    Where no filter does it, or more than one, that is a `SolverError`.

    >>> filter_from((1, 2, 4, 7), (5, 10, 18))
    (1, 2)
    """
    asked = _asked(x, y, kernel_size=kernel_size, stride=stride, padding=padding)
    if not maps_to(len(asked.x), len(asked.y), asked.size, stride=stride, padding=padding):
        raise SolverError(
            f"a filter of {asked.size} does not make {len(asked.y)} numbers of {len(asked.x)}"
        )
    found = _fitted(asked, stride=stride, padding=padding)
    return found[::-1] if flag(flip, "flip") else found


def _asked(x: object, y: object, *, kernel_size: int | None, stride: int, padding: int) -> Asked:
    """Return what is known, and the length of the filter."""
    given, wanted = numbers(x, "x", most=LONGEST), numbers(y, "y", most=LONGEST)
    if whole(padding, "padding", least=0) > LONGEST:
        raise SolverError(f"padding must be at most {LONGEST}")
    if kernel_size is not None:
        return Asked(given, wanted, whole(kernel_size, "kernel_size"))
    return Asked(given, wanted, kernel_for(len(given), len(wanted), stride=stride, padding=padding))


def _fitted(asked: Asked, *, stride: int, padding: int) -> tuple[Number, ...]:
    """Return the filter, as it lies on *x*."""
    if asked.size > LONGEST_FILTER:
        raise SolverError(f"a filter of {asked.size} is longer than {LONGEST_FILTER}")
    border = (0,) * padding
    padded = (*border, *asked.x, *border)
    windows = [padded[at * stride : at * stride + asked.size] for at in range(len(asked.y))]
    if len(windows[-1]) < asked.size:
        raise SolverError(f"a filter of {asked.size} does not fit {len(asked.y)} times")
    rows = [
        [Fraction(one) for one in (*window, result)]
        for window, result in zip(windows, asked.y, strict=True)
    ]
    return _solved(rows, asked.size)


def _solved(rows: list[Row], unknowns: int) -> tuple[Number, ...]:
    """Return the one solution of linear equations, the last cell of each row being its result."""
    for column in range(unknowns):
        at = next((at for at in range(column, len(rows)) if rows[at][column]), None)
        if at is None:
            raise SolverError(f"this does not settle one filter of {unknowns} numbers")
        rows[column], rows[at] = rows[at], rows[column]
        rows = _eliminated(rows, column)
    if any(row[-1] for row in rows[unknowns:]):
        raise SolverError(f"no filter of {unknowns} numbers fits")
    return tuple(simplest(rows[at][-1]) for at in range(unknowns))


def _eliminated(rows: list[Row], pivot: int) -> list[Row]:
    """Return the equations with the unknown *pivot* in row *pivot* alone."""
    leading = [cell / rows[pivot][pivot] for cell in rows[pivot]]
    return [
        leading if at == pivot else [a - row[pivot] * b for a, b in zip(row, leading, strict=True)]
        for at, row in enumerate(rows)
    ]


# What students do instead.


def _read(given: SimpleNamespace, **changes: int) -> tuple[Number, ...]:
    """Return the filter of the right length with another stride or padding."""
    geometry = {"stride": given.stride, "padding": given.padding}
    asked = _asked(given.x, given.y, kernel_size=given.kernel_size, **geometry)
    found = _fitted(asked, **{**geometry, **changes})
    return found[::-1] if given.flip else found


SOLVERS: Final[tuple[Solver, ...]] = (filter_from,)

TWINS: Final[tuple[Twin, ...]] = twins_of(
    filter_from,
    {
        "kernel_flipped": told(filter_from, flip=lambda given: not given.flip),
        "padding_left_out": instead(filter_from, lambda given: _read(given, padding=0)),
        "stride_left_out": instead(filter_from, lambda given: _read(given, stride=1)),
    },
)
