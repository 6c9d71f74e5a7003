"""Tests of the charts: correct totals, drawings within bounds, and matching tables."""

import re
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest

from api.pages.charts import (
    BoxPlotRow,
    Chart,
    ChartColumn,
    ChartDrawing,
    HistogramBin,
    draw_box_plots,
    draw_column_chart,
    draw_histogram,
    draw_interval_bar,
    draw_interval_dot,
)
from api.pages.charts.scale import LinearScale, choose_ticks

LETTER = 7.5
"""Maximum width of a letter in a chart, in units of the drawing."""


def element(drawn: ChartDrawing) -> Element:
    """Return a drawing as an element; it must be well-formed."""
    return fromstring(f"<svg>{drawn.body}</svg>")


def drawings(chart: Chart) -> list[ChartDrawing]:
    return [chart.wide, chart.narrow]


def of_class(drawn: ChartDrawing, name: str) -> list[Element]:
    return [one for one in element(drawn).iter() if one.get("class") == f"chart-{name}"]


def number(one: Element, name: str) -> float:
    return float(one.get(name, "nan"))


def span(one: Element) -> tuple[float, float]:
    """Return the left and right ends of a text, estimated generously."""
    x, width = number(one, "x"), LETTER * len(one.text or "")
    match one.get("text-anchor"):
        case "start":
            return x, x + width
        case "end":
            return x - width, x
    return x - width / 2, x + width / 2


def scores(*counts: int) -> list[HistogramBin]:
    return [HistogramBin(10.0 * at, 10.0 * at + 10, count) for at, count in enumerate(counts)]


MANY = scores(0, 4, 6, 19, 18, 58, 25, 31, 13, 1026)
HISTOGRAM = draw_histogram(MANY, median=54.5, unit="score (%)", noun="student")
SPANS = ["\u22127 d", "\u22123 d", "\u22121 d", "\u221212 h", "\u22126 h", "\u22121 h", "due"]
COLUMNS = draw_column_chart(
    [
        *(ChartColumn(one, f"up to {one}", 7) for one in SPANS),
        ChartColumn("+1 d", "a day after", 3, late=True),
        ChartColumn("later", "more than that", 0, late=True),
    ],
    summary="When students handed in.",
    axis="time from the due time",
    noun="student",
    late_label="due",
)
BOXES = draw_box_plots(
    [
        BoxPlotRow("Homework 1", 40, 30, 50, 70, 51),
        BoxPlotRow(
            "A title that is far too long for a drawing of a telephone", 40, 100, 100, 100, 100
        ),
        BoxPlotRow("<b>&amp;", 1, 0, 0, 0, 0),
    ],
    summary="Scores.",
    row_header="Assignment",
    noun="student",
)
EVERY = pytest.mark.parametrize(
    "chart", [HISTOGRAM, COLUMNS, BOXES], ids=["bins", "columns", "box"]
)


@EVERY
def test_chart_elements_stay_within_the_drawing(chart):
    for drawn in drawings(chart):
        for one in element(drawn).iter():
            for name, most in (("x", drawn.width), ("y", drawn.height)):
                if one.get(name) is not None:
                    size = float(one.get({"x": "width", "y": "height"}[name], "0"))
                    assert 0 <= number(one, name) <= number(one, name) + size <= most
        for one in element(drawn).iter("text"):
            start, end = span(one)
            assert start >= 0, one.text
            assert end <= drawn.width, one.text


@EVERY
def test_labels_below_a_chart_do_not_overlap(chart):
    for drawn in drawings(chart):
        rows: dict[float, list[tuple[float, float]]] = {}
        for one in of_class(drawn, "tick"):
            if one.get("text-anchor") == "middle":
                rows.setdefault(number(one, "y"), []).append(span(one))
        for row in rows.values():
            ends = sorted(row)
            pairs = pairwise(ends)
            assert all(before[1] <= after[0] for before, after in pairs)


@EVERY
def test_charts_contain_no_inline_styles_scripts_or_colors(chart):
    for drawn in drawings(chart):
        names = {name for one in element(drawn).iter() for name in one.attrib}
        assert not names & {"style", "fill", "stroke", "color", "onclick", "href"}


@EVERY
def test_chart_table_has_one_cell_per_header(chart):
    assert chart.table.rows
    assert {len(row) for row in chart.table.rows} == {len(chart.table.head)}


