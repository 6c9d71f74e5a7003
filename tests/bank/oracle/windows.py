"""Convolution, pooling and receptive fields, computed cell by cell.

There are no formulas here. Sizes are found by trying one window after another, values
by loops over single cells, and receptive fields by tracing each cell back to its
inputs.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

Number = int | Fraction
Matrix = Sequence[Sequence[Number]]
Rows = list[list[Number]]


def starts(
    size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[int]:
    """Return where each window begins on the axis; positions in the padding are negative.

    >>> starts(6, 3, stride=2, padding=1)
    [-1, 1, 3]
    """
    found: list[int] = []
    at = -padding
    while at + dilation * (kernel - 1) < size + padding:
        found.append(at)
        at += stride
    return found


def windows(size: int, kernel: int, *, stride: int = 1, padding: int = 0) -> int:
    return len(starts(size, kernel, stride=stride, padding=padding))


def same_padding(size: int, kernel: int) -> int:
    """Return the padding on each side that preserves *size*, found by search."""
    return next(border for border in range(size) if windows(size, kernel, padding=border) == size)


def pixel(image: Matrix, row: int, column: int) -> Number:
    """Return a cell of the image, or 0 outside of it."""
    inside = 0 <= row < len(image) and 0 <= column < len(image[0])
    return image[row][column] if inside else 0


def correlate(
    image: Matrix, kernel: Matrix, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Rows:
    """Return the cross-correlation of the image with the kernel, which is not flipped."""
    steps = {"stride": stride, "padding": padding, "dilation": dilation}
    output: Rows = []
    for top in starts(len(image), len(kernel), **steps):
        output.append([])
        for left in starts(len(image[0]), len(kernel[0]), **steps):
            total: Number = 0
            for i, weights in enumerate(kernel):
                for j, weight in enumerate(weights):
                    total += weight * pixel(image, top + dilation * i, left + dilation * j)
            output[-1].append(total)
    return output


def added(images: Iterable[Matrix]) -> Rows:
    """Return the elementwise sum of images of the same size."""
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*images, strict=True)]


def pool(
    image: Matrix, size: int, *, stride: int, summary: Callable[[list[Number]], Number]
) -> Rows:
    """Return the summary of each window of *size* × *size*."""
    return [
        [
            summary([image[top + i][left + j] for i in range(size) for j in range(size)])
            for left in starts(len(image[0]), size, stride=stride)
        ]
        for top in starts(len(image), size, stride=stride)
    ]


def scatter(image: Matrix, kernel: Matrix, *, first: int | None = None) -> Rows:
    """Return the transposed convolution of the first *first* cells, by default of all.

    The output has the size for all cells, with stride 1.
    """
    places = [(row, column) for row in range(len(image)) for column in range(len(image[0]))]
    taps = [(i, j) for i in range(len(kernel)) for j in range(len(kernel[0]))]
    stamped: dict[tuple[int, int], Number] = {
        (row + i, column + j): 0 for row, column in places for i, j in taps
    }
    for row, column in places[:first]:
        for i, j in taps:
            stamped[row + i, column + j] += image[row][column] * kernel[i][j]
    height, width = (1 + max(place[axis] for place in stamped) for axis in (0, 1))
    return [[stamped[row, column] for column in range(width)] for row in range(height)]


def reach(layers: Iterable[tuple[int, int]], *, cells: int = 1) -> int:
    """Return the width of the input that *cells* adjacent outputs depend on.

    *layers* are (kernel, stride), in order from the input.

    >>> reach([(5, 2), (5, 2)])
    13
    """
    needed = set(range(cells))
    for kernel, stride in reversed(list(layers)):
        needed = {place * stride + tap for place in needed for tap in range(kernel)}
    return max(needed) - min(needed) + 1
