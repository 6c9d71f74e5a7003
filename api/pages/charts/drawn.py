"""What a chart is: the same drawing at two widths, in words, and as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from api.pages.charts.scale import Scale
from api.pages.layout.formatting import counted, number

__all__ = [
    "NARROW",
    "WIDE",
    "Bar",
    "Chart",
    "Drawing",
    "Table",
    "bars",
    "counts",
    "joined",
    "line",
    "mark",
    "path",
    "place",
    "text",
]

WIDE: Final = 640
NARROW: Final = 340
"""Text in a drawing scales with it, so that phones get a drawing of their own."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG without its outer element."""

    width: int
    height: int
    body: Markup


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart: the first cell of a row is its head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: what it says in a sentence, two drawings, and its table."""

    says: str
    wide: Drawing
    narrow: Drawing
    table: Table


@dataclass(frozen=True, slots=True)
class Bar:
    """A count between two figures of the scale across, in words what it counts; *late* is seen."""

    left: float
    right: float
    count: int
    says: str
    late: bool = False


def mark(name: str, kind: str, says: str = "", **at: float) -> Markup:
    """Return an SVG element of a class at a place; *says* is shown where one points at it.

    >>> print(mark("rect", "bar", x=1.25, width=3))
    <rect class="chart-bar" x="1.2" width="3"/>
    """
    # There are thousands on a page. Names are ours and places are numbers: nothing to escape.
    places = "".join(f' {name}="{place(value)}"' for name, value in at.items())
    inner = f"><title>{escape(says)}</title></{name}>" if says else "/>"
    return Markup(f'<{name} class="chart-{kind}"{places}{inner}')  # noqa: S704


def line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    """Return a straight line."""
    return mark("line", kind, x1=start[0], y1=start[1], x2=end[0], y2=end[1])


def path(kind: str, steps: str) -> Markup:
    """Return a path of a class, which is shorter than the lines or rectangles that it is."""
    return Markup(f'<path class="chart-{kind}" d="{steps}"/>')  # noqa: S704  # ours, and numbers


def text(
    said: str, at: tuple[float, float], *, anchor: str = "middle", kind: str = "tick"
) -> Markup:
    """Return a text; *anchor* is which end of it stands at the place."""
    places = Markup(' x="{}" y="{}" text-anchor="{}"').format(place(at[0]), place(at[1]), anchor)
    return Markup('<text class="chart-{}"{}>{}</text>').format(kind, places, escape(said))


def counts(ticks: Sequence[int], up: Scale, *, left: float, right: float) -> Iterator[Markup]:
    """Yield a line across for each tick of a scale of counts, with its number at the left."""
    for tick in ticks:
        y = up.at(tick)
        yield line("grid", (left, y), (right, y))
        yield text(number(tick), (left - 6, y + 4), anchor="end")


def bars(
    every: Iterable[Bar], across: Scale, up: Scale, *, gap: float, who: str
) -> Iterator[Markup]:
    """Yield the bars of all counts but 0, with a *gap* between them; *who* is counted."""
    for one in every:
        if one.count:
            left, right, top = across.at(one.left), across.at(one.right), up.at(one.count)
            size = {"width": right - left - gap, "height": up.start - top}
            words = f"{one.says}: {counted(one.count, who)}"
            yield mark(
                "rect", "bar-late" if one.late else "bar", words, x=left + gap / 2, y=top, **size
            )


def place(value: float) -> str:
    """Return a place in a drawing as it is written.

    >>> place(3), place(49.6)
    ('3', '49.6')
    """
    return f"{value:.1f}".removesuffix(".0")


def joined(marks: Iterable[Markup]) -> Markup:
    """Return marks as one body."""
    return Markup("").join(marks)
