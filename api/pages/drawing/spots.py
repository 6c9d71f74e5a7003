"""Where a window or a stamp is, in words: prompts count from 0, so no figures tell it here."""

import re
from collections.abc import Sequence
from textwrap import dedent
from typing import Final

from api.schemas.student.solution import WorkedStep

__all__ = ["caption", "in_words", "line", "spot"]

AXES: Final = ("map", "row", "column")
ENDINGS: Final = {1: "st", 2: "nd", 3: "rd"}
TEENS: Final = range(11, 14)
INDEX: Final = re.compile(r"(?<=at )\(([1-9]\d*(?:, [1-9]\d*)*)\)")
"""A place as the steps tell it, counted from 1."""


def spot(place: Sequence[int]) -> str:
    """Return in words the *place* of a cell, which counts from 0.

    >>> spot((0, 2)), spot((10,)), spot((1, 21, 3))
    ('1st row, 3rd column', '11th cell', '2nd map, 22nd row, 4th column')
    """
    if len(place) == 1:
        return f"{_ordinal(place[0] + 1)} cell"
    names = AXES[len(AXES) - len(place) :] if len(place) <= len(AXES) else ("axis",) * len(place)
    return ", ".join(f"{_ordinal(at + 1)} {name}" for at, name in zip(place, names, strict=True))


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in TEENS else ENDINGS.get(number % 10, "th")
    return f"{number}{ending}"


def in_words(text: str) -> str:
    """Return *text* with the first place in it in words.

    >>> in_words("laid at (1, 2) of (3, 4)")
    'laid at the 1st row, 2nd column of (3, 4)'
    """
    return INDEX.sub(lambda found: f"the {spot(_counted(found[1]))}", text, count=1)


def _counted(place: str) -> list[int]:
    return [int(at) - 1 for at in place.split(", ")]


def caption(step: WorkedStep) -> str:
    """Return what is reckoned at a window that is drawn: its place is seen there."""
    _, _, reckoned = step.text.partition(":")
    return dedent(reckoned.removeprefix("\n")).lstrip()


def line(step: WorkedStep) -> str:
    """Return what is reckoned at a window that is not drawn, and where: a page has many of them."""
    _, colon, reckoned = step.text.partition(":")
    where = spot(step.data["place"]).removesuffix(" column")
    return f"{where}{colon}{reckoned}" if where else caption(step)
