"""Tests of sets in any order: numbers, shapes and names, each counted once."""

from fractions import Fraction

import pytest
from factories import ask, judged, mark, original
from pydantic import ValidationError

from grader.kinds import KINDS

NUMBERS = ask("set", key="(1, 3, 5)")
NEAR = ask("set", key="(1, 1.5, 10)", tolerance={"abs": "0.5"})
ROUNDED = ask("set", key="(1/3, 2/3)", tolerance={"rounded": 2})
SHAPES = ask("set", of="shape", key="((3, 3), (5, 5))")
NAMES = ask("set", of="name", options=["conv1", "pool1", "fc"], key="('fc', 'conv1')")
NONE = ask("set", of="name", options=["conv1", "fc"], key="()")


@pytest.mark.parametrize(
    ("part", "typed", "status"),
    [
        (NUMBERS, "{1, 3, 5}", "correct"),
        (NUMBERS, "5; 3; 1", "correct"),
        (NUMBERS, "3 and 5 and 1", "correct"),
        (NUMBERS, "1, 3, and 5", "correct"),
        (NUMBERS, r"$\{1, 3, 5\}$", "correct"),
        (NUMBERS, "S = {1, 3, 5}", "correct"),
        (NUMBERS, "1 3 5", "correct"),
        (NUMBERS, "1\n3\n5\n", "correct"),
        (NUMBERS, [5, 1, 3], "correct"),
        (NUMBERS, ["5", "1", "9/3"], "correct"),
        (NUMBERS, "1, 3, 5, 5, 3", "correct"),
        (NUMBERS, "{1, 3}", "wrong"),
        (NUMBERS, "{1, 3, 5, 7}", "wrong"),
        (NUMBERS, "none", "wrong"),
        (NUMBERS, "{}", "wrong"),
        (NUMBERS, 5, "wrong"),
        (NUMBERS, "k = {}", "wrong"),
        (NUMBERS, "k =", "unreadable"),
        (NUMBERS, "k ∈", "unreadable"),
        (NUMBERS, "a = 1, b = 3", "unreadable"),
        (NUMBERS, "1 <= k <= 5", "unreadable"),
        (NUMBERS, "k != 5", "unreadable"),
        (NUMBERS, "1 or 3", "unreadable"),
        (NUMBERS, "k = 1 or k = 3 or k = 5", "unreadable"),
        (NUMBERS, "1×1, 3×3, 5x5", "unreadable"),
        (NUMBERS, "1 (0.9), 3 (0.8), 5 (0.7)", "unreadable"),
        (NUMBERS, "k ∈ {1, 3, 5}", "correct"),
        (NUMBERS, r"$k \in \{1, 3, 5\}$", "correct"),
        (NUMBERS, "k = 1, 3×1, 5", "correct"),
        (NUMBERS, "{1, ...}", "unreadable"),
        (NUMBERS, "1,000, 3", "unreadable"),
        (NUMBERS, [[1, 3]], "unreadable"),
        (NUMBERS, list(range(65)), "unreadable"),
        (NUMBERS, ",".join("135" * 20), "correct"),
        (NUMBERS, "{[1, 3, 5]}", "correct"),
        (NUMBERS, "{" * 1000 + "}" * 1000, "unreadable"),
        (SHAPES, "{" * 1000 + "}" * 1000, "unreadable"),
        (NUMBERS, "1," * 1500, "unreadable"),
        (NEAR, "1, 1.5, 10", "correct"),
        (NEAR, "2, 1.4, 10", "correct"),
        (NEAR, "1.4, 2, 10", "correct"),
        (NEAR, "1, 1.2, 10.5", "correct"),
        (NEAR, "1.9, 2, 10", "wrong"),
        (NEAR, "1, 1.5, 10.6", "wrong"),
        (ROUNDED, "0.33, 0.667", "correct"),
        (ROUNDED, "0.33, 0.66", "wrong"),
        (SHAPES, "{3×3, 5×5}", "correct"),
        (SHAPES, "(5, 5), (3, 3)", "correct"),
        (SHAPES, "3x3 and 5x5", "correct"),
        (SHAPES, "((3,3),(5,5))", "correct"),
        (SHAPES, [[5, 5], "3×3"], "correct"),
        (SHAPES, "3×3", "wrong"),
        (SHAPES, "3×3, 5×7", "wrong"),
        (SHAPES, "3, 5", "unreadable"),
        (SHAPES, "3×3×6, 5×5", "unreadable"),
        (SHAPES, "3×3, (5", "unreadable"),
        (NAMES, "conv1, fc", "correct"),
        (NAMES, "FC and Conv1", "correct"),
        (NAMES, "- conv1\n- fc", "correct"),
        (NAMES, "• conv1\n• fc", "correct"),
        (NAMES, "1. fc\n2. conv1", "correct"),
        (NAMES, "- conv1\n- - fc", "unreadable"),
        (NAMES, "fc conv1", "correct"),
        (NAMES, ["fc", "conv1"], "correct"),
        (NAMES, "'fc', \"conv1\"", "correct"),
        (NAMES, "pool1, fc", "wrong"),
        (NAMES, "fc, conv2", "unreadable"),
        (NAMES, [1], "unreadable"),
        (NONE, "none", "correct"),
        (NONE, "∅", "correct"),
        (NONE, "fc", "wrong"),
        (NONE, "", "missing"),
    ],
)
def test_set_is_right_in_any_order_and_only_as_a_whole(part, typed, status):
    assert mark(part, typed).status == status


