"""A histogram of scores, with the median."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from api.pages.charts.drawn import (
    NARROW,
    WIDE,
    Bar,
    Chart,
    Drawing,
    Table,
    bars,
    counts,
    joined,
    line,
    text,
)
from api.pages.charts.scale import Scale, counting
from api.pages.layout.formatting import counted, number

__all__ = ["Bin", "histogram"]

HEIGHT: Final = 220
TOP, BOTTOM, LEFT, RIGHT = 26, 40, 46, 14
GAP: Final = 2
EDGE: Final = 40
"""As near as this to an edge a label is put beside its line instead of above it."""


@dataclass(frozen=True, slots=True)
class Bin:
    """How many lie from *low* up to *high*."""

    low: float
    high: float
    count: int


def histogram(bins: Sequence[Bin], *, median: float | None, unit: str, who: str) -> Chart:
    """Return a histogram of bins of one width; *who* is counted, *unit* is what is measured.

    >>> histogram([Bin(0, 5, 1), Bin(5, 10, 3)], median=7, unit="points", who="student").says
    'Histogram of 4 students by points; the median is 7.'
    """
    everybody = counted(sum(one.count for one in bins), who)
    middle = "" if median is None else f"; the median is {number(median)}"
    return Chart(
        says=f"Histogram of {everybody} by {unit}{middle}.",
        wide=_drawing(bins, WIDE, median=median, unit=unit, who=who),
        narrow=_drawing(bins, NARROW, median=median, unit=unit, who=who),
        table=Table(
            (unit.capitalize(), f"{who.capitalize()}s"),
            tuple((_span(one), number(one.count)) for one in bins),
        ),
    )


def _span(one: Bin) -> str:
    return f"{number(one.low, 1)}\N{EN DASH}{number(one.high, 1)}"


def _drawing(
    bins: Sequence[Bin], width: int, *, median: float | None, unit: str, who: str
) -> Drawing:
    ticks = counting(max((one.count for one in bins), default=0))
    across = Scale(bins[0].low, bins[-1].high, LEFT, width - RIGHT)
    up = Scale(0, ticks[-1], HEIGHT - BOTTOM, TOP)
    found = (Bar(one.low, one.high, one.count, _span(one)) for one in bins)
    marks = [
        *counts(ticks, up, left=LEFT, right=width - RIGHT),
        *bars(found, across, up, gap=GAP, who=who),
        *_below(bins, across, every=1 if width == WIDE else 2),
        text(unit, ((LEFT + width - RIGHT) / 2, HEIGHT - 4), kind="axis"),
        *_median(median, across, width),
    ]
    return Drawing(width, HEIGHT, joined(marks))


def _below(bins: Sequence[Bin], across: Scale, *, every: int) -> Iterator[Markup]:
    ends = [bins[0].low, *(one.high for one in bins)]
    for at, end in enumerate(ends):
        if at % every == 0:
            yield text(number(end, 1), (across.at(end), HEIGHT - BOTTOM + 16))


def _median(median: float | None, across: Scale, width: int) -> Iterator[Markup]:
    if median is None:
        return
    x = across.at(median)
    yield line("median", (x, TOP - 4), (x, HEIGHT - BOTTOM))
    anchor = "end" if x > width - EDGE else "start" if x < EDGE + LEFT else "middle"
    yield text(f"median {number(median, 1)}", (x, TOP - 10), anchor=anchor, kind="label")
