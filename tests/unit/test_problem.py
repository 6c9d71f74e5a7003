"""Tests of problem definitions: required fields, properties and the two hashes."""

from fractions import Fraction

import pytest
from factories import ask, problem, raw
from pydantic import ValidationError

from grader.definitions.problem import Problem, hash_fields

DRAWN = {"W": {"choose": [64, 128], "original": 128}, "K": 3}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "Toy"}, "id"),
        ({"title": "ab"}, "title"),
        ({"difficulty": 0}, "difficulty"),
        ({"difficulty": 6}, "difficulty"),
        ({"difficulty": "hard"}, "difficulty"),
        ({"statement": None}, "there is no text; write one"),
        ({"statement": 0.5}, "this is not text; put it in quotes"),
        ({"parts": []}, "parts"),
        ({"parts": [ask("integr", key=5)]}, "integr"),
        ({"parts": [{"id": "a"}]}, "kind"),
        ({"parts": [ask(key=5)] * 101}, "at most 100"),
        ({"params": {"_W": 5}}, "_W"),
        ({"params": {"W": {"chose": [1, 2]}}}, "chose"),
        ({"let": {"P": True}}, "is not an expression"),
        ({"let": {"P": [[1, "W"]]}}, "'W' is in a list; write the list as one text"),
        ({"require": ["W >"]}, "is not an expression"),
        ({"hint": "no such field"}, "hint"),
        ({"examples": [{"answers": {}, "expect": {"a": "correct"}}]}, "answers"),
        ({"examples": [{"answers": {"a": 1}, "expect": {}}]}, "expect"),
        ({"examples": [{"answers": {"a": 1}, "expect": {"a": "right"}}]}, "status"),
        (
            {"examples": [{"params": {"seed": -1}, "answers": {"a": 1}, "expect": {"a": "wrong"}}]},
            "seed",
        ),
    ],
)
def test_missing_or_misspelled_problem_field_is_rejected_by_name(changes, words):
    with pytest.raises(ValidationError, match=words):
        Problem.model_validate(raw(**changes))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (ask(), "the part has no key"),
        ({"id": "a", "kind": "integer", "key": 63}, "the key is typed in"),
        ({"id": "a", "kind": "choice", "key": "'x'", "options": {"x": "X", "y": "Y"}}, "typed in"),
        (ask("choice", key="'z'", options={"x": "X", "y": "Y"}), "not one of the options"),
        (ask("choice", key="'x'", options={"x": "X"}), "options"),
        (ask("number", key=1, at_least=0), "not both"),
        (ask("number", at_least=2, at_most=1), "there is no number between 2 and 1"),
        (ask("number", between=[0, 1], at_most=1), "`between` has both limits"),
        (ask("expression", key="H"), "needs `variables`"),
        (ask("expression", key="n", variables={"n": "1..3"}, where=["n > 5"]), "no values"),
        (ask("expression", key="n", variables={"n": "1..3"}, where=["m > 5"]), "not variables"),
        (ask("expression", key="n", variables={"n": "1-3"}), "not a range"),
        (
            ask(
                "table", key="5", rows="(1, 2)", columns={"c": {"kind": "integer", "key": "layer"}}
            ),
            "keys in the columns",
        ),
        (ask("table", rows="(1, 2)", columns={}), "columns"),
        (ask("table", rows="(1, 2)", columns={"c": {"kind": "matrix", "key": "layer"}}), "matrix"),
        (ask("table", rows="(1, 2)", columns={"c": {"kind": "integer"}}), "no key"),
        (ask("predicate", **{"as": []}, accept_if="True", sample=1), "as"),
        (ask("text", points=3, rubric=[{"id": "x", "points": 2, "say": "s"}]), "add up to 2"),
        (ask("text", points=2, rubric=[{"id": "x", "points": 1, "say": "s"}] * 2), "same id"),
        (ask(key=5, points=0), "more than 0"),
        (ask(key=5, title="{{W}} pixels"), "the same for every student"),
        (
            ask(key=5, mistakes=[{"id": "m", "key": 6, "say": ""}] * 2),
            "two mistakes have the same id",
        ),
        (ask(key=5, mistakes=[{"id": "m", "key": 6, "say": "", "credit": 2}]), "at most 1"),
        (ask(key=5, accept=[{"key": 6}]), "reason"),
        (ask(key=5, tolerence={"abs": 1}), "tolerence"),
    ],
)
def test_part_that_cannot_be_graded_is_rejected_by_name(part, words):
    with pytest.raises(ValidationError, match=words):
        problem(part)