@pytest.mark.parametrize(
    ("part", "typed", "credit"),
    [
        (NUMBERS, "1, 3", Fraction(2, 3)),
        (NUMBERS, "1, 3, 7", Fraction(1, 3)),
        (NUMBERS, "1, 7, 8", 0),
        (NUMBERS, "1, 3, 5, 7", Fraction(2, 3)),
        (NUMBERS, "1, 1, 3", Fraction(2, 3)),
        (NUMBERS, "1, 2, 3, 4, 5, 6", 0),
        (NEAR, "1, 1.1, 1.2", Fraction(1, 3)),
        (SHAPES, "3×3", Fraction(1, 2)),
        (NAMES, "fc", Fraction(1, 2)),
        (NAMES, "conv1, pool1, fc", Fraction(1, 2)),
        (NONE, "fc", 0),
    ],
)
def test_each_wrong_item_cancels_a_right_one_with_credit_by_item(part, typed, credit):
    assert mark({**part, "credit_by": "item"}, typed).credit == credit


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1, 3, 3, 1, 5", "Counted once: 1, 3."),
        ("1, 5, 7, 9", "Incorrect: 7, 9."),
        ("1, 5", "Something is missing."),
    ],
)
def test_duplicates_and_wrong_items_are_reported(typed, words):
    assert words in mark({**NUMBERS, "show": "cells"}, typed).feedback


@pytest.mark.parametrize(
    ("part", "typed", "status", "said"),
    [
        (NUMBERS, "boxes 1, 3 and 5", "correct", "'boxes' was ignored."),
        (NUMBERS, "the Boxes 1, 3, 5", "correct", "'the Boxes' was ignored."),
        (NUMBERS, "box 1, box 3 and box 5", "correct", "'box' was ignored."),
        (NUMBERS, "indices: 1, 3, 5", "correct", ""),
        (
            NUMBERS,
            "B1, B3",
            "unreadable",
            "'B1' is a name, but the question asks for a set of numbers.",
        ),
        (NUMBERS, "R_1 and R_3", "unreadable", "Expected the numbers alone, such as {1}."),
        (NUMBERS, "not 1, 3, 5", "unreadable", "'not'"),
        (NUMBERS, "1, 3-5", "unreadable", "'3-5' can be read as a range or as a subtraction."),
        (NUMBERS, "1, 5–7", "unreadable", "'5-7' can be read as a range or as a subtraction."),
        (NUMBERS, "1, 3 – 5", "unreadable", "'3 - 5' can be read as a range or as a subtraction."),
        (NUMBERS, "1, 5-2, 7 - 2", "correct", ""),
        (NUMBERS, "k ∈ [1, 5]", "unreadable", "can be read as an interval or as two numbers."),
        (NUMBERS, "k in [1; 5]", "unreadable", "can be read as an interval or as two numbers."),
        (NUMBERS, "k ∈ [1, 3, 5]", "correct", ""),
        (NUMBERS, "1:5", "unreadable", "'1:5' can be read as an interval or as two numbers."),
        (NUMBERS, "1:2:5", "unreadable", "'1:2:5' can be read as an interval"),
        (NUMBERS, "k = 1:5", "unreadable", "'1:5' can be read as an interval or as two numbers."),
        (NUMBERS, "3: 1, 3, 5", "correct", ""),
        (NUMBERS, "kept:- 1, 3, 5", "unreadable", "The dash in ':-' can be read as a minus sign"),
        (NUMBERS, "all but 1, 3, 5", "unreadable", "'all'"),
        (NAMES, "the layers conv1 and fc", "correct", "'the layers' was ignored."),
        (NAMES, "conv1 and the layer fc", "correct", "'the layer' was ignored."),
        (NAMES, "`conv1` and `fc`", "correct", ""),
        (NAMES, "**conv1**, **fc**", "correct", ""),
        (NAMES, "conv1 und fc", "correct", ""),
        (NUMBERS, "1, 3 et 5", "correct", ""),
        (SHAPES, "3,3; 5,5", "correct", ""),
        (SHAPES, "3, 3\n5, 5", "correct", ""),
        (SHAPES, "3,3,5,5", "unreadable", "each shape needs 2"),
        (NAMES, "softmax conv1, fc", "unreadable", "'softmax' is not known here."),
        (NAMES, "layer pool1, fc", "wrong", "'layer' was ignored."),
    ],
)
def test_words_describing_the_items_are_dropped(part, typed, status, said):
    result = mark(part, typed)
    assert result.status == status
    assert said in " ".join((*result.notes, result.feedback))


