"""Tests of tables: each row follows from the true or the student's own previous row."""

from fractions import Fraction

import pytest
from factories import ask, judged, mark, original
from pydantic import ValidationError

from grader.kinds import KINDS

# kernels 3, 3, 2 with stride 2 from side 32: sides 15, 7, 3; weights of so many channels
TABLE = ask(
    "table",
    rows="(3, 3, 2)",
    start={"side": "32"},
    columns={
        "side": {"kind": "integer", "key": "side(prev.side, layer, stride=2)"},
        "count": {"kind": "integer", "key": "prev.side * 10"},
    },
)
RIGHT = "15 | 320\n7 | 150\n3 | 70"


@pytest.mark.parametrize(
    ("typed", "credit_by", "status", "credit"),
    [
        (RIGHT, "row", "correct", 1),
        (RIGHT.replace(" | ", "\t"), "row", "correct", 1),
        (RIGHT.replace(" | ", ";"), "row", "correct", 1),
        (f"\n{RIGHT}\n\n", "row", "correct", 1),
        ("| 15 | 320 |\n| 7 | 150 |\n| 3 | 70 |", "row", "correct", 1),
        ("conv1 | 15 | 320\nconv2 | 7 | 150\npool | 3 | 70", "row", "correct", 1),
        ([[15, 320], [7, 150], [3, 70]], "row", "correct", 1),
        ([["15", "320"], ["7", "150"], ["3", "70"]], "row", "correct", 1),
        ("16 | 320\n7 | 160\n3 | 70", "row", "partial", Fraction(2, 3)),
        ("16 | 320\n7 | 150\n3 | 70", "row", "partial", Fraction(2, 3)),
        ("17 | 320\n8 | 170\n4 | 80", "row", "partial", Fraction(2, 3)),
        ("17 | 320\n8 | 170\n4 | 80", "cell", "partial", Fraction(5, 6)),
        ("17 | 320\n8 | 170\n4 | 80", "all", "wrong", 0),
        (RIGHT, "all", "correct", 1),
        ("1 | 1\n1 | 1\n1 | 1", "row", "wrong", 0),
        ("15 | 320\n\t7 | 150\n3 | 71", "cell", "partial", Fraction(5, 6)),
        ("0 | 320\n7 | 0\n3 | 70", "cell", "partial", Fraction(4, 6)),
        ("15 | 320\n7 | 150", "row", "unreadable", 0),
        (f"{RIGHT}\n1 | 10", "row", "unreadable", 0),
        ("15\n7\n3", "row", "unreadable", 0),
        ("15 | soon\n7 | 150\n3 | 70", "row", "unreadable", 0),
        ("1 | 2 | 3 | 4\n" * 3, "row", "unreadable", 0),
        ([15, 7, 3], "row", "unreadable", 0),
        ([[15, 320], [7, 150], 3], "row", "unreadable", 0),
        ([[15, [320]], [7, 150], [3, 70]], "row", "unreadable", 0),
        (7, "row", "unreadable", 0),
        ("1 | 2\n" * 10_000, "row", "unreadable", 0),
    ],
)
def test_row_may_follow_true_or_students_previous_row(typed, credit_by, status, credit):
    result = mark({**TABLE, "credit_by": credit_by}, typed)
    assert (result.status, result.credit) == (status, credit)


@pytest.mark.parametrize(
    ("typed", "credit"),
    [
        ([["", 320], [7, 150], [3, 70]], Fraction(5, 6)),
        ([["", 320], ["", 150], ["", 70]], Fraction(3, 6)),
        ("15 | 320\n7 |  |\n3 | 70", Fraction(5, 6)),
        ("15 | 320\nconv2 |  | 150\n3 | 70", Fraction(5, 6)),
    ],
)
def test_empty_cell_is_wrong_and_carries_true_value(typed, credit):
    result = mark({**TABLE, "credit_by": "cell"}, typed)
    assert (result.status, result.credit) == ("partial", credit)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("15 | 320\n7 | 150", "The table has 2 rows."),
        ("15 | 320\n7 | soon\n3 | 70", "Row 2, count: "),
        ("15 | 320\n7\n3 | 70", "Row 2 has 1 cell."),
    ],
)
def test_unreadable_row_is_reported(typed, words):
    assert words in mark(TABLE, typed).feedback


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("count | side\n320 | 15\n150 | 7\n70 | 3", "different order: count, side."),
        ("| # | Counts | $side$ |\n|---|---|---|\n|1|320|15|\n|2|150|7|\n|3|70|3|", "count, side."),
        ("count = 320, side = 15\n150, 7\n70, 3", "Expected side | count."),
        ([["15", "320"], ["count_2: 150", "side_2: 7"], ["3", "70"]], "Expected side | count."),
        (
            "15 | 320\n7×7 | 150\n3 | 70",
            "Row 2, side: '7×7' can be read as a size",
        ),
    ],
)
def test_other_column_orders_and_sizes_in_number_cells_are_refused(typed, said):
    result = mark(TABLE, typed)
    assert result.status == "unreadable"
    assert said in result.feedback


