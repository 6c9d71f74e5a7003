"""Tracers for box areas and conversions between box formats.

The corners of a box are (x_1, y_1) and (x_2, y_2), its center is (c_x, c_y), its sides
are w and h.
"""

from collections.abc import Iterator
from typing import Final

from grader.display.steps import Array, Formula, SolutionStep, TextStep, Tracer, build_formula
from grader.values import Number, Tensor
from problems.solvers.bounds import as_numbers, as_pair
from problems.solvers.boxes import Box, box_area, convert_box, format_box, parse_box
from problems.traces.tracing import TracedArguments, build_tracers

INCLUSIVE_NOTE: Final = (
    "The last pixel belongs to the box, so it is one pixel wider and one pixel higher."
)

BOX_LETTERS: Final = {
    "xyxy": ("x_1", "y_1", "x_2", "y_2"),
    "xywh": ("x_1", "y_1", "w", "h"),
    "cxcywh": ("c_x", "c_y", "w", "h"),
}

CONVERSION_SOURCES: Final = {
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
"""Formulas of the numbers that each box format lacks, by source format."""

CORNER_FORMAT: Final = "xyxy"


def conversion_formulas(box: Box, in_fmt: str, out_fmt: str) -> Iterator[Formula]:
    """Yield the formulas of the numbers of *box* that *out_fmt* has and *in_fmt* lacks."""
    known = dict(zip(BOX_LETTERS[in_fmt], format_box(box, in_fmt), strict=True))
    for letter in BOX_LETTERS[out_fmt]:
        if letter not in known:
            yield build_formula(letter, CONVERSION_SOURCES[in_fmt][letter], **known)


def _format_box_letters(fmt: str) -> str:
    return f"({', '.join(BOX_LETTERS[fmt])})"


def describe_box_conventions(fmt: str, *, inclusive: bool, boxes: str) -> Iterator[TextStep]:
    """Yield the notes that precede the corners of *boxes*: last pixel and box format."""
    if inclusive:
        yield TextStep(INCLUSIVE_NOTE)
    if fmt != CORNER_FORMAT:
        yield TextStep(f"The corners of {boxes} are computed from the format {fmt}:")


def _trace_box_area(args: TracedArguments) -> Iterator[SolutionStep]:
    if args.inclusive:
        yield TextStep(INCLUSIVE_NOTE)
        x_1, y_1, x_2, y_2 = as_numbers(args.box, "the box")
        yield build_formula("w", "x_2 - x_1 + 1", x_1=x_1, x_2=x_2)
        yield build_formula("h", "y_2 - y_1 + 1", y_1=y_1, y_2=y_2)
    box = parse_box(args.box, "the box", fmt=args.fmt, inclusive=args.inclusive)
    if args.fmt == CORNER_FORMAT and not args.inclusive:
        yield from conversion_formulas(box, CORNER_FORMAT, "xywh")
    yield build_formula("A", "w*h", w=box.width, h=box.height)


def _trace_convert_box(args: TracedArguments) -> Iterator[SolutionStep]:
    box = parse_box(args.box, "the box", fmt=args.in_fmt)
    yield Array(_format_box_letters(args.in_fmt), Tensor.from_nested(format_box(box, args.in_fmt)))
    yield from conversion_formulas(box, args.in_fmt, args.out_fmt)
    name = _format_box_letters(args.out_fmt)
    if args.image is not None:
        yield TextStep("x and w are divided by the width W of the image, y and h by its height H.")
        yield from _trace_normalized_box(box, args.out_fmt, as_pair(args.image, "image"))
        name = "shares"
    yield Array(name, Tensor.from_nested(args.result))


def _trace_normalized_box(box: Box, fmt: str, image: tuple[int, int]) -> Iterator[Formula]:
    """Yield the numbers of *box* as fractions of the *image* size (height, width)."""
    sides: dict[str, Number] = {"H": image[0], "W": image[1]}
    for letter, number in zip(BOX_LETTERS[fmt], format_box(box, fmt), strict=True):
        side = "H" if "y" in letter or letter == "h" else "W"
        yield build_formula(f"{letter}'", f"{letter}/{side}", **{letter: number}, **sides)


TRACERS: Final[dict[str, Tracer]] = build_tracers(
    {box_area: _trace_box_area, convert_box: _trace_convert_box}
)
