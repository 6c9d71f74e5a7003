"""Scores side by side, a line each: the middle half as a box, the median as a line in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from api.pages.charts.drawn import NARROW, WIDE, Chart, Drawing, Table, joined, line, mark, text
from api.pages.charts.scale import Scale
from api.pages.layout.formatting import number

__all__ = ["Box", "boxes"]

ROW: Final = 44
TOP, BOTTOM, LEFT, RIGHT = 8, 36, 10, 14
BAR: Final = 12
LETTER: Final = 7.6
"""How wide a letter is about, to shorten names that would run out of the drawing."""
PERCENT: Final = range(0, 101, 20)


@dataclass(frozen=True, slots=True)
class Box:
    """The quartiles of scores in percent, and their mean; *count* have one."""

    label: str
    count: int
    low: float
    median: float
    high: float
    mean: float


def boxes(every: Sequence[Box], *, says: str, what: str, who: str) -> Chart:
    """Return a line for each box on one scale from 0 to 100 %."""
    head = (what, f"{who.capitalize()}s", "Lower quartile %", "Median %", "Upper quartile %")
    return Chart(
        says=says,
        wide=_drawing(every, WIDE),
        narrow=_drawing(every, NARROW),
        table=Table((*head, "Mean %"), tuple(map(_row, every))),
    )


def _row(one: Box) -> tuple[str, ...]:
    figures = (one.low, one.median, one.high, one.mean)
    return one.label, number(one.count), *(number(figure, 1) for figure in figures)


def _drawing(every: Sequence[Box], width: int) -> Drawing:
    across = Scale(0, 100, LEFT, width - RIGHT)
    floor = TOP + ROW * len(every)
    marks = [
        *_grid(across, floor, width),
        *(one for at, box in enumerate(every) for one in _box(box, across, TOP + ROW * at, width)),
    ]
    return Drawing(width, floor + BOTTOM, joined(marks))


def _grid(across: Scale, floor: float, width: int) -> Iterator[Markup]:
    for share in PERCENT:
        x = across.at(share)
        yield line("grid", (x, TOP), (x, floor))
        yield text(number(share), (x, floor + 16))
    yield text("score (%)", (width / 2, floor + BOTTOM - 4), kind="axis")


def _box(one: Box, across: Scale, top: float, width: int) -> Iterator[Markup]:
    y = top + ROW - BAR - 8
    low, high = across.at(one.low), across.at(one.high)
    yield text(_fit(one.label, width), (LEFT, top + 15), anchor="start", kind="label")
    says = f"{one.label}: middle half {number(one.low, 1)} to {number(one.high, 1)} %"
    yield mark("rect", "box", says, x=low, y=y, width=max(high - low, 2), height=BAR)
    yield line("middle", (across.at(one.median), y - 3), (across.at(one.median), y + BAR + 3))
    yield mark(
        "circle",
        "mean",
        f"mean {number(one.mean, 1)} %",
        cx=across.at(one.mean),
        cy=y + BAR / 2,
        r=3,
    )


def _fit(label: str, width: int) -> str:
    room = int((width - LEFT - RIGHT) / LETTER)
    return label if len(label) <= room else f"{label[: room - 1]}\N{HORIZONTAL ELLIPSIS}"
