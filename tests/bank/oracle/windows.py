"""What windows do, told cell by cell: where they fit, what they read, what they leave behind.

No formula stands here. Sizes are found by trying windows one after the other, values by loops over
single cells, receptive fields by asking each cell what it was made of.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

Number = int | Fraction
Matrix = Sequence[Sequence[Number]]
Rows = list[list[Number]]


def starts(
    size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> list[int]:
    """Return where each window begins, as places of the axis; its padding has negative ones.

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
    """Return how many windows fit."""
    return len(starts(size, kernel, stride=stride, padding=padding))


def same_padding(size: int, kernel: int) -> int:
    """Return the padding on each side that leaves *size* as it is, found by trying."""
    return next(border for border in range(size) if windows(size, kernel, padding=border) == size)


def pixel(image: Matrix, row: int, column: int) -> Number:
    """Return a cell of the image, zero outside of it."""
    inside = 0 <= row < len(image) and 0 <= column < len(image[0])
    return image[row][column] if inside else 0


def correlate(
    image: Matrix, kernel: Matrix, *, stride: int = 1, padding: int = 0, dilation: int = 1
) -> Rows:
    """Return the kernel laid on each window of the image as it stands, products summed."""
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
    """Return the sum of images of one size."""
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
    """Return the canvas after the *first* cells of the image (all by default) were stamped on it.

    The canvas is as large as the stamps of all cells together.
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
    """Return how wide a stretch of the input *cells* neighbours of the last output come from.

    Layers are (kernel, stride), first one first.

    >>> reach([(5, 2), (5, 2)])
    13
    """
    needed = set(range(cells))
    for kernel, stride in reversed(list(layers)):
        needed = {place * stride + tap for place in needed for tap in range(kernel)}
    return max(needed) - min(needed) + 1