@pytest.mark.parametrize("drawn", drawings(HISTOGRAM))
def test_bar_heights_are_proportional_to_counts(drawn):
    bars = of_class(drawn, "bar")
    told = [int(re.sub(r"\D", "", one[0].text.rpartition(": ")[2])) for one in bars]
    assert told == [one.count for one in MANY if one.count]
    shares = {
        round(number(one, "height") / count, 1) for one, count in zip(bars, told, strict=True)
    }
    assert max(shares) - min(shares) <= 0.1
    assert {number(one, "y") + number(one, "height") for one in bars} == {180.0}


def test_table_counts_add_up_to_all_students():
    counts = [int(re.sub(r"\D", "", row[1])) for row in HISTOGRAM.table.rows]
    assert counts == [one.count for one in MANY]
    assert f"{sum(counts):,}" in HISTOGRAM.summary


@pytest.mark.parametrize(
    ("median", "anchor"), [(0, "start"), (3, "start"), (50, "middle"), (99, "end"), (None, None)]
)
def test_median_label_stays_within_the_drawing(median, anchor):
    chart = draw_histogram(MANY, median=median, unit="score (%)", noun="student")
    for drawn in drawings(chart):
        labels = of_class(drawn, "label")
        assert [one.get("text-anchor") for one in labels] == ([anchor] if anchor else [])
        assert all(0 <= span(one)[0] <= span(one)[1] <= drawn.width for one in labels)


def test_empty_class_has_an_empty_histogram():
    chart = draw_histogram(scores(0, 0), median=None, unit="points", noun="student")
    assert of_class(chart.wide, "bar") == []
    assert chart.summary == "Histogram of 0 students by points."


def test_late_columns_are_styled_differently_and_the_due_line_is_labeled():
    for drawn in drawings(COLUMNS):
        [late] = of_class(drawn, "bar-late")
        [line] = of_class(drawn, "median")
        assert len(of_class(drawn, "bar")) == 7
        assert number(line, "x1") <= number(late, "x")
        assert [one.text for one in of_class(drawn, "label")] == ["due"]


def test_boxes_contain_their_median_and_long_names_are_truncated():
    for drawn in drawings(BOXES):
        for box, median in zip(of_class(drawn, "box"), of_class(drawn, "middle"), strict=True):
            left = number(box, "x")
            assert left <= number(median, "x1") <= left + number(box, "width")
        names = [one.text for one in of_class(drawn, "label")]
        assert names[0] == "Homework 1"
        assert names[2] == "<b>&amp;"
    assert of_class(BOXES.narrow, "label")[1].text.endswith("\u2026")
    assert BOXES.table.rows[1][0].endswith("telephone")


@pytest.mark.parametrize(
    ("most", "ticks"), [(0, 2), (1, 2), (4, 5), (5, 6), (6, 4), (33, 5), (1026, 4), (10**7, 6)]
)
def test_ticks_are_round_and_cover_the_maximum(most, ticks):
    found = choose_ticks(most)
    assert len(found) == ticks
    assert found[0] == 0
    assert found[-1] >= max(most, 1)


@pytest.mark.parametrize(("value", "place"), [(-5, 0), (0, 0), (50, 100), (100, 200), (1e9, 200)])
def test_values_outside_a_scale_are_clamped_to_its_edge(value, place):
    assert LinearScale(0, 100, 0, 200).position(value) == place


@pytest.mark.parametrize(
    ("drawn", "mark", "whisker"),
    [
        (
            draw_interval_bar(0.5, (0.4, 0.6)),
            'class="chart-bar" d="M0 3h50v8',
            "M40 4v6m0-3H60m0-3v6",
        ),
        (draw_interval_bar(None, None), 'class="chart-all" d="M0 3h100v8', None),
        (draw_interval_dot(0, (-1, 1)), 'class="chart-dot" cx="50"', "M0 4v6m0-3H100m0-3v6"),
        (draw_interval_dot(-0.5, None), 'class="chart-dot" cx="25"', None),
        (draw_interval_dot(None, None), 'class="chart-zero" d="M50 1', None),
    ],
)
def test_table_cell_figure_is_drawn_with_its_interval(drawn, mark, whisker):
    assert mark in drawn
    paths = [one.get("d") for one in fromstring(drawn) if one.get("class") == "chart-whisker"]
    assert paths == ([whisker] if whisker else [])
    assert 'aria-hidden="true"' in drawn
