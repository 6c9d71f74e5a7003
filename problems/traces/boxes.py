"""The way to areas of boxes, to their other formats, and to how far they overlap.

The corners of a box are (x_1, y_1) and (x_2, y_2), its centre is (c_x, c_y), its sides are w and h.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Final

from grader.display.steps import Array, Formula, Said, Step, Tracer, formula
from grader.values import Number, Tensor
from problems.solvers.bounds import numbers, pair
from problems.solvers.boxes import Box, box_area, box_of, convert_box, formatted
from problems.traces.tracing import tracers

__all__ = ["CORNERS", "LETTERS", "TRACERS", "corners_said", "written"]

INCLUSIVE: Final = "The last pixel belongs to the box, which is one wider and one higher for it."

LETTERS: Final = {
    "xyxy": ("x_1", "y_1", "x_2", "y_2"),
    "xywh": ("x_1", "y_1", "w", "h"),
    "cxcywh": ("c_x", "c_y", "w", "h"),
}

WRITTEN: Final = {
    "xyxy": {
        "w": "x_2 - x_1",
        "h": "y_2 - y_1",
        "c_x": "(x_1 + x_2)/2",
        "c_y": "(y_1 + y_2)/2",
    },
    "xywh": {
        "x_2": "x_1 + w",
        "y_2": "y_1 + h",
        "c_x": "x_1 + w/2",
        "c_y": "y_1 + h/2",
    },
    "cxcywh": {
        "x_1": "c_x - w/2",
        "y_1": "c_y - h/2",
        "x_2": "c_x + w/2",
        "y_2": "c_y + h/2",
    },
}
"""How a number of a box follows from those of each format."""

CORNERS: Final = "xyxy"


def written(box: Box, in_fmt: str, out_fmt: str) -> Iterator[Formula]:
    """Yield the formulas of those numbers of *box* in one format that another does not have."""
    known = dict(zip(LETTERS[in_fmt], formatted(box, in_fmt), strict=True))
    for letter in LETTERS[out_fmt]:
        if letter not in known:
            yield formula(letter, WRITTEN[in_fmt][letter], **known)


def _letters(fmt: str) -> str:
    return f"({', '.join(LETTERS[fmt])})"


def corners_said(fmt: str, *, inclusive: bool, boxes: str) -> Iterator[Said]:
    """Yield what has to be said before *boxes* are shown by their corners."""
    if inclusive:
        yield Said(INCLUSIVE)
    if fmt != CORNERS:
        yield Said(f"The corners of {boxes} follow from the format {fmt}:")


def _area(given: SimpleNamespace) -> Iterator[Step]:
    if given.inclusive:
        yield Said(INCLUSIVE)
        x_1, y_1, x_2, y_2 = numbers(given.box, "the box")
        yield formula("w", "x_2 - x_1 + 1", x_1=x_1, x_2=x_2)
        yield formula("h", "y_2 - y_1 + 1", y_1=y_1, y_2=y_2)
    box = box_of(given.box, "the box", fmt=given.fmt, inclusive=given.inclusive)
    if given.fmt == CORNERS and not given.inclusive:
        yield from written(box, CORNERS, "xywh")
    yield formula("A", "w*h", w=box.width, h=box.height)


def _convert(given: SimpleNamespace) -> Iterator[Step]:
    box = box_of(given.box, "the box", fmt=given.in_fmt)
    yield Array(_letters(given.in_fmt), Tensor.of(formatted(box, given.in_fmt)))
    yield from written(box, given.in_fmt, given.out_fmt)
    name = _letters(given.out_fmt)
    if given.image is not None:
        yield Said("x and w are divided by the width W of the image, y and h by its height H.")
        yield from _shares(box, given.out_fmt, pair(given.image, "image"))
        name = "shares"
    yield Array(name, Tensor.of(given.result))


def _shares(box: Box, fmt: str, image: tuple[int, int]) -> Iterator[Formula]:
    """Yield the numbers of a *box* as shares of the *image* (height, width)."""
    sides: dict[str, Number] = {"H": image[0], "W": image[1]}
    for letter, number in zip(LETTERS[fmt], formatted(box, fmt), strict=True):
        side = "H" if "y" in letter or letter == "h" else "W"
        yield formula(f"{letter}'", f"{letter}/{side}", **{letter: number}, **sides)


TRACERS: Final[dict[str, Tracer]] = tracers({box_area: _area, convert_box: _convert})
