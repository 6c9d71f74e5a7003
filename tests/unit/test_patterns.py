"""Tests of how unexplained wrong answers are described to staff, relative to the key."""

from fractions import Fraction

import pytest
from factories import ask, mark

from grader.diagnosis.patterns import describe_key_resemblances
from grader.grading.result import PartResult
from grader.values import Tensor, Value

KEY = Tensor.from_nested([[1, 2, 3], [4, 5, 6], [7, 8, 10]])
IMAGE = Tensor.from_nested([[[1, 2], [3, 4]], [[5, 6], [7, 9]]])


def told(value: Value, key: Value) -> tuple[str, ...]:
    return describe_key_resemblances(
        PartResult("a", "wrong", Fraction(0), 1, value=value, counted_key=key)
    )


@pytest.mark.parametrize(
    ("value", "key", "looks"),
    [
        (64, 63, ["one more than the key"]),
        (Fraction(5, 2), Fraction(7, 2), ["one less than the key"]),
        (1, 0, ["one more than the key"]),
        (-5, 5, ["the key with the other sign"]),
        (Fraction(-333, 1000), Fraction(1, 3), ["the key with the other sign"]),
        (126, 63, ["twice the key"]),
        (Fraction(667, 1000), Fraction(1, 3), ["twice the key"]),
        (Fraction(63, 2), 63, ["half the key"]),
        (2, 1, ["one more than the key", "twice the key"]),
        (86, Fraction(43, 50), ["100 times the key, as percent for a fraction"]),
        (Fraction(43, 50), 86, ["a hundredth of the key, as a fraction for percent"]),
        (630, 63, ["the key times 10^1"]),
        (Fraction(63, 1000), 63, ["the key times 10^-3"]),
        (64512, 63000, ["the key with KB and KiB mixed up"]),
        (Fraction(5813, 100), Fraction(6095, 100), ["the key with MB and MiB mixed up"]),
        (Fraction(6095, 100), Fraction(5813, 100), ["the key with MB and MiB mixed up"]),
        (7, 3, []),
        (0, 5, []),
        (5, 0, []),
        (0, Fraction(1, 3), []),
        (10**300, 1, []),
        (Fraction(-33, 100), Fraction(1, 3), []),  # two figures tell too little
        (112, 223, []),  # a whole number is no rounding of 111.5
        ("x", 5, []),
        (KEY, 5, []),
    ],
)
def test_number_is_described_by_its_relation_to_the_key(value, key, looks):
    assert list(told(value, key)) == looks


@pytest.mark.parametrize(
    ("value", "key", "looks"),
    [
        ([[1, 4, 7], [2, 5, 8], [3, 6, 10]], KEY, "the key, transposed"),
        ([[1, 3], [2, 4]], [[1, 2], [3, 4]], "the key, transposed"),
        ([[1, 4], [2, 5], [3, 6]], [[1, 2, 3], [4, 5, 6]], "the key, transposed"),
        ([[7, 8, 10], [4, 5, 6], [1, 2, 3]], KEY, "the key, flipped upside down"),
        ([[3, 2, 1], [6, 5, 4], [10, 8, 7]], KEY, "the key, flipped left to right"),
        ([[10, 8, 7], [6, 5, 4], [3, 2, 1]], KEY, "the key, turned by half"),
        ([3, 2, 1], [1, 2, 3], "the key, backwards"),
        ([[4, 5, 6], [7, 8, 10], [0, 0, 0]], KEY, "the key, shifted up by one"),
        ([[9, 9, 9], [1, 2, 3], [4, 5, 6]], KEY, "the key, shifted down by one"),
        ([[2, 3, 0], [5, 6, 0], [8, 10, 0]], KEY, "the key, shifted left by one"),
        ([[0, 1, 2], [0, 4, 5], [0, 7, 8]], KEY, "the key, shifted right by one"),
        ([0, 1, 2], [1, 2, 5], "the key, shifted right by one"),
        ([[4, 5, 6], [1, 2, 3], [7, 8, 10]], KEY, "the key with rows 1 and 2 exchanged"),
        ([[3, 2, 1], [6, 5, 4], [10, 8, 9]], KEY, ""),
        ([[1, 3, 2], [4, 6, 5], [7, 10, 8]], KEY, "the key with columns 2 and 3 exchanged"),
        ([2, 4, 1, 3], [1, 2, 3, 4], "the key with its numbers in another order"),
        ([[1, 2, 3], [7, 8, 10]], KEY, "the key without row 2"),
        ([[1, 3], [4, 6], [7, 10]], KEY, "the key without column 2"),
        ([[1, 2, 3], [4, 5, 7]], KEY, ""),
        ([[[1, 2], [3, 4]]], IMAGE, "the key without channel 2"),
        ([[[5, 6], [7, 9]], [[1, 2], [3, 4]]], IMAGE, "the key with channels 1 and 2 exchanged"),
        ([[[1, 3], [2, 4]], [[5, 7], [6, 9]]], IMAGE, "the key, transposed"),
        ([[0, 1, 2], [3, 4, 5], [6, 7, 9]], KEY, "the key minus 1 in every cell, as by a bias"),
        ([Fraction(3, 2), 2], [1, Fraction(3, 2)], "the key plus 0.5 in every cell, as by a bias"),
        (
            [[[3, 4], [5, 6]], [[4, 5], [6, 8]]],
            IMAGE,
            "the key plus 2, minus 1 in its channels, as by biases",
        ),
        ([[2, 4, 6], [8, 10, 12], [14, 16, 20]], KEY, "the key times 2 in every cell"),
        ([0, Fraction(1, 9)], [0, 1], "the key times 1/9 in every cell"),
        ([-1, 2], [1, -2], "the key with the other sign in every cell"),
        ([[1, 2], [3, 4]], [[0, 0], [0, 0]], ""),
        ([[5, 5], [5, 5]], [[0, 0], [0, 0]], "the key plus 5 in every cell, as by a bias"),
        ([[1, 2, 3, 4]], KEY, ""),
        ([[1, 2, 3], [4, 5, 6]], [[9, 8], [7, 6], [5, 4]], ""),
        ([1, 2], KEY, ""),
    ],
)
def test_array_is_described_by_its_transformation_of_the_key(value, key, looks):
    key = key if isinstance(key, Tensor) else Tensor.from_nested(key)
    assert ", ".join(told(Tensor.from_nested(value), key)) == looks


