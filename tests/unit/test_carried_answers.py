"""Tests of the answers that carry forward: wrong, of the key's form, past their guard."""

from fractions import Fraction

import pytest
from factories import BOOK, ask, original

from grader.grading.carried_answers import collect_carried_values
from grader.values import Tensor, has_same_form_and_sign

VECTOR = Tensor.from_nested([1, 2])


@pytest.mark.parametrize(
    ("value", "true", "same"),
    [
        (30, 31, True),
        (0, 31, False),
        (-30, 31, False),
        (-30, -31, True),
        (30, -31, True),
        (0, 0, True),
        (Fraction(61, 2), 31, True),
        (30, Fraction(61, 2), True),
        (Fraction(1, 3), Fraction(1, 2), True),
        (Fraction(-1, 3), Fraction(1, 2), False),
        ((3, 5), (3, 4), True),
        ((3, 0), (3, 4), False),
        ((3,), (3, 4), False),
        ((3, Fraction(1, 2)), (3, 4), False),
        (3, (3, 4), False),
        ((3,), 3, False),
        (Tensor.from_nested([9, 9]), VECTOR, True),
        (Tensor.from_nested([-9, 9]), VECTOR, False),
        (Tensor.from_nested([-9, 9]), Tensor.from_nested([0, 1]), True),
        (Tensor.from_nested([9, 9, 9]), VECTOR, False),
        (Tensor.from_nested([[9, 9]]), VECTOR, False),
        ((9, 9), VECTOR, False),
        ("a", "b", False),
        (True, 1, False),
    ],
)
def test_same_form_requires_matching_type_shape_and_sign(value, true, same):
    assert has_same_form_and_sign(value, true) is same


@pytest.mark.parametrize(("kind", "carries"), [("integer", False), ("number", True)])
def test_fraction_carries_if_kind_allows_it_regardless_of_numbers(kind, carries):
    """Credit must not depend on the seed: a key that happens to be whole changes nothing."""
    first = ask(kind, key="31", reason="a constant")
    variant = original(first, ask("number", id="b", key="a * 3"))
    names = collect_carried_values(
        variant, variant.problem.parts[1], {"a": Fraction(63, 2)}, registry=BOOK
    )
    assert bool(names) is carries


A, B = ask(key="side(64, 3, stride=2)"), ask(id="b", key="halve(a)")


@pytest.mark.parametrize(
    ("parts", "own", "carried"),
    [
        ((A, B), {"a": 30}, {"a": 30}),
        ((A, B), {"a": 31}, {}),
        ((A, B), {}, {}),
        ((A, B), {"b": 9}, {}),
        ((A, B), {"a": 0}, {}),
        ((A, B), {"a": Fraction(1, 2)}, {}),
        (({**A, "carry": "20 < a < 40"}, B), {"a": 30}, {"a": 30}),
        (({**A, "carry": "20 < a < 40"}, B), {"a": 50}, {}),
        (({**A, "carry": "1 / (a - 30) > 0"}, B), {"a": 30}, {}),
        (({**A, "carry": "a"}, B), {"a": 30}, {}),
        ((A, ask(id="b", key="9 * 2")), {"a": 30}, {}),
        ((A, B, ask(id="c", key="b + 1")), {"a": 30}, {}),
        ((A, B, ask(id="c", key="b + a")), {"a": 30, "b": 5}, {"a": 30, "b": 5}),
        ((A, {**B, "carry": "b < a"}, ask(id="c", key="b + 1")), {"a": 4, "b": 5}, {}),
        ((A, {**B, "carry": "b < a"}, ask(id="c", key="b + 1")), {"b": 5}, {"b": 5}),
        ((ask(key="broken()"), B), {"a": 30}, {}),
        ((ask("number", at_least=1), ask(id="b", key="a + 1")), {"a": 30}, {}),
        (
            (
                ask("predicate", **{"as": ["integer"]}, accept_if="True", sample=1),
                ask(id="b", key="5 + 0 * 1"),
            ),
            {"a": (30,)},
            {},
        ),
    ],
)
def test_answer_carries_only_if_key_names_it_and_guard_holds(parts, own, carried):
    variant = original(*parts)
    assert collect_carried_values(variant, variant.problem.parts[-1], own, registry=BOOK) == carried
