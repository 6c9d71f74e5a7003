"""Tests of the inputs for each kind of question, and of parsing answers from forms."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages.forms.form import PostedForm
from api.pages.student.components.cell_marks import compute_cell_marks
from api.pages.student.components.grids import build_grid, cell_texts_for_grid
from api.pages.student.components.inputs import (
    WIDGET_HINTS,
    InputWidget,
    build_input,
    is_same_input,
    parse_form_answer,
    parse_form_answers,
)
from api.schemas.student.problem import Column, Option, PartAsked, Typing

FOUR = (("1", "2"), ("3", "4"))


def asked(kind: str, **typing: Any) -> PartAsked:
    told = Typing(hint="Type it.", example="1", **typing)
    return PartAsked(id="x", kind=kind, points=Fraction(1), prompt="?", typing=told)


MATRIX = asked("matrix", shape=(2, 2))
TABLE = asked(
    "table",
    rows=("conv1", "pool1"),
    columns=tuple(Column(id=one, kind="integer", layout=None, example="1") for one in ("h", "w")),
)
CHOICES = asked("choices", options=tuple(Option(id=one, text=one.upper()) for one in "abc"))
LAYERS = asked("set", options=tuple(Option(id=one, text=one) for one in ("conv1.2", "conv3")))


def form(**fields: Any) -> PostedForm:
    """Return a form; the argument ``cell_x=[...]`` sets the field ``cell.x``."""
    return PostedForm(
        {
            name.replace("_", ".", 1): (value,) if isinstance(value, str) else tuple(value)
            for name, value in fields.items()
        }
    )


def test_percent_input_shows_no_unit() -> None:
    assert build_input(asked("percent"), None).unit == ""
    assert build_input(asked("quantity", unit="MB"), None).unit == "MB"


@pytest.mark.parametrize(
    ("part", "look"), [(TABLE, "grid"), (CHOICES, "tick"), (asked("integer"), None)]
)
def test_hint_describes_the_input_widget(part: PartAsked, look: InputWidget | None) -> None:
    hint = WIDGET_HINTS[look] if look else part.typing.hint
    assert build_input(part, None).hint == hint


@pytest.mark.parametrize(
    ("part", "look"),
    [
        (asked("matrix", shape=(13, 2)), "grid"),
        (asked("matrix", shape=(2, 13)), "area"),
        (asked("matrix", shape=(13, 12)), "area"),
        (asked("matrix", shape=(12, 12)), "grid"),
        (asked("matrix"), "area"),
        (asked("vector", shape=(12,)), "grid"),
        (asked("vector", shape=(13,)), "area"),
        (asked("tensor", shape=(3, 2, 2)), "grid"),
        (TABLE, "grid"),
        (CHOICES, "tick"),
        (LAYERS, "tick"),
        (asked("choice", options=CHOICES.typing.options), "pick"),
        (asked("text"), "words"),
        (asked("expression", variables=("W",)), "wide"),
        (asked("integer"), "line"),
        (asked("set"), "line"),
    ],
)
def test_each_part_has_its_input_widget(part: PartAsked, look: str) -> None:
    assert build_input(part, None).widget == look


NOTATIONS = [
    "[[1, 2], [3, 4]]",
    "[1 2; 3 4]",
    "1\t2\n3\t4",
    "1,2\n3,4",
    "1 2\n3 4",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
    r"$$A = \begin{pmatrix}1&2\\3&4\end{pmatrix}$$",
    "array([[1., 2.],\n       [3., 4.]])",
    "tensor([[1, 2],\n        [3, 4]])",
    "np.array([[1, 2], [3, 4]])",
    "[[1 2]\n [3 4]]",
    "| 1 | 2 |\n| 3 | 4 |",
    "■(1&2@3&4)",
    "{{1, 2}, {3, 4}}",
]


def cell_texts_for_part(part: PartAsked, typed: Any, **style: Any) -> tuple[str, ...] | None:
    grid = build_grid(part)
    return None if grid is None else cell_texts_for_grid(grid, typed, **style)


@pytest.mark.parametrize("text", NOTATIONS)
def test_every_matrix_notation_fills_cells(text: str) -> None:
    assert cell_texts_for_part(MATRIX, text) == ("1", "2", "3", "4")


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (MATRIX, "[[1, 2, 3], [4, 5, 6]]"),
        (MATRIX, "[[1, 2], [3]]"),
        (MATRIX, "no idea"),
        (MATRIX, "1, 2, 3, 4"),
        (MATRIX, [["1", "2"], ["3"]]),
        (MATRIX, ["1", "2", "3", "4"]),
        (TABLE, "1 | 2"),
        (asked("integer"), "3"),
    ],
)
def test_answers_of_wrong_shape_fill_no_cells(part: PartAsked, typed: Any) -> None:
    assert cell_texts_for_part(part, typed) is None


@pytest.mark.parametrize("typed", ["[[1, 2], [3]]", "no idea", "[[1, 2, 3], [4, 5, 6]]"])
def test_text_that_fills_no_cells_stays_in_paste_field(typed: str) -> None:
    assert build_input(MATRIX, typed).text == typed


def test_cells_use_decimal_commas_of_course() -> None:
    assert cell_texts_for_part(MATRIX, "[[0,5; 2]; [3; 4]]", decimal_style="comma") == (
        "0,5",
        "2",
        "3",
        "4",
    )


def test_pasted_table_with_row_names_fills_cells() -> None:
    text = "layer | h | w\n---|---|---\nconv1 | 8 | 9\npool1 | | 4"
    assert cell_texts_for_part(TABLE, text) == ("8", "9", "", "4")


@pytest.mark.parametrize(
    ("part", "fields", "typed"),
    [
        (MATRIX, {}, None),
        (MATRIX, {"cell_x": ["1", "2", "3"]}, None),
        (MATRIX, {"cell_x": ["", " ", "", ""]}, ""),
        (MATRIX, {"cell_x": ["1", "", " 3", ""]}, [["1", ""], [" 3", ""]]),
        (MATRIX, {"cell_x": ["1"] * 4, "paste_x": "[[9, 9], [9, 9]]"}, "[[9, 9], [9, 9]]"),
        (MATRIX, {"cell_x": ["1"] * 4, "paste_x": " \n"}, [["1", "1"], ["1", "1"]]),
        (asked("vector", shape=(2,)), {"cell_x": ["1", "2"]}, ["1", "2"]),
        (asked("tensor", shape=(2, 1, 2)), {"cell_x": [*"abcd"]}, [[["a", "b"]], [["c", "d"]]]),
        (TABLE, {"cell_x": ["1", "2", "3", ""]}, [["1", "2"], ["3", ""]]),
        (CHOICES, {}, None),
        (CHOICES, {"asked_x": ""}, ""),
        (CHOICES, {"asked_x": "", "answer_x": ["a", "c"]}, "a, c"),
        (asked("integer"), {}, None),
        (asked("integer"), {"answer_x": ""}, ""),
        (asked("integer"), {"answer_x": "  2^10 "}, "  2^10 "),
        (asked("text"), {"answer_x": "one\n\ntwo\n"}, "one\n\ntwo\n"),
    ],
)
def test_form_answer_is_parsed_exactly_as_typed(
    part: PartAsked, fields: dict[str, Any], typed: Any
) -> None:
    assert parse_form_answer(part, form(**fields)) == typed
    assert parse_form_answers([part], form(**fields)) == ({} if typed is None else {"x": typed})


@given(st.lists(st.text(st.characters(blacklist_characters="\0")), min_size=4, max_size=4))
def test_cells_are_redisplayed_exactly_as_typed(texts: list[str]) -> None:
    typed = parse_form_answer(MATRIX, form(cell_x=texts))
    shown = build_input(MATRIX, typed)
    given_back = [cell.text for line in shown.blocks[0].lines for cell in line.cells]
    assert given_back == texts or typed == ""


@pytest.mark.parametrize(
    ("part", "typed", "picked"),
    [
        (CHOICES, "a, c", "ac"),
        (CHOICES, "(A) and C", "ac"),
        (CHOICES, "", ""),
        (LAYERS, "conv1.2", ["conv1.2"]),
        (LAYERS, "conv3, conv1.2", ["conv1.2", "conv3"]),
    ],
)
def test_picked_options_stay_checked(part: PartAsked, typed: str, picked: Any) -> None:
    assert [one.id for one in build_input(part, typed).picks if one.picked] == [*picked]


def test_verdict_marks_are_placed_on_their_cells() -> None:
    shown = build_input(MATRIX, "[[1, 2], [3, 4]]", marks=("right", "right", "wrong", ""))
    marks = [cell.mark for line in shown.blocks[0].lines for cell in line.cells]
    assert marks == ["right", "right", "wrong", ""]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([["1", ""], ["x", "1/2"]], ["", "unread", "unread", ""]),
        ([["1", "1e999"], ["−3", "2^3"]], ["", "unread", "", ""]),
        ("[[1, x], [3, 4]]", []),
        (None, []),
    ],
)
def test_only_unreadable_cells_are_marked_in_unreadable_answer(
    typed: Any, expected: list[str]
) -> None:
    assert [*compute_cell_marks(MATRIX, typed, status="unreadable", correct=())] == expected


def test_cells_with_decimal_comma_are_readable_in_comma_style() -> None:
    typed: Any = [["1,5", "1"], ["x", "2"]]
    told = compute_cell_marks(MATRIX, typed, status="unreadable", correct=(), decimal_style="comma")
    assert told == ("", "", "unread", "")


def test_readable_answer_is_marked_cell_by_cell() -> None:
    assert compute_cell_marks(MATRIX, None, status="partial", correct=(True, False)) == (
        "right",
        "wrong",
    )


def test_cells_are_labeled_by_position() -> None:
    tensor = build_input(asked("tensor", shape=(2, 2, 1)), None)
    assert [block.name for block in tensor.blocks] == ["Block 1", "Block 2"]
    assert tensor.blocks[1].lines[1].cells[0].label == "block 2 row 2 column 1"
    table = build_input(TABLE, None)
    assert table.blocks[0].lines[1].cells[0].label == "pool1 h"


def test_pasted_matrix_equals_same_values_in_cells() -> None:
    assert is_same_input(MATRIX, "[[1, 2], [3, 4]]", [*map(list, FOUR)])
    assert not is_same_input(MATRIX, "[[1, 2], [3, 5]]", [*map(list, FOUR)])


def test_vector_cells_are_labeled_with_their_names() -> None:
    counts = asked("vector", shape=(3,), names=("TP", "FP", "FN"))
    drawn = build_input(counts, "FP = 3, TP = 7, FN = 2")
    assert drawn.widget == "grid"
    cells = [cell for block in drawn.blocks for line in block.lines for cell in line.cells]
    assert [(cell.label, cell.text) for cell in cells] == [("TP", "7"), ("FP", "3"), ("FN", "2")]
    assert build_input(counts, "[7, 3, 2]").blocks == drawn.blocks
    assert build_input(counts, "7, 3").text == "7, 3"
