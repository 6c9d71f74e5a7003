"""Bounding boxes: their formats and areas.

Coordinates are in pixels or any other unit, with x to the right and y downwards.
Integers and fractions give exact results. A format is ``xyxy`` (left, top, right,
bottom), ``xywh`` (left, top, width, height) or ``cxcywh`` (center, width, height).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from grader.errors import SolverError
from grader.registry import Solver, SolverArguments, WrongVersion
from grader.values import Number, simplify_number
from problems.solvers.bounds import Pair, as_numbers, as_pair, as_rows, require_bool
from problems.solvers.wrong_versions import build_wrong_versions, replace_arguments

BOX_FORMATS: Final = ("xyxy", "xywh", "cxcywh")
MAX_BOXES: Final = 50
NUMBERS_PER_BOX: Final = 4

RawBox: TypeAlias = Sequence[Number]
"""The four numbers of a box, in one of `BOX_FORMATS`."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle with edges *left*, *top*, *right* and *bottom*."""

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
        """The width times the height."""
        return self.width * self.height

    @property
    def center(self) -> tuple[Number, Number]:
        """The center (x, y)."""
        return _halve(self.left + self.right), _halve(self.top + self.bottom)


def parse_box(value: object, what: str, *, fmt: str = "xyxy", inclusive: bool = False) -> Box:
    """Return a box from four numbers in the format *fmt*.

    With *inclusive*, the corners are the first and last pixels of the box, which makes
    it one pixel wider and taller than their difference. Raise `SolverError` if the box
    has no area.
    """
    if fmt not in BOX_FORMATS:
        raise SolverError(f"a format must be one of {', '.join(BOX_FORMATS)}, not {fmt}")
    values = as_numbers(value, what)
    if len(values) != NUMBERS_PER_BOX:
        raise SolverError(f"{what} must have {NUMBERS_PER_BOX} numbers, not {len(values)}")
    box = _build_box_from_format(values, fmt)
    if require_bool(inclusive, "inclusive"):
        if fmt != "xyxy":
            raise SolverError(f"inclusive corners are those of xyxy, not of {fmt}")
        box = Box(box.left, box.top, box.right + 1, box.bottom + 1)
    if box.width <= 0 or box.height <= 0:
        raise SolverError(f"{what} has a width of {box.width} and a height of {box.height}")
    return box


def _build_box_from_format(values: tuple[Number, ...], fmt: str) -> Box:
    x, y, third, fourth = values
    if fmt == "xyxy":
        return Box(x, y, third, fourth)
    if fmt == "cxcywh":
        x, y = x - _halve(third), y - _halve(fourth)
    return Box(x, y, x + third, y + fourth)


def parse_boxes(
    value: object, what: str, *, fmt: str = "xyxy", inclusive: bool = False
) -> tuple[Box, ...]:
    """Return boxes from rows of four numbers, at most `MAX_BOXES` of them."""
    rows = as_rows(value, what, width=NUMBERS_PER_BOX, most=MAX_BOXES)
    return tuple(parse_box(row, f"a box of {what}", fmt=fmt, inclusive=inclusive) for row in rows)


def box_area(box: RawBox, *, fmt: str = "xyxy", inclusive: bool = False) -> Number:
    """Return the area of a *box*: width times height.

    >>> box_area((10, 20, 40, 60)), box_area((10, 20, 40, 60), inclusive=True)
    (1200, 1271)
    """
    return parse_box(box, "the box", fmt=fmt, inclusive=inclusive).area


def convert_box(
    box: object, in_fmt: str, out_fmt: str, *, image: Pair | None = None
) -> tuple[Number, ...]:
    """Return a *box* converted from the format *in_fmt* to *out_fmt*: four numbers.

    With *image* (height, width), the result is normalized: x and width are divided by
    the image's width, y and height by its height, as in YOLO's label files.

    >>> convert_box((10, 20, 40, 60), "xyxy", "cxcywh")
    (25, 40, 30, 40)
    """
    converted = format_box(parse_box(box, "the box", fmt=in_fmt), out_fmt)
    height, width = (1, 1) if image is None else as_pair(image, "image")
    shares = zip(converted, (width, height, width, height), strict=True)
    return tuple(simplify_number(Fraction(number) / side) for number, side in shares)


def format_box(box: Box, fmt: str) -> tuple[Number, Number, Number, Number]:
    """Return the four numbers of *box* in the format *fmt*."""
    match fmt:
        case "xyxy":
            return box.left, box.top, box.right, box.bottom
        case "xywh":
            return box.left, box.top, box.width, box.height
        case "cxcywh":
            return *box.center, box.width, box.height
        case _:
            raise SolverError(f"a format must be one of {', '.join(BOX_FORMATS)}, not {fmt}")


def _halve(number: Number) -> Number:
    return simplify_number(Fraction(number) / 2)


# What students do instead.

MISREAD_FORMATS: Final = {"xyxy": "xywh", "xywh": "xyxy", "cxcywh": "xywh"}


def box_wrong_versions(solver: Solver) -> dict[str, Solver]:
    """Return the wrong versions of a solver that reads boxes: misread formats and corners."""
    return {
        "box_format": replace_arguments(solver, fmt=lambda args: MISREAD_FORMATS[args.fmt]),
        "pixel_rule": replace_arguments(solver, inclusive=lambda args: not args.inclusive),
    }


def _swap_image_sides(args: SolverArguments) -> tuple[int, int]:
    """Return the image's size with height and width swapped, if there is an image."""
    if args.image is None:
        raise SolverError("no image was given")
    height, width = as_pair(args.image, "image")
    return width, height


SOLVERS: Final[tuple[Solver, ...]] = (box_area, convert_box)

WRONG_VERSIONS: Final[tuple[WrongVersion, ...]] = (
    *build_wrong_versions(box_area, box_wrong_versions(box_area)),
    *build_wrong_versions(
        convert_box,
        {
            "box_format": replace_arguments(
                convert_box, out_fmt=lambda args: MISREAD_FORMATS[args.out_fmt]
            ),
            "sides_exchanged": replace_arguments(convert_box, image=_swap_image_sides),
            "not_normalised": replace_arguments(convert_box, image=None),
        },
    ),
)
