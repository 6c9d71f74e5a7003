"""Recovery of the filter of a 1-D convolution from its input and output."""

from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import as_integer, as_numbers, require_bool
from problems.solvers.inverse import kernel_for, maps_to
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments, replace_formula

MAX_SEQUENCE_LENGTH: Final = 32
MAX_FILTER_LENGTH: Final = 8

EquationRow: TypeAlias = list[Fraction]


class FilterObservation(NamedTuple):
    """Input, output and filter length of a 1-D convolution."""

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
    """Return the 1-D filter that maps *x* to *y*, exactly.

    ``y[i] = sum(w[k] * x[i*stride + k])`` with *padding* zeros at both ends of *x*.
    With *flip*, the filter is reversed before it is applied. *kernel_size* defaults to
    the smallest that fits the sizes. Raise `SolverError` if no filter, or more than
    one, maps *x* to *y*.

    >>> filter_from((1, 2, 4, 7), (5, 10, 18))
    (1, 2)
    """
    observation = _parse_observation(x, y, kernel_size=kernel_size, stride=stride, padding=padding)
    if not maps_to(
        len(observation.x), len(observation.y), observation.size, stride=stride, padding=padding
    ):
        raise SolverError(
            f"a filter of {observation.size} does not make {len(observation.y)} numbers "
            f"of {len(observation.x)}"
        )
    weights = _fit_filter(observation, stride=stride, padding=padding)
    return weights[::-1] if require_bool(flip, "flip") else weights


def _parse_observation(
    x: object, y: object, *, kernel_size: int | None, stride: int, padding: int
) -> FilterObservation:
    """Return the checked input and output, and the length of the filter."""
    inputs, outputs = (
        as_numbers(x, "x", most=MAX_SEQUENCE_LENGTH),
        as_numbers(y, "y", most=MAX_SEQUENCE_LENGTH),
    )
    if as_integer(padding, "padding", least=0) > MAX_SEQUENCE_LENGTH:
        raise SolverError(f"padding must be at most {MAX_SEQUENCE_LENGTH}")
    if kernel_size is not None:
        return FilterObservation(inputs, outputs, as_integer(kernel_size, "kernel_size"))
    return FilterObservation(
        inputs, outputs, kernel_for(len(inputs), len(outputs), stride=stride, padding=padding)
    )


def _fit_filter(observation: FilterObservation, *, stride: int, padding: int) -> tuple[Number, ...]:
    """Return the filter in the order in which it applies to *x*, without a flip."""
    if observation.size > MAX_FILTER_LENGTH:
        raise SolverError(f"a filter of {observation.size} is longer than {MAX_FILTER_LENGTH}")
    border = (0,) * padding
    padded = (*border, *observation.x, *border)
    windows = [
        padded[index * stride : index * stride + observation.size]
        for index in range(len(observation.y))
    ]
    if len(windows[-1]) < observation.size:
        raise SolverError(f"a filter of {observation.size} does not fit {len(observation.y)} times")
    rows = [
        [Fraction(one) for one in (*window, result)]
        for window, result in zip(windows, observation.y, strict=True)
    ]
    return _solve_linear_system(rows, observation.size)


def _solve_linear_system(rows: list[EquationRow], unknowns: int) -> tuple[Number, ...]:
    """Return the unique solution of a system of linear equations.

    The last cell of each row is its right-hand side. Raise `SolverError` if there is no
    unique solution.
    """
    for column in range(unknowns):
        pivot_row = next((index for index in range(column, len(rows)) if rows[index][column]), None)
        if pivot_row is None:
            raise SolverError(f"this does not settle one filter of {unknowns} numbers")
        rows[column], rows[pivot_row] = rows[pivot_row], rows[column]
        rows = _eliminate_column(rows, column)
    if any(row[-1] for row in rows[unknowns:]):
        raise SolverError(f"no filter of {unknowns} numbers fits")
    return tuple(simplify_number(rows[index][-1]) for index in range(unknowns))


def _eliminate_column(rows: list[EquationRow], pivot: int) -> list[EquationRow]:
    """Return the equations with the unknown *pivot* eliminated from all rows but its own."""
    leading = [cell / rows[pivot][pivot] for cell in rows[pivot]]
    return [
        leading
        if index == pivot
        else [a - row[pivot] * b for a, b in zip(row, leading, strict=True)]
        for index, row in enumerate(rows)
    ]


# What students do instead.


def _fit_with_geometry(args: SolverArguments, **changes: int) -> tuple[Number, ...]:
    """Return the filter of the correct length, fitted with another stride or padding."""
    geometry = {"stride": args.stride, "padding": args.padding}
    observation = _parse_observation(args.x, args.y, kernel_size=args.kernel_size, **geometry)
    weights = _fit_filter(observation, **{**geometry, **changes})
    return weights[::-1] if args.flip else weights


SOLVERS: Final[tuple[Solver, ...]] = (filter_from,)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = build_wrong_versions(
    filter_from,
    {
        "kernel_flipped": replace_arguments(filter_from, flip=lambda args: not args.flip),
        "padding_left_out": replace_formula(
            filter_from, lambda args: _fit_with_geometry(args, padding=0)
        ),
        "stride_left_out": replace_formula(
            filter_from, lambda args: _fit_with_geometry(args, stride=1)
        ),
    },
)
