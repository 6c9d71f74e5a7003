r"""Tests of pasted tables: common forms are read, and cells split only if unambiguous.

In the tables of this file, ⏎ means a new line.
"""

import json

import pytest
from factories import ask, mark

from grader.errors import AnswerError
from grader.reading.arrays.grid import MAX_LENGTH, split_table_rows
from grader.reading.arrays.latex_rows import split_latex_rows

NAMES = ("shape", "params")
ROWS = [["16×30×30", "448"], ["16×15×15", "0"]]
TABLE = ask(
    "table",
    rows="(3, 2)",
    start={"side": "32"},
    columns={
        "side": {"kind": "integer", "key": "side(prev.side, layer, stride=2)"},
        "count": {"kind": "integer", "key": "prev.side * 10"},
    },
)


def rows_of(typed, columns=NAMES, rows=2):
    return split_table_rows(typed.replace("⏎", "\n"), columns=columns, rows=rows)


@pytest.mark.parametrize(
    "typed",
    [
        "16×30×30 | 448⏎16×15×15 | 0",
        "16×30×30\t448⏎16×15×15\t0",
        "16×30×30;448⏎16×15×15;0",
        "16×30×30,448⏎16×15×15,0",
        "16×30×30, 448⏎16×15×15, 0",
        "16×30×30 448⏎16×15×15 0",
        "16×30×30     448⏎16×15×15       0",
        "16×30×30 & 448⏎16×15×15 & 0",
        "⏎16×30×30 | 448⏎ ⏎⏎16×15×15 | 0⏎",
        "| 16×30×30 | 448 |⏎| 16×15×15 | 0 |",
        "| 16×30×30 | 448⏎| 16×15×15 | 0",
        "16×30×30 | 448 |⏎16×15×15 | 0 |",
        "1. 16×30×30 | 448⏎2. 16×15×15 | 0",
        "(1) 16×30×30 | 448⏎(2) 16×15×15 | 0",
        "1. 16×30×30 448⏎2. 16×15×15 0",
        "shape | params⏎1. 16×30×30 | 448⏎2. 16×15×15 | 0",
        "16×30×30, 448,⏎16×15×15, 0",  # a comma behind the last cell of a line is read with it
        "| shape | params |⏎|---|---|⏎| 16×30×30 | 448 |⏎| 16×15×15 | 0 |",
        "| | shape | params |⏎|:-|:-:|--:|⏎| conv | 16×30×30 | 448 |⏎| pool | 16×15×15 | 0 |",
        "| | shape (1) | 2 |⏎| - | -- | -- |⏎| conv | 16×30×30 | 448 |⏎| | 16×15×15 | 0 |",
        "+-------+-----+⏎| shape | n   |⏎+=======+=====+⏎|16×30×30|448|⏎|16×15×15|0|⏎+----+----+",
        "shape\tparams⏎16×30×30\t448⏎16×15×15\t0",
        "Output shape; # of parameters⏎16×30×30;448⏎16×15×15;0",
        "layer,shape,params⏎conv1,16×30×30,448⏎pool1,16×15×15,0",
        "layer output shape params⏎conv1 16×30×30 448⏎pool1 16×15×15 0",
        "1 | 16×30×30 | 448⏎2 | 16×15×15 | 0",
        "conv (3×3), 16×30×30, 448⏎2. Pooling, 16×15×15, 0",
        "| conv | 16×30×30 | 448⏎| pool | 16×15×15 | 0",
        r"16×30×30 & 448 \\⏎16×15×15 & 0 \\",
        r"16×30×30 & 448 \\[2pt] \hline 16×15×15 & 0",
        r"\begin{tabular}{|c|c|}⏎shape & n \\ \hline⏎16×30×30 &⏎448 \\ 16×15×15 & 0⏎\end{tabular}",
        r"\begin{tabular*}[t]{cc}\toprule⏎16×30×30 & 448 \\ \cline{1-2}16×15×15 & 0 \\ \bottomrule",
        r"$$\begin{array}{l@{ }cc} \text{conv} & 16×30×30 & 448 \\ & 16×15×15 & 0 \end{array}$$",
        '[["16×30×30", "448"], ["16×15×15", "0"]]',
        '[["shape", "params"], ["16×30×30", "448"], ["16×15×15", "0"]]',
        '[{"shape": "16×30×30", "params": "448"}, {"Params": "0", "Shape": "16×15×15", "n": 2}]',
    ],
)
def test_table_is_read_in_every_layout(typed):
    found = [[str(cell).strip(",") for cell in row] for row in rows_of(typed)]
    assert found == ROWS


