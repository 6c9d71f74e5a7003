"""Tests of the student's view of a result before the release, without staff fields."""

import pytest
from factories import ask, mark, original

from grader.grading.student_view import StudentResultView, to_student_view

MATRIX = ask("matrix", key="((1, 2), (3, 4))")


def seen(part, typed) -> StudentResultView:
    return to_student_view(mark(part, typed), original(part).problem.parts[0])


def test_student_view_has_no_staff_fields():
    assert set(StudentResultView._fields) == {
        "part",
        "status",
        "credit",
        "points",
        "read_as",
        "notes",
        "hint",
        "position",
        "cells",
        "first_wrong",
    }


def test_student_view_has_the_hint_of_a_mistake_without_its_id():
    view = seen(ask(key="side(64, 3, stride=2)", points=2), "n = 32")
    assert (view.status, view.credit, view.points) == ("mistake", 0, 2)
    assert (view.read_as, view.hint) == ("32", "Hint: rounded_up.")


def test_student_view_has_the_position_of_unreadable_text():
    view = seen(ask("matrix", key="((1, 2), (3, 4))"), "[[1, 2], [3, x]]")
    assert (view.status, view.position) == ("unreadable", 13)


@pytest.mark.parametrize(
    ("part", "typed", "cells", "place"),
    [
        (MATRIX, "1 2; 3 5", (True, True, True, False), "(2, 2)"),
        (
            ask("table", rows="(1, 2)", columns={"n": {"kind": "integer", "key": "layer"}}),
            "1\n3",
            (True, False),
            "row 2 (2), n",
        ),
    ],
)
def test_student_view_reveals_wrong_cells_only_if_the_part_shows_them(part, typed, cells, place):
    hidden, shown = seen(part, typed), seen({**part, "show": "cells"}, typed)
    noun = "rows" if part["kind"] == "table" else "cells"  # what earns credit
    right = f"{sum(cells)} of {len(cells)} {noun} {'is' if sum(cells) == 1 else 'are'} correct."
    assert (hidden.cells, hidden.first_wrong, hidden.hint) == ((), "", right)
    assert (shown.cells, shown.first_wrong) == (cells, place)
    assert "Incorrect: " in shown.hint


def test_student_view_supports_parts_without_a_key():
    text = ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}])
    assert seen(text, "Because.").credit is None
