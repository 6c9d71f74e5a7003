"""Vectors, matrices and tensors: cell by cell, and another size costs nothing unless asked."""

from fractions import Fraction

import pytest
from factories import ask, mark

VECTOR = ask("vector", key="[1, 2, 3]")
MATRIX = ask("matrix", key="[[1, 2], [3, 4]]")
TENSOR = ask("tensor", key="[[[1, 2]], [[3, 4]]]")


@pytest.mark.parametrize(
    ("part", "typed", "status", "credit"),
    [
        (VECTOR, "[1, 2, 3]", "correct", 1),
        (VECTOR, "1 2 3", "correct", 1),
        (VECTOR, "1, 2, 3", "correct", 1),
        (VECTOR, [1, 2, 3], "correct", 1),
        (VECTOR, "[1, 2, 4]", "partial", Fraction(2, 3)),
        (VECTOR, "[3, 2, 1]", "partial", Fraction(1, 3)),
        (VECTOR, "[0, 0, 0]", "wrong", 0),
        (VECTOR, "[1, 2]", "unreadable", 0),
        (VECTOR, "[1, 2, 3, 4]", "unreadable", 0),
        (VECTOR, "[[1, 2, 3]]", "unreadable", 0),
        (VECTOR, "[1, 2, x]", "unreadable", 0),
        ({**VECTOR, "credit_by": "all"}, "[1, 2, 4]", "wrong", 0),
        ({**VECTOR, "credit_by": "all"}, "[1, 2, 3]", "correct", 1),
        ({**VECTOR, "size": "asked"}, "[1, 2]", "wrong", 0),
        ({**VECTOR, "size": "asked"}, "[1, 2, 4]", "partial", Fraction(2, 3)),
        (MATRIX, "[[1, 2], [3, 4]]", "correct", 1),
        (MATRIX, "[[1. 2.]\n [3. 4.]]", "correct", 1),
        (MATRIX, "1 2\n3 4", "correct", 1),
        (MATRIX, "[1 2; 3 4]", "correct", 1),
        (MATRIX, r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "correct", 1),
        (MATRIX, [[1, 2], [3, 4]], "correct", 1),
        (MATRIX, "[[1, 3], [2, 4]]", "partial", Fraction(1, 2)),
        (MATRIX, "[[1, 2, 3], [4, 5, 6]]", "unreadable", 0),
        (MATRIX, "[[1, 2], [3]]", "unreadable", 0),
        (MATRIX, "[[1, nan], [3, 4]]", "unreadable", 0),
        (MATRIX, "[[1, ...], [3, 4]]", "unreadable", 0),
        ({**MATRIX, "size": "asked"}, "[[1, 2, 3], [4, 5, 6]]", "wrong", 0),
        (TENSOR, "[[[1, 2]], [[3, 4]]]", "correct", 1),
        (TENSOR, "tensor([[[1., 2.]], [[3., 4.]]])", "correct", 1),
        (TENSOR, "[[[1, 2]], [[3, 5]]]", "partial", Fraction(3, 4)),
        (TENSOR, "[[1, 2], [3, 4]]", "unreadable", 0),
        (
            ask("matrix", key="[[1/3, 0]]", tolerance={"abs": "0.001"}),
            "[[0.333, 0.001]]",
            "correct",
            1,
        ),
        (
            ask("matrix", key="[[1/3, 0]]", tolerance={"abs": "0.001"}),
            "[[0.33, 0.0]]",
            "partial",
            Fraction(1, 2),
        ),
        (ask("matrix", key="[[1/3, 0]]"), "[[0.333, 0]]", "partial", Fraction(1, 2)),
    ],
)
def test_an_array_is_judged_cell_by_cell(part, typed, status, credit):
    result = mark(part, typed)
    assert (result.status, result.credit) == (status, credit)


def test_the_size_that_is_asked_is_told():
    assert (
        "3×3" in mark(ask("matrix", key="[[1,2,3],[4,5,6],[7,8,9]]"), "[[1, 2], [3, 4]]").feedback
    )


def test_a_size_that_is_part_of_the_question_is_not_told():
    assert "3" not in mark({**VECTOR, "size": "asked"}, "[1, 2]").feedback


def test_the_cells_are_marked_for_staff():
    assert mark(MATRIX, "[[1, 9], [3, 9]]").cells == (True, False, True, False)


@pytest.mark.parametrize("key", ["5", "'text'", "[[1, 2], [3]]", "[1, 'a']", "[]", "[[]]"])
def test_a_key_that_is_no_array_goes_to_a_person(key):
    assert mark(ask("matrix", key=key), "[[1, 2], [3, 4]]").status == "needs_review"
