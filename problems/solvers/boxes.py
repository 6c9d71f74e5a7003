"""Boxes: their formats and their areas.

Coordinates are in pixels or any other unit, x to the right, y downwards; integers and fractions
give exact results. A format is ``xyxy`` (left, top, right, bottom), ``xywh`` (left, top, width,
height) or ``cxcywh`` (centre, width, height).
"""

from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Final

from grader.book import Solver, Twin
from grader.errors import SolverError
from grader.values import Number, simplest
from problems.solvers.bounds import Pair, flag, numbers, pair, rows_of
from problems.solvers.twins import told, twins_of

__all__ = [
    "FORMATS",
    "MAX_BOXES",
    "READ_AS",
    "SOLVERS",
    "TWINS",
    "Box",
    "box_area",
    "box_of",
    "boxes_of",
    "convert_box",
    "formatted",
    "misread",
]

FORMATS: Final = ("xyxy", "xywh", "cxcywh")
MAX_BOXES: Final = 50
SIDES: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle between the lines *left*, *top*, *right* and *bottom*."""

    left: Number
    top: Number
    right: Number
    bottom: Number

    @property
    def width(self) -> Number:
        """The extent along x."""
        return self.right - self.left

    @property
    def height(self) -> Number:
        """The extent along y."""
        return self.bottom - self.top

    @property
    def area(self) -> Number:
        """Width times height."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[Number, Number]:
        """The middle (x, y)."""
        return _half(self.left + self.right), _half(self.top + self.bottom)


def box_of(value: object, what: str, *, fmt: str = "xyxy", inclusive: bool = False) -> Box:
    """Return the box of four numbers in the format *fmt*; one without an area is a `SolverError`.

    With *inclusive* the corners are the first and the last pixel of the box, which is then one
    wider and one higher than their difference.
    """
    if fmt not in FORMATS:
        raise SolverError(f"a format must be one of {', '.join(FORMATS)}, not {fmt}")
    found = numbers(value, what)
    if len(found) != SIDES:
        raise SolverError(f"{what} must have {SIDES} numbers, not {len(found)}")
    box = _box(found, fmt)
    if flag(inclusive, "inclusive"):
        if fmt != "xyxy":
            raise SolverError(f"inclusive corners are those of xyxy, not of {fmt}")
        box = Box(box.left, box.top, box.right + 1, box.bottom + 1)
    if box.width <= 0 or box.height <= 0:
        raise SolverError(f"{what} has a width of {box.width} and a height of {box.height}")
    return box


def _box(found: tuple[Number, ...], fmt: str) -> Box:
    x, y, third, fourth = found
    if fmt == "xyxy":
        return Box(x, y, third, fourth)
    if fmt == "cxcywh":
        x, y = x - _half(third), y - _half(fourth)
    return Box(x, y, x + third, y + fourth)


def boxes_of(
    value: object, what: str, *, fmt: str = "xyxy", inclusive: bool = False
) -> tuple[Box, ...]:
    """Return the boxes of rows of four numbers, at most `MAX_BOXES`."""
    rows = rows_of(value, what, width=SIDES, most=MAX_BOXES)
    return tuple(box_of(row, f"a box of {what}", fmt=fmt, inclusive=inclusive) for row in rows)


def box_area(box: object, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the area of a *box*: width times height.

    >>> box_area((10, 20, 40, 60)), box_area((10, 20, 40, 60), inclusive=True)
    (1200, 1271)
    """
    return box_of(box, "the box", fmt=fmt, inclusive=inclusive).area


def convert_box(
    box: object, in_fmt: str, out_fmt: str, *, image: Pair | None = None
) -> tuple[Number, ...]:
    """Return the four numbers of a *box* in another format, in the order of its letters.

    With *image* (height, width) x and width come as a share of its width, y and height of its
    height, as YOLO's label files have them.

    >>> convert_box((10, 20, 40, 60), "xyxy", "cxcywh")
    (25, 40, 30, 40)
    """
    found = formatted(box_of(box, "the box", fmt=in_fmt), out_fmt)
    height, width = (1, 1) if image is None else pair(image, "image")
    shares = zip(found, (width, height, width, height), strict=True)
    return tuple(simplest(Fraction(number) / side) for number, side in shares)


def formatted(box: Box, fmt: str) -> tuple[Number, Number, Number, Number]:
    """Return the four numbers of *box* in the format *fmt*."""
    match fmt:
        case "xyxy":
            return box.left, box.top, box.right, box.bottom
        case "xywh":
            return box.left, box.top, box.width, box.height
        case "cxcywh":
            return *box.centre, box.width, box.height
        case _:
            raise SolverError(f"a format must be one of {', '.join(FORMATS)}, not {fmt}")


def _half(number: Number) -> Number:
    return simplest(Fraction(number) / 2)


# What students do instead.

READ_AS: Final = {"xyxy": "xywh", "xywh": "xyxy", "cxcywh": "xywh"}


def misread(solver: Solver) -> dict[str, Solver]:
    """Return the twins of every solver that reads boxes: their numbers taken for others."""
    return {
        "box_format": told(solver, fmt=lambda given: READ_AS[given.fmt]),
        "pixel_rule": told(solver, inclusive=lambda given: not given.inclusive),
    }


def _turned(given: SimpleNamespace) -> tuple[int, int]:
    """Return width and height in each other's place; without an image there are none."""
    if given.image is None:
        raise SolverError("no image was given")
    height, width = pair(given.image, "image")
    return width, height


SOLVERS: Final[tuple[Solver, ...]] = (box_area, convert_box)

TWINS: Final[tuple[Twin, ...]] = (
    *twins_of(box_area, misread(box_area)),
    *twins_of(
        convert_box,
        {
            "box_format": told(convert_box, out_fmt=lambda given: READ_AS[given.out_fmt]),
            "sides_exchanged": told(convert_box, image=_turned),
            "not_normalised": told(convert_box, image=None),
        },
    ),
)
