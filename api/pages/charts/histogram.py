"""A histogram of scores, with the median."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from api.pages.charts.chart import (
    NARROW_WIDTH,
    WIDE_WIDTH,
    Chart,
    ChartBar,
    ChartDrawing,
    ChartTable,
    draw_bars,
    draw_count_axis,
    draw_line,
    draw_text,
    join_marks,
)
from api.pages.charts.scale import LinearScale, choose_ticks
from api.pages.layout.formatting import format_count, format_number

HEIGHT: Final = 220
TOP, BOTTOM, LEFT, RIGHT = 26, 40, 46, 14
GAP: Final = 2
EDGE_MARGIN: Final = 40
"""Distance from an edge within which a label is next to its line, not above it."""


@dataclass(frozen=True, slots=True)
class HistogramBin:
    """The number of values from *low* to *high*."""

    low: float
    high: float
    count: int


def draw_histogram(
    bins: Sequence[HistogramBin], *, median: float | None, unit: str, noun: str
) -> Chart:
    """Return a histogram of bins of equal width.

    *noun* is the noun for the things counted, *unit* the measured quantity.

    >>> bins = [HistogramBin(0, 5, 1), HistogramBin(5, 10, 3)]
    >>> draw_histogram(bins, median=7, unit="points", noun="student").summary
    'Histogram of 4 students by points; the median is 7.'
    """
    everybody = format_count(sum(one.count for one in bins), noun)
    middle = "" if median is None else f"; the median is {format_number(median)}"
    return Chart(
        summary=f"Histogram of {everybody} by {unit}{middle}.",
        wide=_draw_at_width(bins, WIDE_WIDTH, median=median, unit=unit, noun=noun),
        narrow=_draw_at_width(bins, NARROW_WIDTH, median=median, unit=unit, noun=noun),
        table=ChartTable(
            (unit.capitalize(), f"{noun.capitalize()}s"),
            tuple((_format_range(one), format_number(one.count)) for one in bins),
        ),
    )


def _format_range(histogram_bin: HistogramBin) -> str:
    return f"{format_number(histogram_bin.low, 1)}\N{EN DASH}{format_number(histogram_bin.high, 1)}"


def _draw_at_width(
    bins: Sequence[HistogramBin], width: int, *, median: float | None, unit: str, noun: str
) -> ChartDrawing:
    ticks = choose_ticks(max((one.count for one in bins), default=0))
    across = LinearScale(bins[0].low, bins[-1].high, LEFT, width - RIGHT)
    up = LinearScale(0, ticks[-1], HEIGHT - BOTTOM, TOP)
    chart_bars = (ChartBar(one.low, one.high, one.count, _format_range(one)) for one in bins)
    marks = [
        *draw_count_axis(ticks, up, left=LEFT, right=width - RIGHT),
        *draw_bars(chart_bars, across, up, gap=GAP, noun=noun),
        *_draw_edge_labels(bins, across, every=1 if width == WIDE_WIDTH else 2),
        draw_text(unit, ((LEFT + width - RIGHT) / 2, HEIGHT - 4), kind="axis"),
        *_draw_median_line(median, across, width),
    ]
    return ChartDrawing(width, HEIGHT, join_marks(marks))


def _draw_edge_labels(
    bins: Sequence[HistogramBin], x_scale: LinearScale, *, every: int
) -> Iterator[Markup]:
    ends = [bins[0].low, *(one.high for one in bins)]
    for index, end in enumerate(ends):
        if index % every == 0:
            yield draw_text(format_number(end, 1), (x_scale.position(end), HEIGHT - BOTTOM + 16))


def _draw_median_line(median: float | None, x_scale: LinearScale, width: int) -> Iterator[Markup]:
    if median is None:
        return
    x = x_scale.position(median)
    yield draw_line("median", (x, TOP - 4), (x, HEIGHT - BOTTOM))
    anchor = "end" if x > width - EDGE_MARGIN else "start" if x < EDGE_MARGIN + LEFT else "middle"
    yield draw_text(
        f"median {format_number(median, 1)}", (x, TOP - 10), anchor=anchor, kind="label"
    )