@pytest.mark.parametrize(
    ("typed", "cells"),
    [
        ("(16, 30, 30), 448", ["(16, 30, 30)", "448"]),
        ("(16,30,30),448", ["(16,30,30)", "448"]),
        ("[16, 30, 30] 448", ["[16, 30, 30]", "448"]),
        ('"16, 30, 30",448', ['"16, 30, 30"', "448"]),
        ("16, 30, 30 | 448", ["16, 30, 30", "448"]),
        ("(16; 30; 30); 448", ["(16; 30; 30)", "448"]),
        ("16×30×30, 1,448", ["16×30×30", "1,448"]),
        ("16 × 30 × 30   1,448", ["16 × 30 × 30", "1,448"]),
        ("conv1 (16, 30, 30) 448", ["(16, 30, 30)", "448"]),
        (r"16 & 5\% \\", ["16", r"5\%"]),
        ("16, 30, 30, 448", ["16, 30, 30, 448"]),  # how many of these are axes is not known
        ("16, 30, 448", ["16, 30, 448"]),
        ("16x30 30 448", ["16x30 30 448"]),
        ("max(3, 4), 5, 6", ["max(3, 4), 5, 6"]),
        ("3 + 4", ["3 + 4"]),
        ("3 +4", ["3 +4"]),
        ("1 234 567", ["1 234 567"]),
        ("0,5,0,25", ["0,5,0,25"]),
        ("(16, 30, 448", ["(16, 30, 448"]),
        ("n = 16, 30, 448", ["n = 16, 30, 448"]),
        ("", []),
    ],
)
def test_commas_and_blanks_separate_cells_only_if_unambiguous(typed, cells):
    assert rows_of(typed, rows=1) == ([cells] if cells else [])


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("1. | 448⏎2. | 0", [["1.", "448"], ["2.", "0"]]),
        ("1. & 448⏎2. & 0", [["1.", "448"], ["2.", "0"]]),
        ("shape | params⏎1. | 448⏎2. | 0", [["1.", "448"], ["2.", "0"]]),
        ("1. | 7 | 448⏎2. | 8 | 0", [["7", "448"], ["8", "0"]]),
        ("1. 7 | 448⏎2. 8 | 0", [["7", "448"], ["8", "0"]]),
        ("1. 448⏎2. 0", [["448"], ["0"]]),
        ("1.\t448⏎2.\t0", [["448"], ["0"]]),  # as word processors number lines
    ],
)
def test_row_numbers_form_a_column_only_if_bars_complete_the_rows_with_them(typed, rows):
    assert rows_of(typed) == rows


@pytest.mark.parametrize(
    ("typed", "rows"),
    [
        ("8×8⏎4×4", [["8×8"], ["4×4"]]),
        ("8, 8⏎4, 4", [["8, 8"], ["4, 4"]]),
        ("conv | 8×8⏎pool\t4×4", [["8×8"], ["4×4"]]),
        ("| shape |⏎|---|⏎| 8×8 |⏎| 4×4 |", [["8×8"], ["4×4"]]),
        ("|8 - 12| × 2⏎8", [["|8 - 12| × 2"], ["8"]]),
        (r"\begin{tabular}{c} 8×8 \\ 4×4 \end{tabular}", [["8×8"], ["4×4"]]),
    ],
)
def test_each_line_is_one_cell_if_the_table_has_one_column(typed, rows):
    assert rows_of(typed, columns=("shape",)) == rows


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("n | 2n⏎n | n", ["n", "2n"]),  # formulas, and as many rows as are asked for
        ("12 | n⏎1 | 2⏎3 | 4", ["12", "n"]),
        ("F | W⏎1 | 2⏎3 | 4", ["F", "W"]),
        ("12 | 7⏎--|--⏎1 | 2", ["12", "7"]),
    ],
)
def test_first_row_that_may_hold_values_is_not_a_header(typed, first):
    assert rows_of(typed)[0] == first


def test_row_numbers_are_not_part_of_a_cell():
    assert rows_of("1. 400 | 0⏎2. 120 | 7") == [["400", "0"], ["120", "7"]]
    assert rows_of("2. 400 | 0⏎3. 120 | 7")[0] == ["2. 400", "0"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("| side | count |⏎|---|---|⏎| 15 | 320 |", "The table has 1 row."),
        ("side, count⏎15, 320", "Row 1, side: "),
        (
            "15, 320⏎7, 15, 0",
            "Row 2 has 1 cell. Expected 2 cells, with bars: side | count.",
        ),
        ("15 | 320⏎7, soon", "Row 2, count: "),
        ("15; 320⏎conv 1 7 150", "Row 2 has 1 cell."),
        ("[[15, 320], [7]]", "Row 2 has 1 cell."),
        ('[[15, 320], {"side": 7}]', "Row 2 has no count. Expected side, count."),
        (
            '[[15, 320], {"side": 7, "count": 150, "w": 1, "h": 2}]',
            "Row 2 has 4 cells, one of them h. Expected side, count.",
        ),
        ('[[15, 320], {"side": 7, "count": [150]}]', "Row 2, count: "),
        ("[[15, 320], 7]", "The table has 1 row."),
    ],
)
def test_malformed_table_is_refused_with_the_row(typed, words):
    result = mark(TABLE, typed.replace("⏎", "\n"))
    assert result.status == "unreadable"
    assert words in result.feedback


@pytest.mark.parametrize(
    "typed", [[[15, 320], {"side": 7, "count": 150}], [["side", "count"], [15, 320], ["x", 7, 150]]]
)
def test_json_table_is_read_as_data_and_as_text(typed):
    assert mark(TABLE, typed).status == "correct"
    assert mark(TABLE, json.dumps(typed)).status == "correct"


def test_null_cell_in_json_is_empty():
    assert split_table_rows([{"a": 1, "b": None}], columns=("a", "b"), rows=1) == [[1, ""]]


@pytest.mark.parametrize("typed", [7, [7], "1 | 2\n" * MAX_LENGTH])
def test_invalid_table_is_refused(typed):
    with pytest.raises(AnswerError):
        split_table_rows(typed, columns=("a", "b"), rows=1)


@pytest.mark.parametrize(
    "piece",
    ["(", '"', r"\begin{a}{", r"\begin{a}[", r"&\\[", "--", "a, ", "&\\\\", "| ", "[[", "a1.1.1."],
)
def test_long_text_of_separators_is_handled_without_errors(piece):
    assert (
        split_table_rows(piece * (MAX_LENGTH // len(piece)), columns=("a", "b"), rows=1) is not None
    )


def test_text_without_latex_row_ends_is_not_a_latex_table():
    assert split_latex_rows("a & b\nc & d") == []
    assert split_latex_rows("a \\\\ b") == []
