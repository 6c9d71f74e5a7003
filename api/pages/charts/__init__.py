"""Charts as SVG: pure functions of numbers, each chart with a table of its data.

Charts set no colors or styles: a class names the kind of a mark, and the style sheet
defines its look.
"""

from api.pages.charts.boxes import BoxPlotRow, draw_box_plots
from api.pages.charts.chart import Chart, ChartDrawing, ChartTable
from api.pages.charts.columns import ChartColumn, draw_column_chart
from api.pages.charts.histogram import HistogramBin, draw_histogram
from api.pages.charts.inline import draw_interval_bar, draw_interval_dot

__all__ = [
    "BoxPlotRow",
    "Chart",
    "ChartColumn",
    "ChartDrawing",
    "ChartTable",
    "HistogramBin",
    "draw_box_plots",
    "draw_column_chart",
    "draw_histogram",
    "draw_interval_bar",
    "draw_interval_dot",
]
