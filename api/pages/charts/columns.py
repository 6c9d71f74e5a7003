"""Columns of counts side by side, such as hand-ins by the time that was left."""

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
from api.pages.layout.formatting import number

__all__ = ["Column", "columns"]

HEIGHT: Final = 190
TOP, BOTTOM, LEFT, RIGHT = 22, 40, 46, 14
GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A count with a short label below it, and the words for it in the table.

    *late*: it belongs behind the line.
    """

    label: str
    says: str
    count: int
    late: bool = False


def columns(every: Sequence[Column], *, says: str, axis: str, who: str, behind: str) -> Chart:
    """Return columns in their order; a line *behind* which the late ones stand is named."""
    names = {"axis": axis, "who": who, "behind": behind}
    return Chart(
        says=says,
        wide=_drawing(every, WIDE, **names),
        narrow=_drawing(every, NARROW, **names),
        table=Table(
            (axis.capitalize(), f"{who.capitalize()}s"),
            tuple((one.says, number(one.count)) for one in every),
        ),
    )


def _drawing(every: Sequence[Column], width: int, *, axis: str, who: str, behind: str) -> Drawing:
    ticks = counting(max((one.count for one in every), default=0))
    across = Scale(0, max(len(every), 1), LEFT, width - RIGHT)
    up = Scale(0, ticks[-1], HEIGHT - BOTTOM, TOP)
    found = (Bar(at, at + 1, one.count, one.says, one.late) for at, one in enumerate(every))
    marks = [
        *counts(ticks, up, left=LEFT, right=width - RIGHT),
        *bars(found, across, up, gap=GAP, who=who),
        *_labels(every, across, step=1 if width == WIDE else 2),
        text(axis, ((LEFT + width - RIGHT) / 2, HEIGHT - 4), kind="axis"),
        *_line(every, across, behind),
    ]
    return Drawing(width, HEIGHT, joined(marks))


def _labels(every: Sequence[Column], across: Scale, *, step: int) -> Iterator[Markup]:
    """Yield the labels below, on narrow drawings every second one."""
    for at, one in enumerate(every):
        if at % step == 0:
            yield text(one.label, ((across.at(at) + across.at(at + 1)) / 2, HEIGHT - BOTTOM + 16))


def _line(every: Sequence[Column], across: Scale, behind: str) -> Iterator[Markup]:
    first = next((at for at, one in enumerate(every) if one.late), None)
    if first:
        x = across.at(first)
        yield line("median", (x, TOP - 4), (x, HEIGHT - BOTTOM))
        yield text(behind, (x, TOP - 9), kind="label")
