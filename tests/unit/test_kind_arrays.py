"""Tests of vectors, matrices and tensors, graded cell by cell.

A wrong size costs nothing unless the size is part of the question.
"""

from fractions import Fraction

import pytest
from factories import ask, judged, mark, original
from pydantic import ValidationError

from grader.errors import ProblemError
from grader.grading.grade import grade
from grader.kinds import KINDS
from grader.values import Tensor
from grader.variants.variant import solve_variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY as BANK

VECTOR = ask("vector", key="[1, 2, 3]")
MATRIX = ask("matrix", key="[[1, 2], [3, 4]]")
TENSOR = ask("tensor", key="[[[1, 2]], [[3, 4]]]")
ROUNDED = ask("matrix", key="[[1/3, 1/2], [2/3, 100]]", tolerance={"rounded": 2})
MASKLESS = "[[0.212 0.576 0.212]\n [0.665 0.09  0.245]\n [0.114 0.042 0.844]]"
NAMED = ask("vector", key="[7, 3]", names=["TP", "FP"])
EACH = ask("vector", key="[1, 20]", tolerance=[{"abs": "0.5"}, {"rel": "5%"}])


@pytest.mark.parametrize(
    ("part", "typed", "status", "credit"),
    [
        (VECTOR, "[1, 2, 3]", "correct", 1),
        (VECTOR, "1 2 3", "correct", 1),
        (VECTOR, "1, 2, 3", "correct", 1),
        (VECTOR, [1, 2, 3], "correct", 1),
        (NAMED, "FP = 3, TP = 7", "correct", 1),
        (NAMED, "(FP, TP) = (7, 3)", "wrong", 0),
        (NAMED, "TP = 7, FP = 4", "partial", Fraction(1, 2)),
        (NAMED, "TP = 7", "unreadable", 0),
        (VECTOR, "[1, 2, 4]", "partial", Fraction(2, 3)),
        (VECTOR, "[3, 2, 1]", "partial", Fraction(1, 3)),
        (VECTOR, "[0, 0, 0]", "wrong", 0),
        (VECTOR, "[1, 2]", "unreadable", 0),
        (VECTOR, "[1, 2, 3, 4]", "unreadable", 0),
        (VECTOR, "[[1, 2, 3]]", "correct", 1),
        (VECTOR, "[[1, 2], [3, 4]]", "unreadable", 0),
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
        ({**MATRIX, "credit_by": "row"}, "[[1, 2], [3, 9]]", "partial", Fraction(1, 2)),
        ({**MATRIX, "credit_by": "row"}, "[[1, 9], [9, 4]]", "wrong", 0),
        ({**MATRIX, "credit_by": "row"}, "[[1, 2], [3, 4]]", "correct", 1),
        ({**TENSOR, "credit_by": "row"}, "[[[1, 2]], [[3, 5]]]", "partial", Fraction(1, 2)),
        (ROUNDED, "[[0.333, 0.5], [0.667, 100]]", "correct", 1),
        (ROUNDED, "[[0.333 0.500]\n [0.667 100.00]]", "correct", 1),
        (ROUNDED, "[[0.33, 0.5], [0.66, 100]]", "partial", Fraction(3, 4)),
        (EACH, "[1.4, 20]", "correct", 1),
        (EACH, "[1.5, 19]", "correct", 1),
        (EACH, "[1.6, 21]", "partial", Fraction(1, 2)),
        (EACH, "[1, 22]", "partial", Fraction(1, 2)),
        (EACH, "[1, 20, 3]", "unreadable", 0),
    ],
)
def test_array_is_graded_cell_by_cell(part, typed, status, credit):
    result = mark(part, typed)
    assert (result.status, result.credit) == (status, credit)


def test_expected_size_is_reported():
    assert (
        "3×3" in mark(ask("matrix", key="[[1,2,3],[4,5,6],[7,8,9]]"), "[[1, 2], [3, 4]]").feedback
    )


def test_size_that_is_part_of_question_is_not_revealed():
    assert "3" not in mark({**VECTOR, "size": "asked"}, "[1, 2]").feedback


def test_array_cells_are_marked_for_staff():
    assert mark(MATRIX, "[[1, 9], [3, 9]]").cells == (True, False, True, False)


@pytest.mark.parametrize("key", ["5", "'text'", "[[1, 2], [3]]", "[1, 'a']", "[]", "[[]]"])
def test_key_that_is_not_an_array_needs_manual_review(key):
    assert mark(ask("matrix", key=key), "[[1, 2], [3, 4]]").status == "needs_review"