def test_cells_may_be_rounded_to_three_figures():
    key = [Fraction(1, 3), Fraction(2, 3), 5]
    value = [5, Fraction(667, 1000), Fraction(333, 1000)]
    assert told(Tensor.from_nested(value), Tensor.from_nested(key)) == ("the key, backwards",)


def test_array_may_match_two_transformations():
    assert told(Tensor.from_nested([-1, 1]), Tensor.from_nested([1, -1])) == (
        "the key, backwards",
        "the key with the other sign in every cell",
    )


@pytest.mark.parametrize(
    ("value", "key", "looks"),
    [
        ((16, 126, 126), (126, 126, 16), ["the key with its axes in another order"]),
        ((126, 126, 16), (125, 125, 16), ["the key but for one more in places 1 and 2"]),
        ((3, 5, 8), (3, 5, 9), ["the key but for one less in place 3"]),
        (
            (2, 1),
            (1, 2),
            ["the key with its axes in another order"],
        ),
        ((3, 4), (2, 5), []),
        ((3, 4), (3, 9), []),
        (("a", "b"), ("a", "c"), []),
        (((3, 3), (5, 5)), ((3, 3), (7, 7)), []),
        ((3, 4), (3, 4, 5), []),
    ],
)
def test_shape_is_described_by_its_differing_axes(value, key, looks):
    assert list(told(value, key)) == looks


def test_array_with_five_axes_is_described_by_slices():
    key = Tensor((2, 1, 1, 1, 2), (1, 2, 3, 4))
    assert told(Tensor((1, 1, 1, 1, 2), (1, 2)), key) == ("the key without slice 2",)


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (ask(key=63), "63", "correct"),
        (ask(key="side(64, 3, stride=2)"), "32", "mistake"),
        (ask(key=63), "soon", "unreadable"),
        (ask("matrix", key="((1, 2), (3, 4))"), "1 2 3", "unreadable"),
        (ask(key=63), "", "missing"),
        (ask(key="broken()"), "63", "needs_review"),
        (ask("number", at_least=5), "4", "wrong"),
        (ask("expression", key="n", variables={"n": "1..9"}), "n + 1", "wrong"),
    ],
)
def test_resemblances_are_described_only_for_unexplained_wrong_answers(part, typed, status):
    result = mark(part, typed)
    assert (result.status, describe_key_resemblances(result)) == (status, ())


def test_partially_correct_answers_may_resemble_the_key():
    result = mark(ask("shape", key="(126, 126, 16)", credit_by="axis"), "126×126×17")
    assert (result.status, describe_key_resemblances(result)) == (
        "partial",
        ("the key but for one more in place 3",),
    )