def test_problem_finds_parts_by_id():
    toy = problem(ask(id="one", key=1), ask(id="two", key=2))
    assert toy.get_part("two").key_expression.source == "2"
    with pytest.raises(KeyError):
        toy.get_part("three")


def test_validating_a_problem_again_keeps_its_hashes():
    toy = problem()
    again = Problem.model_validate(toy)
    assert (again.draw_hash, again.marking_hash) == (toy.draw_hash, toy.marking_hash)


@pytest.mark.parametrize(
    ("params", "has_original", "is_drawn"),
    [
        ({}, True, False),
        ({"C": 80}, True, False),
        ({"W": {"choose": [1, 2]}}, False, True),
        ({"W": {"choose": [1, 2], "original": 1}}, True, True),
        ({"W": {"choose": [1, 2], "original": 1}, "K": {"integers": [1, 2]}}, False, True),
        ({"net": {"named": "vgg16"}}, True, False),
    ],
)
def test_problem_has_an_original_if_every_drawn_parameter_has_one(params, has_original, is_drawn):
    toy = problem(params=params)
    assert (toy.has_original, toy.has_drawn_params) == (has_original, is_drawn)


def test_text_only_problem_has_no_autograded_parts():
    text = ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}])
    assert not problem(text).has_autograded_parts
    assert problem(text, ask(id="b", key=1)).has_autograded_parts


def test_example_uses_the_original_unless_it_names_a_seed():
    answers = {"answers": {"a": "63"}, "expect": {"a": "correct"}}
    seeded = {"params": {"seed": 7}, "answers": {"a": "63"}, "expect": {"a": {"status": "wrong"}}}
    first, second = problem(examples=[answers, seeded]).examples
    assert (first.seed, second.seed) == (None, 7)
    assert (first.expect["a"].status, second.expect["a"].status) == ("correct", "wrong")


def hashes(**changes) -> tuple[str, str]:
    toy = problem(**{"params": DRAWN, **changes})
    return toy.draw_hash, toy.marking_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"params": {"W": {"choose": [64, 128, 256], "original": 128}, "K": 3}},
        {"params": {"W": {"choose": [128, 64], "original": 128}, "K": 3}},
        {"params": {"K": 3, "W": {"choose": [64, 128], "original": 128}}},
        {"params": {"W": {"choose": [64, 128], "original": 64}, "K": 3}},
        {"params": {"W": {"choose": [64, "128"], "original": 128}, "K": 3}},
        {"params": {"W": {"choose": [64, 128], "original": 128}, "K": True}},
        {"let": {"P": "K // 2"}},
        {"require": ["W > K"]},
    ],
)
def test_change_of_drawn_fields_changes_only_the_draw_hash(changes):
    draw, marking = hashes()
    assert hashes(**changes)[0] != draw
    assert hashes(**changes)[1] == marking


@pytest.mark.parametrize(
    "changes",
    [
        {"statement": "Reckon!"},
        {"title": "Another toy"},
        {"parts": [ask(key=64)]},
        {"parts": [ask(key=63, title="Side of the input")]},
        {"parts": [ask(key=63, tolerance={"abs": Fraction(1, 2)})]},
        {"examples": [{"answers": {"a": 63}, "expect": {"a": "correct"}}]},
        {"solution": "Count."},
    ],
)
def test_change_of_other_fields_changes_only_the_marking_hash(changes):
    draw, marking = hashes()
    assert hashes(**changes)[0] == draw
    assert hashes(**changes)[1] != marking


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [1, 2]}, {"a": (1, 2)}),
        ({"a": Fraction(1, 2)}, {"a": Fraction("0.50")}),
        ({"a": Fraction("1e-3")}, {"a": Fraction("0.001")}),
        ({"a": {}}, {"a": {}}),
    ],
)
def test_equivalent_notation_keeps_the_hash(one, other):
    assert hash_fields(one) == hash_fields(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": "1"}),
        ({"a": Fraction(1, 2)}, {"a": "1/2"}),
        ({"a": [["b", 1]]}, {"a": {"b": 1}}),
        ({"a": None}, {}),
        ({"a": "é"}, {"a": "e\u0301"}),
    ],
)
def test_order_and_type_of_fields_change_the_hash(one, other):
    assert hash_fields(one) != hash_fields(other)


def test_hash_of_a_problem_version_is_stable():
    """The value is fixed: stored versions are found by it."""
    assert hash_fields({"W": {"choose": [64, Fraction(1, 2)]}, "let": None}) == (
        "5a0e0cca07e4e56e2f352848dde021eaeb29e583ed309a49b75ce970d9a05c3b"
    )