@pytest.mark.parametrize(
    ("part", "typed", "by", "place"),
    [
        (MATRIX, [[1, 2], [3, 4]], "exact", ""),
        (ROUNDED, "[[0.333, 0.5], [0.667, 100]]", "rounding", ""),
        (EACH, [Fraction(3, 2), 20], "tolerance", ""),
        (MATRIX, [[1, 2], [9, 9]], "cells", "(2, 1)"),
        (TENSOR, [[[1, 2]], [[3, 9]]], "cells", "(2, 1, 2)"),
        (VECTOR, [1, 9, 9], "cells", "(2)"),
        (VECTOR, [1, 9], "cells", ""),
    ],
)
def test_deciding_rule_and_first_wrong_cell_are_reported(part, typed, by, place):
    found = judged(part, typed)
    assert (found.rule, found.first_wrong) == (by, place)


SOFTMAX = {
    **ask("vector", key="[0.25949646, 0.03511903, 0.70538451]", tolerance={"abs": "0.001"}),
    "mistakes": [
        {"id": "undivided", "key": "[7.38905610, 1, 20.0855369]", "say": "Add up."},
        {"id": "swapped", "key": "[0.25949646, 0.70538451, 0.03511903]", "say": "Order."},
        {"id": "longer", "key": "[0.12345678, 2, 3, 4]", "say": "Size."},
    ],
}


@pytest.mark.parametrize(
    ("typed", "mistakes"),
    [
        ("[7.4, 1.0, 20]", ()),
        ("[7.38, 1, 20.1]", ()),
        ("[7, 1, 20]", ()),
        ("[7.389, 1, 20.08]", ()),
        ("[7.389, 1.0006, 20.086]", ()),
        ("[0.259, 0.705, 0.04]", ()),
        ("[0.2, 0.705, 0.035]", ()),
        ("[1/3, 0.705, 0.035]", ()),
        ("[0.12, 2, 3, 4]", ()),
        ("[7.389, 1, 20.085536]", ()),
        ("[7.389, 1, 20.085537]", ("undivided",)),
        ("[ 7.3890561  1.         20.0855369]", ("undivided",)),
        ("[7.39, 1, 20.1]", ("undivided",)),
        ("[7.4, 1.0, 20.1]", ("undivided",)),
        ([Fraction(739, 100), 1, Fraction(201, 10)], ("undivided",)),
        ("[0.259, 0.705, 0.035]", ("swapped",)),
        ("[0.2595, 0.7054, 0.0351]", ("swapped",)),
        ("[0.123, 2, 3, 4]", ("longer",)),
    ],
)
def test_mistake_in_array_is_recognized_by_rounded_cells(typed, mistakes):
    """Every cell must fit, and one with three or more figures must differ from the key."""
    assert mark(SOFTMAX, typed).mistakes == mistakes


@pytest.mark.parametrize("typed", ["[0.333, 0.333, 0.333]", "[0.33, 0.33, 0.33]", "[0, 0.333, 0]"])
def test_possible_rounding_of_key_is_not_a_mistake(typed):
    near = [{"id": "near", "key": "[0.33341, 0.33331, 0.3333]", "say": "Look."}]
    part = {**ask("vector", key="[1/3, 1/3, 1/3]"), "mistakes": near}
    assert mark(part, typed).mistakes == ()
    assert mark(part, "[0.33341, 0.33331, 0.3333]").mistakes == ("near",)


@pytest.mark.parametrize(
    ("problem", "part", "typed", "mistake"),
    [
        ("causal-attention", "weights", MASKLESS, "mask_ignored"),
        ("causal-attention", "weights", MASKLESS.replace("0.665", "0.667"), ""),
        ("softmax-cross-entropy", "probs", "[7.389, 1.000, 20.086]", "softmax_undivided"),
        ("softmax-cross-entropy", "probs", "[7.389, 1.000, 20.096]", ""),
    ],
)
def test_matrix_printed_by_numpy_is_named_in_bank(problem, part, typed, mistake):
    variant = solve_variant(ProblemCatalog().get(problem), None, BANK)
    results = grade(variant, {part: typed}, registry=BANK)
    assert [one.mistakes for one in results if one.part == part] == [(mistake,) if mistake else ()]


def test_show_cells_lists_first_ten_wrong_cells():
    part = {**ask("vector", key=[0] * 13), "show": "cells"}
    assert mark(part, [1, *[0] * 12]).feedback == "12 of 13 cells are correct. Incorrect: (1)."
    assert mark(part, [1] * 13).feedback.endswith("(9), (10) and 3 more.")