@pytest.mark.parametrize(
    "typed",
    [
        "side | count\n15 | 320\n7 | 150\n3 | 70",
        "side_1 = 15, count_1 = 320\nside = 7, count = 150\n3, 70",
        "Layer | Side (px) | number\nconv1 | 15 | 320\nconv2 | 7 | 150\npool | 3 | 70",
        "15 | 320\n7 | 150\n3 | 7x10",
    ],
)
def test_cells_with_their_own_names_are_read(typed):
    assert mark(TABLE, typed).status == "correct"


def test_table_reading_is_shown_row_by_row():
    typed = [["15", ""], [7, "150"], [3, 70]]
    assert mark(TABLE, typed).read_as == "15 | –\n7 | 150\n3 | 70"


def test_each_table_cell_is_marked_for_staff():
    assert mark(TABLE, "15 | 320\n8 | 150\n3 | 70").cells == (True, True, False, True, True, True)


def test_shape_follows_students_shape_only_with_equal_axis_count():
    part = ask(
        "table",
        rows="(2, 2)",
        start={"shape": "(3, 8)"},
        columns={
            "shape": {"kind": "shape", "key": "(prev.shape[0] * layer, halve(prev.shape[1]))"}
        },
    )
    assert mark(part, "6×4\n12×2").credit == 1
    assert mark(part, "6×6\n12×3").credit == Fraction(1, 2)
    assert mark(part, "6×6\n12×2").credit == Fraction(1, 2)
    assert mark(part, "6×4×1\n12×2").credit == Fraction(1, 2)
    assert mark(part, "9×6\n12×3").credit == 0


def test_table_rows_may_be_network_layers():
    column = {"kind": "integer", "key": "halve(layer)"}
    part = ask("table", rows="net", columns={"c": column})
    assert mark(part, "4\n3", params={"net": {"network": ["8", "6"]}}).status == "correct"


@pytest.mark.parametrize("rows", ["5", "()", "'text'", "broken()", "(2,)[5]", "record()"])
def test_invalid_rows_need_manual_review(rows):
    part = ask("table", rows=rows, columns={"c": {"kind": "integer", "key": "layer"}})
    assert mark(part, "5").status == "needs_review"


@pytest.mark.parametrize("key", ["prev.unknown", "broken(layer)", "layer.size"])
def test_cell_without_key_sends_table_to_manual_review(key):
    part = ask("table", rows="(1, 2)", columns={"c": {"kind": "integer", "key": key}})
    assert mark(part, "5\n6").status == "needs_review"


def test_wrong_version_names_mistake_made_in_every_row():
    part = ask("table", rows="(9, 7)", columns={"c": {"kind": "integer", "key": "halve(layer)"}})
    assert mark(part, "5\n4").mistakes == ("rounded_up",)
    assert mark(part, "5\n3").status == "partial"


def test_carried_mistake_earns_credit_for_every_consistent_row():
    """Row 1 is wrong; rows 2 and 3 are correct given row 1."""
    result = mark(TABLE, "20 | 320\n9 | 200\n4 | 90")
    assert (result.status, result.credit) == ("partial", Fraction(2, 3))


def test_one_slip_costs_one_row_of_number_column():
    """A typed whole number can stand in for an expected fraction."""
    column = {"kind": "number", "key": "prev.x / layer"}
    part = ask("table", rows="(2, 2)", start={"x": "5"}, columns={"x": column})
    assert mark(part, "2.5\n1.25").credit == 1
    assert mark(part, "3\n1.5").credit == Fraction(1, 2)


def test_fraction_in_integer_column_carries_nothing():
    column = {"kind": "integer", "key": "2 * prev.n"}
    part = ask("table", rows="(1, 2)", start={"n": "55"}, columns={"n": column})
    assert mark(part, "111\n222").credit == Fraction(1, 2)
    assert mark(part, "110.5\n221").credit == 0


def test_formula_column_does_not_follow_students_own_formula():
    column = {"kind": "shape", "key": "(n * layer, n)", "variables": {"n": "1..9"}}
    part = ask("table", rows="(2, 3)", columns={"s": column})
    assert mark(part, "(2n, n)\n(3n, n)").status == "correct"
    assert mark(part, "(n, n)\n(3n, n)").credit == Fraction(1, 2)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"kind": "number", "at_least": 0}, "the column c cannot have at_least"),
        ({"kind": "number", "key": "layer", "points": 2}, "the column c cannot have points"),
        ({"kind": "number", "key": "layer", "ignore": ["no_bias"]}, "cannot have ignore"),
    ],
)
def test_column_with_part_only_fields_is_rejected(column, said):
    with pytest.raises(ValidationError, match=said):
        original(ask("table", rows="(1,)", columns={"c": column}))


