"""Tests of values and answers as JSON: they round-trip, and anything else is refused."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.expressions.formula_equality import BoundFormula
from grader.expressions.tree import NumberLiteral
from grader.json_values import NotSerializableError, from_json, to_json
from grader.values import Tensor

NUMBERS = st.integers() | st.fractions().filter(lambda number: number.denominator > 1)
TENSORS = st.lists(NUMBERS, min_size=1, max_size=6).flatmap(
    lambda cells: st.sampled_from([(len(cells),), (1, len(cells)), (len(cells), 1, 1)]).map(
        lambda shape: Tensor(shape, tuple(cells))
    )
)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | TENSORS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
TEXTS = st.text(max_size=5)
TYPED = st.recursive(
    NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@given(VALUES | TYPED)
def test_json_values_round_trip(value):
    told = json.loads(json.dumps(to_json(value)))
    found = from_json(told)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "value", [BoundFormula(NumberLiteral(1)), (1, BoundFormula(NumberLiteral(1)))]
)
def test_solver_only_values_are_not_serialized(value):
    with pytest.raises(NotSerializableError):
        to_json(value)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"x": 1},
        0.5,
        {"fraction": 3},
        {"fraction": "3"},
        {"fraction": "1e999999999/1"},
        {"tuple": 5},
        {"object": 5},
        {"object": {"a": {"x": 1}}},
        {"tuple": [{"x": 1}]},
        {"tensor": [1, 2], "shape": [3]},
        {"tensor": [1, 2], "shape": [-1, -2]},
        {"tensor": [1, True], "shape": [2]},
        {"tensor": ["1", "2"], "shape": [2]},
        {"tensor": [1, 2], "shape": [2.0]},
    ],
)
def test_malformed_serialized_value_is_rejected(told):
    with pytest.raises(ValueError, match=r"is not a value|a tensor has|invalid literal"):
        from_json(told)


def test_fraction_with_zero_denominator_is_rejected():
    with pytest.raises(ZeroDivisionError):
        from_json({"fraction": "1/0"})
    assert from_json(Fraction(1, 2)) == Fraction(1, 2)