@pytest.mark.parametrize("key", ["[1, 2, 3]", "[1]"])
def test_key_with_other_count_than_tolerances_needs_manual_review(key):
    result = mark({**EACH, "key": key}, "[1, 2]")
    assert result.status == "needs_review"
    assert "2 tolerances" in result.reason


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({**VECTOR, "credit_by": "row"}, "Input should be 'cell' or 'all'"),
        ({**MATRIX, "tolerance": [{"abs": 1}]}, "valid dictionary or instance of Tolerance"),
        ({**VECTOR, "tolerance": []}, "at least 1 item"),
        ({**VECTOR, "tolerance": [{"abs": 1}, {}]}, "give one of abs, rel"),
        ({**VECTOR, "tolerance": [{"abs": 1}, {"by": 1}]}, "Extra inputs are not permitted"),
        ({**VECTOR, "tolerance": {"abs": -1}}, "must be at least 0"),
        ({**VECTOR, "tolerance": 5}, "valid dictionary or instance of Tolerance"),
    ],
)
def test_option_that_does_not_fit_array_is_rejected_with_one_message(part, said):
    with pytest.raises(ValidationError, match=said) as refused:
        KINDS[part["kind"]].part.model_validate(part)
    assert refused.value.error_count() == 1


def test_error_in_one_of_several_tolerances_is_reported_with_line():
    """The field path contains no internal name for the two ways to write a tolerance."""
    text = (
        "id: toy\ntitle: A toy\ntopic: toys\ndifficulty: 1\nstatement: Reckon.\nparts:\n"
        "- id: a\n  kind: vector\n  key: [1, 2]\n  reason: a toy\n  tolerance:\n"
        "  - abs: 1\n  - rell: 5%\n"
    )
    with pytest.raises(ProblemError) as refused:
        load_problem(text, file="toy.yaml")
    assert (refused.value.line, refused.value.field) == (13, "parts.0.tolerance.1.rell")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (VECTOR, "exactly [1, 2, 3]"),
        (EACH, "[1, 20], each cell within 0.5, within 5% of the key"),
        (ROUNDED, "[[1/3, 0.5], [2/3, 100]], each cell rounded to 2 or more figures"),
    ],
)
def test_accepted_arrays_are_described(part, said):
    variant = original(part)
    stated = variant.problem.parts[0]
    assert KINDS[stated.kind].describe_accepted(stated, variant.keys["a"]) == said


def test_each_key_component_needs_a_distinct_name():
    result = mark(ask("vector", key="[1, 2, 3]", names=["a", "b"]), "1, 2, 3")
    assert (result.status, result.reason) == (
        "needs_review",
        "there are 2 names, the key has the size 3",
    )
    with pytest.raises(ValidationError, match="these names cannot be told apart"):
        original(ask("vector", key="[1, 2]", names=["a", "A"]))


@pytest.mark.parametrize(
    ("typed", "rounds"),
    [("[300, 7]", False), ("[300, 7.5]", True), ("[299.7, 7]", True), (f"[{10**15}, 7]", True)],
)
def test_integer_array_is_not_matched_as_rounding(
    typed: str,
    rounds: bool,  # noqa: FBT001
) -> None:
    part = original(VECTOR).problem.parts[0]
    kind = KINDS["vector"]
    reading = kind.read(typed, part, original(VECTOR).student_scope(BANK))
    assert (kind.rounding_matcher(reading) is not None) is rounds
    whole = all(type(cell) is int for cell in reading.value.cells)
    assert not (whole and kind.is_precise_rounding(reading, Tensor((2,), (Fraction(2999, 10), 7))))


def test_array_key_may_be_rows_of_a_tensor():
    part = ask("matrix", key="(2*X[1], X[0], (5, 6))")
    variant = original(part, params={"X": [[1, 2], [3, 4]]})
    assert variant.keys["a"] == Tensor.from_nested([[6, 8], [1, 2], [5, 6]])


def test_wrong_numbers_of_named_vector_are_listed_by_name():
    part = ask("vector", key="(7, 3, 2)", names=["TP | true_positives", "FP", "FN"], show="cells")
    assert mark(part, "[7, 4, 3]").hint == "1 of 3 cells is correct. Incorrect: FP, FN."
    assert mark(part, "FN = 2, TP = 8, FP = 3").hint.endswith("Incorrect: TP.")