def test_wrong_axis_count_in_set_is_reported_and_costs_nothing():
    result = mark(SHAPES, "3, 5")
    assert "each shape needs 2" in result.feedback
    assert not result.costs_attempt


@pytest.mark.parametrize(
    ("part", "typed", "by", "place"),
    [
        (NUMBERS, "1, 3, 5", "exact", ""),
        (NEAR, "1, 1.2, 10.5", "tolerance", ""),
        (ROUNDED, "0.33, 0.667", "rounding", ""),
        (NUMBERS, "1, 2, 3", "cells", "2"),
        (NUMBERS, "1, 3", "cells", "an item is missing"),
        (SHAPES, "3×3, 5×7", "cells", "5×7"),
    ],
)
def test_deciding_rule_and_first_wrong_item_are_reported(part, typed, by, place):
    found = judged(part, typed)
    assert (found.rule, found.first_wrong) == (by, place)


def test_set_mistake_is_recognized_only_by_whole_set():
    part = ask("set", key="(halve(9), halve(20))", tolerance={"abs": "0.5"})
    assert mark(part, "10, 5").mistakes == ("rounded_up",)
    assert mark(part, "10, 4.9").mistakes == ()
    assert mark(part, "10, 4.5").status == "correct"


@pytest.mark.parametrize(
    ("part", "shown", "accepted"),
    [
        (NUMBERS, "{1, 3, 5}", "exactly {1, 3, 5}"),
        (NEAR, "{1, 1.5, 10}", "{1, 1.5, 10}, each within 0.5"),
        (SHAPES, "{3×3, 5×5}", "exactly {3×3, 5×5}"),
        (NAMES, "{conv1, fc}", "exactly {conv1, fc}"),
        (NONE, "{}", "exactly {}"),
    ],
)
def test_set_key_is_shown_in_braces(part, shown, accepted):
    variant = original(part)
    stated, kind = variant.problem.parts[0], KINDS["set"]
    assert kind.format_key(variant.keys["a"], stated) == shown
    assert kind.describe_accepted(stated, variant.keys["a"]) == accepted


@pytest.mark.parametrize(
    ("of", "key"),
    [
        ("number", "('a', 1)"),
        ("integer", "(1, 0.5)"),
        ("integer", "(1 == 1, 2)"),
        ("shape", "(3, 3)"),
        ("shape", "((3, 3), 5)"),
        ("shape", "((3, 0.5),)"),
        ("name", "('conv9',)"),
        ("name", "(1,)"),
        ("integer", f"({', '.join(map(str, range(65)))})"),
    ],
)
def test_set_key_with_invalid_items_needs_manual_review(of, key):
    options = {"options": ["conv1", "fc"]} if of == "name" else {}
    assert mark(ask("set", of=of, key=key, **options), "{}").status == "needs_review"


@pytest.mark.parametrize(
    ("of", "key", "typed"),
    [
        ("number", "[1, 2, 1]", "1, 2"),
        ("number", "7", "7"),
        ("integer", [2, 2, 1], "1, 2"),
        ("shape", [[3, 3], [5, 5]], "3×3, 5×5"),
        ("shape", "((7,), (3, 3))", "(7,), 3×3"),
        ("name", "'fc'", "fc"),
    ],
)
def test_set_key_may_be_vector_matrix_rows_or_one_item(of, key, typed):
    options = {"options": ["conv1", "fc"]} if of == "name" else {}
    assert mark(ask("set", of=of, key=key, **options), typed).status == "correct"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"of": "name"}, "`of: name` needs `options`"),
        ({"options": ["fc"]}, "`of: name` needs `options`"),
        ({"of": "name", "options": ["fc", "FC"]}, "two options have the same name"),
        ({"of": "name", "options": ["two words"]}, "pattern"),
        ({"of": "shape", "tolerance": {"abs": 1}}, "a set of shapes is exact"),
        ({"of": "integer", "tolerance": {"rel": "1%"}}, "a set of integers is exact"),
        ({"credit_by": "cell"}, "Input should be 'item' or 'all'"),
    ],
)
def test_field_that_does_not_fit_items_is_rejected(change, said):
    with pytest.raises(ValidationError, match=said):
        original({**NUMBERS, **change})


@pytest.mark.parametrize(
    "typed", ["[relu, pool]", "(relu, pool)", "['relu', 'pool']", "{relu; pool}"]
)
def test_names_may_be_in_any_brackets(typed):
    part = ask("set", of="name", options=["conv", "relu", "pool"], key="('relu', 'pool')")
    assert mark(part, typed).status == "correct"
