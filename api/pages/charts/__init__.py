"""Charts as SVG: pure functions of numbers, each with a table of its numbers.

Nothing here has a colour or a style: classes say what a mark is, and the style sheet how it looks.
"""

from api.pages.charts.boxes import Box, boxes
from api.pages.charts.columns import Column, columns
from api.pages.charts.drawn import Chart, Drawing, Table
from api.pages.charts.histogram import Bin, histogram
from api.pages.charts.inline import interval_bar, interval_dot

__all__ = [
    "Bin",
    "Box",
    "Chart",
    "Column",
    "Drawing",
    "Table",
    "boxes",
    "columns",
    "histogram",
    "interval_bar",
    "interval_dot",
]
