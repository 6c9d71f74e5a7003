"""Tests of drawings from step data: receptive fields, totals, running sums and tables."""

import re

import pytest

from api.pages.drawing.receptive_fields import draw_receptive_field_picture
from api.pages.drawing.tables import render_array, render_cell, render_table
from api.pages.drawing.totals import draw_layer_counts_picture, draw_sum_picture
from api.pages.drawing.transposed_convolution import build_stamp_frames, is_partial_sum_step
from api.schemas.student.solution import WorkedStep

LAYERS = [["conv", 3, 1], ["pool", 4, 2], ["conv", 8, 2]]


def numbers(picture: str, name: str) -> list[int]:
    """Return the widths of the rectangles of the class *name* in *picture*."""
    return [int(one) for one in re.findall(rf'class="{name}"[^>]* width="(\d+)"', picture)]


def test_receptive_field_grows_backwards_to_table_value():
    found = draw_receptive_field_picture(["layer", "field", "jump"], LAYERS)
    assert re.findall(r">(?:after \w+|input): (\d+) cells?<", found) == ["1", "3", "6", "8"]
    assert "sees 8 cells of the input" in found


def test_input_row_does_not_change_receptive_field_picture():
    with_input = draw_receptive_field_picture(["", "r", "j"], [["input", 1, 1], *LAYERS])
    assert with_input == draw_receptive_field_picture(["layer", "field", "jump"], LAYERS)


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (["layer", "shape"], [["conv", [3, 3]]]),
        (["layer", "field", "jump"], []),
        (["layer", "field", "jump"], [["conv", 3, 1], ["…", "…", "…"]]),
        (["layer", "field", "jump"], [["conv", "7/2", 1]]),
    ],
)
def test_other_tables_give_no_receptive_field_picture(head, lines):
    assert draw_receptive_field_picture(head, lines) == ""


def test_each_bar_starts_where_previous_bar_ended():
    found = draw_layer_counts_picture(
        ["layer", "parameters"], [["a", 100], ["b", 300], ["relu", 0], ["c", 600]]
    )
    starts = [int(one) for one in re.findall(r'class="ws-bar" x="(\d+)"', found)]
    assert (starts, numbers(found, "ws-bar")) == ([0, 34, 136], [34, 102, 204])
    assert "1,000 in all" in found


def test_largest_layers_get_own_bars_and_others_share_one():
    found = draw_layer_counts_picture(["layer", "MACs"], [[f"n{at}", at] for at in range(1, 15)])
    assert found.count('class="ws-bar"') == 10
    assert "the other 5" in found


@pytest.mark.parametrize(
    ("terms", "sums", "is_drawn"),
    [
        ("conv1 + conv2 + fc", "2432 + 51264 + 650", True),
        ("2432 + 51264 + 650", "2432 + 51264 + 650", True),
        ("a + b", "2432 + 51264", False),
        ("a + b + c", "1 + 2 + 3", False),
        ("a + b·c + d", "2432 + 2·5 + 650", False),
        ("a - b + c", "2432 - 1 + 650", False),
    ],
)
def test_only_sums_of_several_large_numbers_are_drawn(terms, sums, is_drawn):
    assert bool(draw_sum_picture("total", terms, sums)) == is_drawn


def test_layer_names_are_escaped():
    found = draw_layer_counts_picture(["layer", "macs"], [["<b>", 1], ["b", 2], ["c", 3]])
    assert "&lt;b&gt;" in found
    assert "<b>" not in found + render_table(["<b>"], [["<b>"]]) + render_array("<b>", [[1]])


def stamp(name, value) -> WorkedStep:
    return WorkedStep(
        text=f"{name} =", mathml="", data={"type": "array", "name": name, "value": value}
    )


def test_cells_changed_by_stamp_are_marked():
    first = stamp("sum with 2·w at (1, 1)", [[2, 4, 0]])
    second = stamp("sum with -1·w at (1, 2)", [[2, 3, -2]])
    frames = build_stamp_frames([first, second], id_prefix="s", max_bytes=10_000).frames
    marks = [re.findall(r'class="ws-out" d="(.*?)"', one.drawings) for one in frames]
    assert marks == [["M0 0h38v48h-38zM38 0h38v48h-38z"], ["M38 0h38v48h-38zM76 0h38v48h-38z"]]
    assert frames[1].text == "−1 times the kernel, laid at the 1st row, 2nd column of the input"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("sum with 2·w at (1)", [2, 4], True),
        ("Y", [[1]], False),
        ("sum with 2·w at (1, 1, 1)", [[[[1]]]], False),
    ],
)
def test_stamps_are_recognized_by_name(name, value, expected):
    assert is_partial_sum_step(stamp(name, value)) is expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ([28, 28], "28×28"),
        ("1/3", "1/3"),
        (-2, "−2"),
        (True, "true"),
        (None, "none"),
        ("a<b", "a&lt;b"),
    ],
)
def test_cells_are_short_and_escaped(cell, expected):
    assert render_cell(cell) == expected


def test_tables_have_headers_and_no_empty_header_cells():
    found = render_table(["", "n"], [["conv", 3]])
    assert "<td></td>" in found
    assert '<th scope="row">conv</th><td>3</td>' in found
    assert render_array("X_P", [[[1]], [[2]]]).count("<table") == 2
