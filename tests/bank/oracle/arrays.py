"""Expected values of arrays computed by hand: filters, matrix forms, stamps, pooling."""

from collections.abc import Callable
from fractions import Fraction

from tests.bank.oracle.table import Params, Table
from tests.bank.oracle.weights import conv, count, dense
from tests.bank.oracle.windows import (
    Matrix,
    Number,
    Rows,
    added,
    correlate,
    pixel,
    scatter,
    starts,
    windows,
)

Cells = list[Number]
Place = tuple[int, int]

SIDE = 2
HALF_A_TURN = {(0, 0): (1, 1), (0, 1): (1, 0), (1, 0): (0, 1), (1, 1): (0, 0)}


def _sequence(p: Params, *, stride: int = 1, padding: int = 0) -> Cells:
    """Return the correlation of the sequence with the kernel, plus the bias."""
    known = dict(enumerate(p["x"]))
    return [
        p["b"] + sum(weight * known.get(at + tap, 0) for tap, weight in enumerate(p["w"]))
        for at in starts(len(p["x"]), len(p["w"]), stride=stride, padding=padding)
    ]


def _strided(p: Params) -> Rows:
    return correlate(p["X"], p["K"], stride=2, padding=1)


def _size(rows: Matrix) -> Place:
    return len(rows), len(rows[0])


def _slices(p: Params) -> list[Rows]:
    """Return the correlation of each channel with its slice of the filter."""
    return [correlate(channel, part) for channel, part in zip(p["X"], p["F"], strict=True)]


def _one_map(p: Params) -> Rows:
    return [[cell + p["b"] for cell in row] for row in added(_slices(p))]


def _without_groups(p: Params) -> Params:
    """Return the parameters with each filter slice as a matrix."""
    return {**p, "F": [part for (part,) in p["F"]]}


def _two_maps(p: Params) -> list[Rows]:
    """Return the feature map of each filter, including its bias."""
    return [
        _one_map({"X": p["X"], "F": one, "b": bias})
        for one, bias in zip(p["F"], p["b"], strict=True)
    ]


def _mapped(maps: list[Rows], function: Callable[[Number], Number]) -> list[Rows]:
    return [[[function(cell) for cell in row] for row in rows] for rows in maps]


def _places(height: int, width: int, kernel: int) -> list[Place]:
    """Return the top-left corners of the windows, row by row."""
    return [(top, left) for top in starts(height, kernel) for left in starts(width, kernel)]


def _written_out(p: Params) -> Rows:
    """Return the im2col matrix: a row per window cell, a column per window position."""
    return [
        [p["X"][top + i][left + j] for top, left in _places(p["H"], p["W"], SIDE)]
        for i in range(SIDE)
        for j in range(SIDE)
    ]


