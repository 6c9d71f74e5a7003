"""Chart model: one drawing at two widths, a summary in words, and a table of the data."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from api.pages.charts.scale import LinearScale
from api.pages.layout.formatting import format_count, format_number

WIDE_WIDTH: Final = 640
NARROW_WIDTH: Final = 340
"""Width for phones: a second drawing, because text scales with the chart."""


@dataclass(frozen=True, slots=True)
class ChartDrawing:
    """The content of an SVG, without its outer element."""

    width: int
    height: int
    body: Markup


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The data of a chart; the first cell of each row is its header."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: a summary in one sentence, two drawings, and a table of its data."""

    summary: str
    wide: ChartDrawing
    narrow: ChartDrawing
    table: ChartTable


@dataclass(frozen=True, slots=True)
class ChartBar:
    """A bar of height *count* between two values on the horizontal scale.

    *description* says what it counts; *late* bars look different.
    """

    left: float
    right: float
    count: int
    description: str
    late: bool = False


def draw_svg_element(tag: str, css_class: str, tooltip: str = "", **coordinates: float) -> Markup:
    """Return an SVG element of a class; *tooltip* appears on hover.

    >>> print(draw_svg_element("rect", "bar", x=1.25, width=3))
    <rect class="chart-bar" x="1.2" width="3"/>
    """
    # There are thousands on a page. Names are ours and places are numbers: nothing to escape.
    attributes = "".join(
        f' {name}="{format_coordinate(value)}"' for name, value in coordinates.items()
    )
    inner = f"><title>{escape(tooltip)}</title></{tag}>" if tooltip else "/>"
    return Markup(f'<{tag} class="chart-{css_class}"{attributes}{inner}')  # noqa: S704


def draw_line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    """Return a straight line from *start* to *end*."""
    return draw_svg_element("line", kind, x1=start[0], y1=start[1], x2=end[0], y2=end[1])


def draw_path(css_class: str, path_commands: str) -> Markup:
    """Return a path, which is shorter than the equivalent lines or rectangles."""
    return Markup(f'<path class="chart-{css_class}" d="{path_commands}"/>')  # noqa: S704  # ours, and numbers


def draw_text(
    content: str, position: tuple[float, float], *, anchor: str = "middle", kind: str = "tick"
) -> Markup:
    """Return a text element; *anchor* is its start, middle or end, placed at *position*."""
    attributes = Markup(' x="{}" y="{}" text-anchor="{}"').format(
        format_coordinate(position[0]), format_coordinate(position[1]), anchor
    )
    return Markup('<text class="chart-{}"{}>{}</text>').format(kind, attributes, escape(content))


def draw_count_axis(
    ticks: Sequence[int], y_scale: LinearScale, *, left: float, right: float
) -> Iterator[Markup]:
    """Yield a horizontal line for each tick, with its number on the left."""
    for tick in ticks:
        y = y_scale.position(tick)
        yield draw_line("grid", (left, y), (right, y))
        yield draw_text(format_number(tick), (left - 6, y + 4), anchor="end")


def draw_bars(
    chart_bars: Iterable[ChartBar],
    x_scale: LinearScale,
    y_scale: LinearScale,
    *,
    gap: float,
    noun: str,
) -> Iterator[Markup]:
    """Yield the nonzero bars with a *gap* between them; *noun* is the noun that they count."""
    for bar in chart_bars:
        if bar.count:
            left, right, top = (
                x_scale.position(bar.left),
                x_scale.position(bar.right),
                y_scale.position(bar.count),
            )
            size = {"width": right - left - gap, "height": y_scale.start - top}
            tooltip = f"{bar.description}: {format_count(bar.count, noun)}"
            yield draw_svg_element(
                "rect", "bar-late" if bar.late else "bar", tooltip, x=left + gap / 2, y=top, **size
            )


def format_coordinate(value: float) -> str:
    """Return a coordinate with at most one decimal place.

    >>> format_coordinate(3), format_coordinate(49.6)
    ('3', '49.6')
    """
    return f"{value:.1f}".removesuffix(".0")


def join_marks(marks: Iterable[Markup]) -> Markup:
    """Return the marks joined into one body."""
    return Markup("").join(marks)
