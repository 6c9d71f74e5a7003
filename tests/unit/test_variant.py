"""Tests of variants: drawn from the seed alone and solved once; failures are noted."""

import pytest
from factories import BOOK, ask, original, problem

from grader.errors import ProblemError
from grader.values import Tensor
from grader.variants.variant import (
    complete_drawn_values,
    draw_values,
    find_redundant_conditions,
    get_mistake_pairs,
    solve_keys,
    solve_variant,
)

DRAWN = {
    "W": {"choose": [63, 64, 97, 128], "original": 128},
    "K": {"integers": [2, 7], "original": 3},
    "X": {"integers": [-3, 3], "shape": [2, "K"], "original": [[1, 0, 2], [0, 1, 3]]},
}


def toy(*parts, **changes):
    return problem(*parts, **{"params": DRAWN, "let": {"P": "K // 2", "Q": "P + 1"}, **changes})


def test_values_drawn_from_a_seed_are_stable():
    """The values are fixed: a change would alter every variant ever handed out."""
    assert draw_values(toy(), 7, BOOK) == {
        "W": 64,
        "K": 4,
        "X": Tensor.from_nested([[3, -3, -1, 3], [-1, 0, -2, -3]]),
        "P": 2,
        "Q": 3,
    }


def test_violated_condition_saves_the_ones_behind_it():
    """A draw costs most where few satisfy `require`: the first violation must settle it."""
    with pytest.raises(ProblemError) as refusal:
        draw_values(toy(require=["W > 1000", "1 / 0 == W"]), 0, BOOK)
    assert "division" not in str(refusal.value)


def test_original_has_the_textbook_values():
    names = draw_values(toy(), None, BOOK)
    assert names == {
        "W": 128,
        "K": 3,
        "X": Tensor.from_nested([[1, 0, 2], [0, 1, 3]]),
        "P": 1,
        "Q": 2,
    }


def test_drawn_values_depend_only_on_the_draw_block_and_the_seed():
    one = draw_values(toy(), 3, BOOK)
    assert draw_values(toy(ask(key=9), title="Another", statement="{{W}}"), 3, BOOK) == one
    assert draw_values(toy(), 4, BOOK) != one
    assert draw_values(toy(require=["W > 0"]), 3, BOOK) != one


def test_many_seeds_draw_every_value():
    drawn = [draw_values(toy(), seed, BOOK) for seed in range(100)]
    assert {names["W"] for names in drawn} == {63, 64, 97, 128}
    assert {names["K"] for names in drawn} == set(range(2, 8))
    assert all(names["X"].shape == (2, names["K"]) for names in drawn)


def test_every_draw_satisfies_every_condition():
    strict = toy(require=["(W - K) % 2 != 0", "K > P + 1"])
    for seed in range(60):
        names = draw_values(strict, seed, BOOK)
        assert (names["W"] - names["K"]) % 2
        assert names["K"] > names["P"] + 1


@pytest.mark.parametrize(
    ("changes", "seed", "field", "words"),
    [
        ({"require": ["W > 1000"]}, 0, "require", "none of 1000 draws satisfies"),
        ({"require": ["W > 1000"]}, None, "require.0", "the original does not satisfy 'W > 1000'"),
        ({"require": ["W > 0", "K > 3"]}, None, "require.1", "change one of them"),
        ({"require": ["W"]}, 0, "require", "neither true nor false"),
        ({"require": ["1 / 0 == W"]}, None, "require.0", "division by zero"),
        ({"let": {"P": "K / 0"}}, 0, "require", "division by zero"),
        ({"let": {"P": "9 ** 9 ** 9"}}, None, "let.P", "4096 bits"),
        ({"params": {"W": {"integers": [9, 1], "original": 5}}}, 0, "params.W", "no integer"),
        ({"params": {"W": {"integers": [0, "2 ** 65"]}}}, 0, "params.W", "too many integers"),
        ({"params": {"W": {"choose": [1, 2]}}}, None, "params", "name a seed"),
        ({"params": {"W": {"named": "vgg16"}}}, None, "params.W", "no function 'named'"),
        (
            {"params": {"X": {"integers": [0, 1], "shape": [2], "original": [1]}}},
            None,
            "params.X",
            "declared is",
        ),
    ],
)
def test_undrawable_problem_is_rejected_with_the_field(changes, seed, field, words):
    with pytest.raises(ProblemError, match=words) as caught:
        draw_values(toy(**{"let": {}, **changes}), seed, BOOK)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("require", "unused"),
    [
        ([], ()),
        (["W > 0"], (0,)),
        (["W != 63", "K > 0", "P >= 0"], (1, 2)),
        (["W != 63", "1 / 0 == 1"], (0, 1)),
    ],
)
def test_condition_that_every_draw_satisfies_is_reported(require, unused):
    assert find_redundant_conditions(toy(require=require), BOOK) == unused


def test_later_key_may_use_keys_of_earlier_parts():
    variant = original(ask(key="side(64, 3, stride=2)"), ask(id="b", key="halve(a) + 1"))
    assert variant.keys == {"a": 31, "b": 16}
    assert variant.failures == {}


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("broken(1)", "the solver cannot take 1 values"),
        ("side(2, 3)", "the window is larger than the image"),
        ("weights(1)", "weights could not compute"),
        ("1 / (1 - 1)", "division by zero"),
    ],
)
def test_failed_key_and_its_dependents_are_recorded_as_failures(key, reason):
    variant = original(ask(key=key), ask(id="b", key="a + 1"), ask(id="c", key="halve(9)"))
    assert reason in variant.failures["a"]
    assert "'a' has no value" in variant.failures["b"]
    assert variant.keys == {"c": 4}


def test_derived_values_are_recomputed_from_drawn_values():
    names = draw_values(toy(), 7, BOOK)
    drawn = {name: names[name] for name in reversed(DRAWN)}
    assert list(complete_drawn_values(toy(), drawn, BOOK).items()) == list(names.items())
    with pytest.raises(ProblemError, match="'K' has no value"):
        complete_drawn_values(toy(), {"W": 64}, BOOK)


def test_known_key_is_kept_and_later_keys_build_on_it():
    parts = (ask(key="halve(9)"), ask(id="b", key="a + 1"), ask(id="c", key="broken(b)"))
    keys, failures = solve_keys(problem(*parts), {}, BOOK, known={"a": 7})
    assert keys == {"a": 7, "b": 8}
    assert failures.keys() == {"c"}


def test_mistake_pairs_are_computed_once_for_each_variant():
    variant = original(ask(key="weights(3, 64, 3) * side(64, 3, stride=2)"))
    assert variant.mistake_pairs == {}
    found = get_mistake_pairs(variant, "a", BOOK)
    assert variant.mistake_pairs == {"a": found}
    assert get_mistake_pairs(variant, "a", BOOK) is found


def test_student_scope_contains_no_key():
    variant = original(ask(key="W + 1"), params={"W": {"choose": [1, 2], "original": 1}})
    scope = variant.student_scope(BOOK)
    assert scope.names == {"W": 1}
    assert "side" in scope.functions
    assert "floor" in scope.functions


def test_variant_stores_its_seed():
    assert solve_variant(toy(), 5, BOOK).seed == 5
    assert solve_variant(toy(), None, BOOK).seed is None