def _windows_of_the_layer(p: Params) -> int:
    """Return the number of windows in a map of the real layer."""
    side = windows(p["M"], p["K"], padding=p["K"] // 2)
    return side * side


def _window_of_the_layer(p: Params) -> int:
    """Return the number of cells that a filter of the real layer covers."""
    return count(conv(p["C"], 1, p["K"], bias=False))


def _matrix(p: Params) -> Rows:
    """Return the matrix of the filter: its columns are the outputs for unit sequences."""
    units = [[[int(at == cell) for at in range(p["n"])]] for cell in range(p["n"])]
    columns = [correlate(unit, [p["w"]])[0] for unit in units]
    return [list(row) for row in zip(*columns, strict=True)]


def _pairs(p: Params) -> list[tuple[Place, Place]]:
    """Return each (output place, input cell in its window) pair of the 2D layer."""
    taps = range(p["K"])
    return [
        ((top, left), (top + i, left + j))
        for top, left in _places(p["H"], p["W"], p["K"])
        for i in taps
        for j in taps
    ]


def _matrix_size(p: Params) -> Place:
    return len(_places(p["H"], p["W"], p["K"])), p["H"] * p["W"]


def _turned(p: Params) -> Rows:
    found = [[0, 0], [0, 0]]
    for (row, column), (to_row, to_column) in HALF_A_TURN.items():
        found[to_row][to_column] = p["K"][row][column]
    return found


def _spread(p: Params) -> Rows:
    """Return the input with a row and a column of zeros between its own (stride 2)."""
    height, width = 2 * len(p["X"]) - 1, 2 * len(p["X"][0]) - 1
    return [
        [0 if row % 2 or column % 2 else p["X"][row // 2][column // 2] for column in range(width)]
        for row in range(height)
    ]


def _stamped(p: Params, *, elements: int | None = None) -> Rows:
    """Return the sum of the stamps of the first *elements*; inserted zeros add nothing."""
    width = len(p["X"][0])
    cells = [cell for row in p["X"] for cell in row][:elements]
    left = cells + [0] * (len(p["X"]) * width - len(cells))
    image = [left[at : at + width] for at in range(0, len(left), width)]
    return scatter(_spread({"X": image}), p["K"])


def _after_cropping(p: Params) -> Place:
    height, width = _size(_stamped(p))
    return height - 2 + 1, width - 2 + 1


def _covered(p: Params, summary: Callable[[Cells], Number]) -> Rows:
    """Return *summary* of the map's cells in each 2 × 2 window, stride 2, padding 1."""
    image = p["X"]
    found: Rows = []
    for top in starts(len(image), SIDE, stride=2, padding=1):
        rows = [row for row in (top, top + 1) if 0 <= row < len(image)]
        found.append([])
        for left in starts(len(image[0]), SIDE, stride=2, padding=1):
            columns = [column for column in (left, left + 1) if 0 <= column < len(image[0])]
            found[-1].append(summary([image[row][column] for row in rows for column in columns]))
    return found


def _mean(cells: Cells) -> Number:
    return Fraction(sum(cells)) / len(cells)


def _mean_with_zeros(cells: Cells) -> Number:
    """Return the mean of a 2 × 2 window whose missing cells are zero."""
    return Fraction(sum(cells)) / 4


def _repeated(p: Params) -> Rows:
    image = p["X"][0]
    return [[pixel(image, row // 2, column // 2) for column in range(4)] for row in range(4)]


def _shuffled(p: Params) -> Rows:
    """Return the pixel shuffle of four channels: each channel fills one place per block."""
    found: Rows = [[0] * 4 for _ in range(4)]
    offsets = ((0, 0), (0, 1), (1, 0), (1, 1))
    for channel, (down, right) in zip(p["X"], offsets, strict=True):
        for row, values in enumerate(channel):
            for column, value in enumerate(values):
                found[2 * row + down][2 * column + right] = value
    return found


TABLE: Table = {
    "conv1d-by-hand": {
        "length": lambda p: len(_sequence(p)),
        "output": _sequence,
        "padded_output": lambda p: _sequence(p, stride=2, padding=1),
    },
    "strided-padded-conv-by-hand": {
        "size": lambda p: _size(_strided(p)),
        "first_value": lambda p: _strided(p)[0][0],
        "output": _strided,
    },
    "multi-channel-conv": {
        "parameters": lambda _: count(conv(3, 1, 2)),
        "maps": lambda p: _slices(_without_groups(p)),
        "output": lambda p: _one_map(_without_groups(p)),
    },
    "two-filters-tensor": {
        "shape": lambda p: (len(_two_maps(p)), *_size(_two_maps(p)[0])),
        "sums": _two_maps,
        "output": lambda p: _mapped(_two_maps(p), lambda cell: max(0, cell)),
    },
    "im2col-by-hand": {
        "size": lambda p: _size(_written_out(p)),
        "columns": _written_out,
        "product": lambda p: [cell for row in correlate(p["X"], p["F"]) for cell in row],
        "real_layer": lambda p: (_window_of_the_layer(p), _windows_of_the_layer(p)),
        "memory": lambda p: Fraction(
            _window_of_the_layer(p) * _windows_of_the_layer(p), p["C"] * p["M"] ** 2
        ),
    },
    "conv-as-matrix": {
        "matrix": _matrix,
        "transposed": lambda p: scatter([p["y"]], [p["w"]])[0],
        "size": _matrix_size,
        "weights": lambda p: len(_pairs(p)),
        "zeros": lambda p: _matrix_size(p)[0] * _matrix_size(p)[1] - len(set(_pairs(p))),
    },
    "true-convolution-or-correlation": {
        "flipped": _turned,
        "correlation": lambda p: correlate(p["X"], p["K"]),
        "convolution": lambda p: correlate(p["X"], _turned(p)),
        "no_difference": lambda _: ("blur", "diagonal"),
    },
    "transposed-conv-stride-2": {
        "size": lambda p: _size(_stamped(p)),
        "after_second_input": lambda p: _stamped(p, elements=2),
        "output": _stamped,
        "cropped": _after_cropping,
    },
    "average-pooling-padding": {
        "size": lambda p: _size(_covered(p, len)),
        "with_zeros": lambda p: _covered(p, _mean_with_zeros),
        "without_zeros": lambda p: _covered(p, _mean),
        "maximum": lambda p: _covered(p, max),
    },
    "global-average-pooling": {
        "means": lambda p: [_mean([cell for row in one for cell in row]) for one in p["X"]],
        "pooled": lambda p: count(dense(p["C"], p["n"])),
        "flattened": lambda p: count(dense(p["C"] * p["M"] * p["M"], p["n"])),
        "other_size": lambda _: "pooled",
    },
    "upsampling-and-pixel-shuffle": {"nearest": _repeated, "shuffled": _shuffled},
}
