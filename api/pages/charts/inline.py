"""Small drawings for cells of tables: a share as a bar and a figure as a dot, with intervals.

The number stands beside each in words, so that they are hidden from who cannot see them.
"""

from typing import Final

from markupsafe import Markup

from api.pages.charts.drawn import joined, mark, path, place
from api.pages.charts.scale import Scale

__all__ = ["interval_bar", "interval_dot"]

WIDTH: Final = 100
BAR_HEIGHT: Final = 14
MIDDLE: Final = BAR_HEIGHT / 2
OUTER: Final = Markup('<svg class="chart-inline" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>')
"""The style sheet gives it its size; there are dozens on a page."""

Interval = tuple[float, float] | None
"""The two ends between which the true figure lies."""


def interval_bar(share: float | None, interval: Interval) -> Markup:
    """Return a bar from 0 to *share* of 1, with a whisker over its interval."""
    across = Scale(0, 1, 0, WIDTH)
    marks = [_bar("all", WIDTH)]
    if share is not None:
        marks.append(_bar("bar", across.at(share)))
    return OUTER.format(WIDTH, BAR_HEIGHT, joined([*marks, *_whisker(across, interval)]))


def interval_dot(figure: float | None, interval: Interval) -> Markup:
    """Return a dot between -1 and 1 with its interval, and a line at 0."""
    across = Scale(-1, 1, 0, WIDTH)
    marks = [
        path("grid", f"M0 {place(MIDDLE)}h{WIDTH}"),
        path("zero", f"M{place(across.at(0))} 1v{BAR_HEIGHT - 2}"),
        *_whisker(across, interval),
    ]
    if figure is not None:
        marks.append(mark("circle", "dot", cx=across.at(figure), cy=MIDDLE, r=3.5))
    return OUTER.format(WIDTH, BAR_HEIGHT, joined(marks))


def _bar(kind: str, width: float) -> Markup:
    return path(kind, f"M0 3h{place(width)}v8H0z")


def _whisker(across: Scale, interval: Interval) -> list[Markup]:
    if interval is None:
        return []
    low, high = (place(across.at(end)) for end in interval)
    return [path("whisker", f"M{low} 4v6m0-3H{high}m0-3v6")]
