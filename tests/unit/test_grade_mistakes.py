"""Tests of mistake diagnosis: the likeliest mistake is named, with the credit left."""

from dataclasses import replace
from fractions import Fraction

import pytest
from factories import BOOK, ask, mark, marked, original

from grader.registry import MistakeInfo

SIDE = ask(key="side(64, 3, stride=2)")  # 31, or 32 rounded up
WEIGHTS = ask(key="weights(3, 64, 3)")  # 1792
MATRIX = ask("matrix", key="scale(X, 2)")
X = {"X": [[1, 2], [3, 4]]}


@pytest.mark.parametrize(
    ("part", "typed", "ids"),
    [
        (WEIGHTS, "1728", ("no_bias",)),
        (WEIGHTS, "1,729", ("one_bias",)),
        (WEIGHTS, "640", ("channels_left_out",)),
        (
            ask(key="weights(3, 64, 3) * side(64, 3, stride=2)"),
            str(1728 * 32),
            ("rounded_up", "no_bias"),
        ),
        (MATRIX, "[[2, 6], [4, 8]]", ("transposed_output",)),
        (
            ask("matrix", key="plus(scale(X, 2), 1)"),
            "[[1, 5], [3, 7]]",
            ("transposed_output", "sign_flipped"),
        ),
        (ask(key="weights(1, 64, 3)"), "577", ("one_bias",)),
    ],
)
def test_wrong_answer_is_named_by_matching_mistake(part, typed, ids):
    result = mark(part, typed, params=X)
    assert (result.status, result.mistakes, result.credit or 0) == ("mistake", ids, result.credit)
    assert all(f"Hint: {name}." in result.feedback for name in ids)


@pytest.mark.parametrize(
    ("key", "typed"),
    [("2 * n", "n + n"), ("(n - 1) / (n - 1)", "1"), ("sqrt(n) ** 2 + 1", "n + 1")],
)
def test_wrong_formula_is_named_by_mistake_equal_wherever_defined(key, typed):
    own = [{"id": "own", "key": key, "say": "Hint: own."}]
    part = ask("expression", key="3 * n", variables={"n": "1..9"}, mistakes=own)
    assert mark(part, typed).mistakes == ("own",)
    assert mark(part, "n + 7").mistakes == ()


def test_two_combined_mistakes_are_named_only_for_exact_answer():
    part = ask(key="weights(3, 64, 3) * side(64, 3, stride=2)")  # 640 * 32 without channels
    assert mark(part, "20480").mistakes == ("rounded_up", "channels_left_out")
    assert mark(part, "2.05e4").mistakes == ()
    assert mark(part, "1.98e4").mistakes == ("channels_left_out",)


def test_named_mistake_keeps_credit_of_right_cells():
    result = mark(MATRIX, "[[2, 6], [4, 8]]", params=X)
    assert (result.status, result.credit) == ("mistake", Fraction(1, 2))
    assert result.cells == (True, False, False, True)


def test_named_mistake_of_other_size_is_not_a_form_mismatch():
    result = mark(MATRIX, "[[2], [4]]", params={"X": [[1, 2]]})
    assert (result.status, result.mistakes) == ("mistake", ("transposed_output",))


@pytest.mark.parametrize(
    ("credit", "status_credit"), [(0, Fraction(0)), ("1/4", Fraction(1, 4)), (1, Fraction(1))]
)
def test_authors_own_mistake_comes_first_with_its_credit_and_text(credit, status_credit):
    own = [{"id": "forgot", "key": "64 // 2", "say": "Not {{32}}.", "credit": credit}]
    result = mark({**SIDE, "mistakes": own}, "32")
    assert (result.status, result.mistakes, result.credit) == (
        "mistake",
        ("forgot",),
        status_credit,
    )
    assert result.feedback == "Not 32."


def book_of(**ranks: int):
    """Return a registry with wrong versions of `halve` that all forget to halve."""
    twins = {name: {"halve": lambda size: size} for name in ranks}
    info = {name: MistakeInfo(name, rank, f"Hint: {name}.", "") for name, rank in ranks.items()}
    return replace(BOOK, wrong_versions=twins, mistakes=info)


@pytest.mark.parametrize(
    ("ranks", "ids", "feedback"),
    [
        ({"one": 5}, ("one",), "Hint: one."),
        ({"one": 5, "two": 6}, ("two",), "Hint: two."),
        (
            {"one": 5, "two": 5},
            ("one", "two"),
            "One of these hints applies: “Hint: one.” or “Hint: two.”",
        ),
        (
            {"one": 5, "two": 7, "three": 7},
            ("two", "three"),
            "One of these hints applies: “Hint: two.” or “Hint: three.”",
        ),
    ],
)
def test_highest_ranked_mistake_is_named_and_one_of_equal_rank(ranks, ids, feedback):
    book = book_of(**ranks)
    result = marked(original(ask(key="halve(9)"), book=book), book=book, a="9")["a"]
    assert (result.mistakes, result.feedback) == (ids, feedback)
