"""Small drawings for cells of tables: a share as a bar and a figure as a dot, with intervals.

The number stands beside each in words, so that they are hidden from who cannot see them.
"""

from typing import Final

from markupsafe import Markup

from api.pages.charts.drawn import joined, line, mark
from api.pages.charts.scale import Scale

__all__ = ["interval_bar", "interval_dot"]

WIDTH: Final = 100
BAR_HEIGHT: Final = 14
MIDDLE: Final = BAR_HEIGHT / 2
OUTER: Final = Markup(
    '<svg class="chart-inline" viewBox="0 0 {0} {1}" width="{0}" height="{1}" aria-hidden="true">'
    "{2}</svg>"
)

Interval = tuple[float, float] | None
"""The two ends between which the true figure lies."""


def interval_bar(share: float | None, interval: Interval) -> Markup:
    """Return a bar from 0 to *share* of 1, with a whisker over its interval."""
    across = Scale(0, 1, 0, WIDTH)
    marks = [mark("rect", "all", x=0, y=3, width=WIDTH, height=8)]
    if share is not None:
        marks.append(mark("rect", "bar", x=0, y=3, width=across.at(share), height=8))
    return _outer([*marks, *_whisker(across, interval)])


def interval_dot(figure: float | None, interval: Interval) -> Markup:
    """Return a dot between -1 and 1 with its interval, and a line at 0."""
    across = Scale(-1, 1, 0, WIDTH)
    marks = [
        line("grid", (0, MIDDLE), (WIDTH, MIDDLE)),
        line("zero", (across.at(0), 1), (across.at(0), BAR_HEIGHT - 1)),
        *_whisker(across, interval),
    ]
    if figure is not None:
        marks.append(mark("circle", "dot", cx=across.at(figure), cy=MIDDLE, r=3.5))
    return _outer(marks)


def _whisker(across: Scale, interval: Interval) -> list[Markup]:
    if interval is None:
        return []
    low, high = map(across.at, interval)
    ends = [line("whisker", (x, MIDDLE - 3), (x, MIDDLE + 3)) for x in (low, high)]
    return [line("whisker", (low, MIDDLE), (high, MIDDLE)), *ends]


def _outer(marks: list[Markup]) -> Markup:
    return OUTER.format(WIDTH, BAR_HEIGHT, joined(marks))