@pytest.mark.parametrize(
    "more", [{"mistakes": [{"id": "x", "key": "1", "say": "x"}]}, {"key": 5, "reason": "because"}]
)
def test_table_has_no_key_or_mistakes_of_its_own(more):
    with pytest.raises(ValidationError, match="a table has its keys in the columns"):
        original({**TABLE, **more})


def test_table_key_is_shown_row_by_row():
    key = original(TABLE).keys["a"]
    assert KINDS["table"].format_key(key) == "15 | 320\n7 | 150\n3 | 70"


@pytest.mark.parametrize("credit_by", ["row", "cell", "all"])
def test_first_wrong_row_is_named_for_staff_with_layer_and_column(credit_by):
    part = {**TABLE, "rows": "net", "credit_by": credit_by}
    params = {"net": {"network": ["3", "3", "2"]}}
    found = judged(part, "15 | 320\n7 | 151\n9 | 9", params=params)
    assert (found.first_wrong, found.rule) == ("row 2 (3), count", "cells")
    assert judged(part, RIGHT, params=params).first_wrong == ""


@pytest.mark.parametrize("credit_by", ["row", "cell", "all"])
def test_show_cells_names_wrong_row_layer_and_cells(credit_by):
    part = {**TABLE, "show": "cells", "credit_by": credit_by}
    told = mark(part, "15 | 320\n7 | 151\n9 | 90").feedback
    assert "The first row that does not fit is row 2 (3)." in told
    assert told.endswith("Incorrect: row 2 column 2, row 3 column 1, row 3 column 2.")


@pytest.mark.parametrize(
    ("credit_by", "said"),
    [("row", "2 of 3 rows are correct."), ("cell", "5 of 6 cells are correct.")],
)
def test_feedback_without_show_cells_names_neither_row_nor_cells(credit_by, said):
    part = {**TABLE, "credit_by": credit_by}
    assert mark(part, "15 | 320\n7 | 151\n3 | 70").feedback == said


@pytest.mark.parametrize("sign", ["\t", " | ", ";"])
def test_separator_at_line_end_opens_no_cell(sign):
    lines = [row.split(" | ") for row in RIGHT.splitlines()]
    text = "\n".join("".join(f"{cell}{sign}" for cell in cells) for cells in lines)
    assert mark(TABLE, text).status == "correct"


@pytest.mark.parametrize(
    ("typed", "status"),
    [("0.75\n0.5", "correct"), ("75%\n50%", "correct"), ("75\n50", "unreadable")],
)
def test_column_may_contain_shares(typed, status):
    column = {"kind": "number", "share": True, "key": "layer/4"}
    found = mark(ask("table", rows="(3, 2)", columns={"precision": column}), typed)
    assert found.status == status


SHAPES = ask(
    "table",
    rows="(1, 2, 3)",
    columns={"shape": {"kind": "shape", "key": "(8, 24//layer, 24//layer)"}},
)
NUMBERS = ask("table", rows="(1, 2, 3)", columns={"n": {"kind": "integer", "key": "1000*layer"}})


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (SHAPES, "(8, 24, 24), (8, 12, 12), (8, 8, 8)", "correct"),
        (SHAPES, "[(8, 24, 24), (8, 12, 12), (8, 8, 8)]", "correct"),
        (SHAPES, "8x24x24, 8x12x12, 8x8x8", "correct"),
        (SHAPES, "8, 24, 24; 8, 12, 12; 8, 8, 8", "correct"),
        (SHAPES, "(8, 12, 12), (8, 24, 24), (8, 8, 8)", "partial"),
        (SHAPES, "8, 24, 24", "unreadable"),
        (SHAPES, "(8, 24, 24), (8, 12, 12)", "unreadable"),
        (NUMBERS, "1000, 2000, 3000", "correct"),
        (NUMBERS, "1,000, 2,000, 3,000", "correct"),
        (NUMBERS, "1000; 2000; 3000", "correct"),
        (NUMBERS, "1,000,2", "unreadable"),
        (NUMBERS, "2000, 2000, 3000", "partial"),
    ],
)
def test_one_column_table_may_be_typed_as_single_line_list(part, typed, status):
    assert mark(part, typed).status == status


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("(15, 320), (7, 150), (3, 70)", "correct"),
        ("[[15, 320], [7, 150], [3, 70]]", "correct"),
        ("side: 15, 7, 3\ncount: 320, 150, 70", "correct"),
        ("count = 320 150 70\nside = 15 7 3", "correct"),
        ("(15, 320), (7, 150), (4, 70)", "partial"),
        ("(15, 320), (7, 150)", "unreadable"),
        ("side: 9,216\ncount: 4,608", "unreadable"),
        ("15, 7, 3\n320, 150, 70", "unreadable"),
        ("size: 15, 7, 3\nn: 320, 150, 70", "unreadable"),
    ],
)
def test_table_may_be_list_of_tuples_or_one_line_per_column(typed, status):
    assert mark(TABLE, typed).status == status
