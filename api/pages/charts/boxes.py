"""Box plots of scores, one per line: the box is the middle half, its line the median."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from api.pages.charts.chart import (
    NARROW_WIDTH,
    WIDE_WIDTH,
    Chart,
    ChartDrawing,
    ChartTable,
    draw_line,
    draw_svg_element,
    draw_text,
    join_marks,
)
from api.pages.charts.scale import LinearScale
from api.pages.layout.formatting import format_number

ROW_HEIGHT: Final = 44
TOP, BOTTOM, LEFT, RIGHT = 8, 36, 10, 14
BOX_HEIGHT: Final = 12
LETTER_WIDTH: Final = 7.6
"""Approximate width of a letter, for truncating names that would overflow the drawing."""
PERCENT_TICKS: Final = range(0, 101, 20)


@dataclass(frozen=True, slots=True)
class BoxPlotRow:
    """The quartiles and the mean of *count* scores, in percent."""

    label: str
    count: int
    low: float
    median: float
    high: float
    mean: float


def draw_box_plots(
    rows: Sequence[BoxPlotRow], *, summary: str, row_header: str, noun: str
) -> Chart:
    """Return a chart with one line per box plot, on a scale from 0 to 100 %."""
    head = (row_header, f"{noun.capitalize()}s", "Lower quartile %", "Median %", "Upper quartile %")
    return Chart(
        summary=summary,
        wide=_draw_at_width(rows, WIDE_WIDTH),
        narrow=_draw_at_width(rows, NARROW_WIDTH),
        table=ChartTable((*head, "Mean %"), tuple(map(_format_table_row, rows))),
    )


def _format_table_row(box: BoxPlotRow) -> tuple[str, ...]:
    figures = (box.low, box.median, box.high, box.mean)
    return box.label, format_number(box.count), *(format_number(figure, 1) for figure in figures)


def _draw_at_width(rows: Sequence[BoxPlotRow], width: int) -> ChartDrawing:
    across = LinearScale(0, 100, LEFT, width - RIGHT)
    floor = TOP + ROW_HEIGHT * len(rows)
    marks = [
        *_draw_percent_axis(across, floor, width),
        *(
            one
            for index, box in enumerate(rows)
            for one in _draw_box(box, across, TOP + ROW_HEIGHT * index, width)
        ),
    ]
    return ChartDrawing(width, floor + BOTTOM, join_marks(marks))


def _draw_percent_axis(x_scale: LinearScale, floor: float, width: int) -> Iterator[Markup]:
    for share in PERCENT_TICKS:
        x = x_scale.position(share)
        yield draw_line("grid", (x, TOP), (x, floor))
        yield draw_text(format_number(share), (x, floor + 16))
    yield draw_text("score (%)", (width / 2, floor + BOTTOM - 4), kind="axis")


def _draw_box(box: BoxPlotRow, x_scale: LinearScale, top: float, width: int) -> Iterator[Markup]:
    y = top + ROW_HEIGHT - BOX_HEIGHT - 8
    low, high = x_scale.position(box.low), x_scale.position(box.high)
    yield draw_text(
        _truncate_label(box.label, width), (LEFT, top + 15), anchor="start", kind="label"
    )
    tooltip = (
        f"{box.label}: middle half {format_number(box.low, 1)} to {format_number(box.high, 1)} %"
    )
    yield draw_svg_element(
        "rect", "box", tooltip, x=low, y=y, width=max(high - low, 2), height=BOX_HEIGHT
    )
    yield draw_line(
        "middle",
        (x_scale.position(box.median), y - 3),
        (x_scale.position(box.median), y + BOX_HEIGHT + 3),
    )
    yield draw_svg_element(
        "circle",
        "mean",
        f"mean {format_number(box.mean, 1)} %",
        cx=x_scale.position(box.mean),
        cy=y + BOX_HEIGHT / 2,
        r=3,
    )


def _truncate_label(label: str, width: int) -> str:
    room = int((width - LEFT - RIGHT) / LETTER_WIDTH)
    return label if len(label) <= room else f"{label[: room - 1]}\N{HORIZONTAL ELLIPSIS}"
