"""Positions of windows and stamps in words.

Prompts count from 0, so positions are ordinals ("1st row"), never bare numbers.
"""

import re
from collections.abc import Sequence
from textwrap import dedent
from typing import Final

from api.schemas.student.solution import WorkedStep

AXIS_NAMES: Final = ("map", "row", "column")
ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
TEENS: Final = range(11, 14)
POSITION_PATTERN: Final = re.compile(r"(?<=at )\(([1-9]\d*(?:, [1-9]\d*)*)\)")
"""A position in the text of a step, counted from 1."""


def describe_position(position: Sequence[int]) -> str:
    """Return the *position* of a cell, counted from 0, in words.

    >>> describe_position((0, 2)), describe_position((10,)), describe_position((1, 21, 3))
    ('1st row, 3rd column', '11th cell', '2nd map, 22nd row, 4th column')
    """
    if len(position) == 1:
        return f"{_format_ordinal(position[0] + 1)} cell"
    names = (
        AXIS_NAMES[len(AXIS_NAMES) - len(position) :]
        if len(position) <= len(AXIS_NAMES)
        else ("axis",) * len(position)
    )
    return ", ".join(
        f"{_format_ordinal(at + 1)} {name}" for at, name in zip(position, names, strict=True)
    )


def _format_ordinal(number: int) -> str:
    ending = "th" if number % 100 in TEENS else ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


def spell_out_position(text: str) -> str:
    """Return *text* with its first position in words.

    >>> spell_out_position("laid at (1, 2) of (3, 4)")
    'laid at the 1st row, 2nd column of (3, 4)'
    """
    return POSITION_PATTERN.sub(
        lambda match: f"the {describe_position(_parse_position(match[1]))}", text, count=1
    )


def _parse_position(text: str) -> list[int]:
    return [int(at) - 1 for at in text.split(", ")]


def window_calculation(step: WorkedStep) -> str:
    """Return the calculation at a drawn window, without the position, which is visible."""
    _, _, calculation = step.text.partition(":")
    return dedent(calculation.removeprefix("\n")).lstrip()


def window_calculation_with_position(step: WorkedStep) -> str:
    """Return the position and calculation of a window that is not drawn.

    The position is short, since a page has many such lines.
    """
    _, colon, calculation = step.text.partition(":")
    position = describe_position(step.data["place"]).removesuffix(" column")
    return f"{position}{colon}{calculation}" if position else window_calculation(step)
