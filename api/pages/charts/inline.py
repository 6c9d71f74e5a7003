"""Inline charts for table cells: a share as a bar, a figure as a dot, with intervals.

Each cell also contains the number as text, so the charts are hidden from screen
readers.
"""

from typing import Final

from markupsafe import Markup

from api.pages.charts.chart import draw_path, draw_svg_element, format_coordinate, join_marks
from api.pages.charts.scale import LinearScale

WIDTH: Final = 100
BAR_HEIGHT: Final = 14
MIDDLE: Final = BAR_HEIGHT / 2
SVG_TEMPLATE: Final = Markup(
    '<svg class="chart-inline" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>'
)
"""The style sheet sets the size, since a page has dozens of these."""

IntervalEnds = tuple[float, float] | None
"""Lower and upper end of the interval that contains the true value."""


def draw_interval_bar(share: float | None, interval: IntervalEnds) -> Markup:
    """Return a bar from 0 to *share* on a scale up to 1, with a whisker for its interval."""
    across = LinearScale(0, 1, 0, WIDTH)
    marks = [_draw_bar("all", WIDTH)]
    if share is not None:
        marks.append(_draw_bar("bar", across.position(share)))
    return SVG_TEMPLATE.format(
        WIDTH, BAR_HEIGHT, join_marks([*marks, *_draw_whisker(across, interval)])
    )


def draw_interval_dot(figure: float | None, interval: IntervalEnds) -> Markup:
    """Return a dot on a scale from -1 to 1, with its interval and a line at 0."""
    across = LinearScale(-1, 1, 0, WIDTH)
    marks = [
        draw_path("grid", f"M0 {format_coordinate(MIDDLE)}h{WIDTH}"),
        draw_path("zero", f"M{format_coordinate(across.position(0))} 1v{BAR_HEIGHT - 2}"),
        *_draw_whisker(across, interval),
    ]
    if figure is not None:
        marks.append(
            draw_svg_element("circle", "dot", cx=across.position(figure), cy=MIDDLE, r=3.5)
        )
    return SVG_TEMPLATE.format(WIDTH, BAR_HEIGHT, join_marks(marks))


def _draw_bar(kind: str, width: float) -> Markup:
    return draw_path(kind, f"M0 3h{format_coordinate(width)}v8H0z")


def _draw_whisker(x_scale: LinearScale, interval: IntervalEnds) -> list[Markup]:
    if interval is None:
        return []
    low, high = (format_coordinate(x_scale.position(end)) for end in interval)
    return [draw_path("whisker", f"M{low} 4v6m0-3H{high}m0-3v6")]
