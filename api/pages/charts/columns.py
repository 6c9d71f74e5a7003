"""Column charts of counts, such as submissions by the time left."""

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
from api.pages.layout.formatting import format_number

HEIGHT: Final = 190
TOP, BOTTOM, LEFT, RIGHT = 22, 40, 46, 14
GAP: Final = 3


@dataclass(frozen=True, slots=True)
class ChartColumn:
    """A count with a short *label* below it, and a *description* for the table.

    *late* columns stand behind the line.
    """

    label: str
    description: str
    count: int
    late: bool = False


def draw_column_chart(
    chart_columns: Sequence[ChartColumn], *, summary: str, axis: str, noun: str, late_label: str
) -> Chart:
    """Return a column chart; a line labeled *late_label* precedes the late columns."""
    names = {"axis": axis, "noun": noun, "late_label": late_label}
    return Chart(
        summary=summary,
        wide=_draw_at_width(chart_columns, WIDE_WIDTH, **names),
        narrow=_draw_at_width(chart_columns, NARROW_WIDTH, **names),
        table=ChartTable(
            (axis.capitalize(), f"{noun.capitalize()}s"),
            tuple((column.description, format_number(column.count)) for column in chart_columns),
        ),
    )


def _draw_at_width(
    chart_columns: Sequence[ChartColumn], width: int, *, axis: str, noun: str, late_label: str
) -> ChartDrawing:
    ticks = choose_ticks(max((column.count for column in chart_columns), default=0))
    across = LinearScale(0, max(len(chart_columns), 1), LEFT, width - RIGHT)
    up = LinearScale(0, ticks[-1], HEIGHT - BOTTOM, TOP)
    chart_bars = (
        ChartBar(index, index + 1, column.count, column.description, column.late)
        for index, column in enumerate(chart_columns)
    )
    marks = [
        *draw_count_axis(ticks, up, left=LEFT, right=width - RIGHT),
        *draw_bars(chart_bars, across, up, gap=GAP, noun=noun),
        *_draw_labels(chart_columns, across, step=1 if width == WIDE_WIDTH else 2),
        draw_text(axis, ((LEFT + width - RIGHT) / 2, HEIGHT - 4), kind="axis"),
        *_draw_late_line(chart_columns, across, late_label),
    ]
    return ChartDrawing(width, HEIGHT, join_marks(marks))


def _draw_labels(
    chart_columns: Sequence[ChartColumn], x_scale: LinearScale, *, step: int
) -> Iterator[Markup]:
    """Yield the labels below the columns, at every *step*-th column."""
    for index, column in enumerate(chart_columns):
        if index % step == 0:
            yield draw_text(
                column.label,
                ((x_scale.position(index) + x_scale.position(index + 1)) / 2, HEIGHT - BOTTOM + 16),
            )


def _draw_late_line(
    chart_columns: Sequence[ChartColumn], x_scale: LinearScale, late_label: str
) -> Iterator[Markup]:
    first = next((index for index, column in enumerate(chart_columns) if column.late), None)
    if first:
        x = x_scale.position(first)
        yield draw_line("median", (x, TOP - 4), (x, HEIGHT - BOTTOM))
        yield draw_text(late_label, (x, TOP - 9), kind="label")
