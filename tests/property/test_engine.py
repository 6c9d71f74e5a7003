"""Tests of the engine for any numbers, texts and seeds: exactness, bounds, errors."""

import math
import operator
from fractions import Fraction

import pytest
from factories import BOOK, CALM, problem
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.definitions.name_checks import suggest_similar
from grader.definitions.problem import hash_fields
from grader.definitions.template import Template
from grader.errors import ProblemError, SolverError
from grader.expressions.arithmetic import (
    FUNCTIONS,
    MAX_BITS,
    apply_operator,
    raise_to_power,
    round_half_up,
    square_root,
)
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.formula_equality import BoundFormula, find_counterexample
from grader.expressions.parser import Expression, parse
from grader.expressions.sampling import Interval, sample_points
from grader.grading.rounding import compute_leading_exponent
from grader.grading.tolerance import Tolerance, find_accepting_rule
from grader.values import Tensor, is_number, simplify_number, to_exact_number, to_nested
from grader.variants.random_stream import MAX_RANGE, RandomStream
from grader.variants.variant import draw_values

NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.fractions(max_denominator=10**9))
OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda one, two: Fraction(one) / two,
    "//": operator.floordiv,
    "%": operator.mod,
}


@CALM
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float_converts_exactly_and_back_unchanged(number):
    assert float(to_exact_number(number)) == number
    assert to_exact_number(number) == (
        int(number) if number.is_integer() else Fraction(repr(number))
    )


@CALM
@given(st.sampled_from(sorted(OPERATIONS)), NUMBERS, NUMBERS)
def test_arithmetic_matches_fractions_with_whole_results_as_integers(symbol, one, two):
    if symbol in {"/", "//", "%"} and two == 0:
        with pytest.raises(SolverError):
            apply_operator(symbol, one, two)
        return
    result = simplify_number(Fraction(apply_operator(symbol, one, two)))
    assert result == OPERATIONS[symbol](Fraction(one), Fraction(two))


@CALM
@given(st.fractions(-1000, 1000, max_denominator=1000), st.integers(-40, 40))
def test_power_equals_repeated_multiplication(base, exponent):
    if base == 0 and exponent < 0:
        return
    expected = math.prod([base] * abs(exponent), start=Fraction(1))
    assert raise_to_power(base, exponent) == (expected if exponent >= 0 else 1 / expected)


@CALM
@given(st.integers(2, 10**6), st.integers(0, 10**6))
def test_power_is_exact_within_size_limit(base, exponent):
    if (base.bit_length() - 1) * exponent > MAX_BITS:
        with pytest.raises(SolverError):
            raise_to_power(base, exponent)
    else:
        assert raise_to_power(base, exponent) == base**exponent


@CALM
@given(st.fractions(0, 10**9, max_denominator=10**9))
def test_squared_root_is_close_to_number_and_root_of_square_is_exact(number):
    root = square_root(number)
    assert abs(Fraction(root) ** 2 - number) <= number * Fraction(1, 10**12)
    assert square_root(number * number) == number


@CALM
@given(NUMBERS, st.integers(-6, 6))
def test_rounding_moves_at_most_half_a_unit_and_is_odd_function(number, digits):
    unit = Fraction(10) ** -digits
    rounded = round_half_up(number, digits)
    assert abs(rounded - number) <= unit / 2
    assert (rounded / unit).denominator == 1
    assert round_half_up(-number, digits) == -rounded


LEAVES = st.one_of(
    st.integers(0, 10**9).map(str),
    st.decimals(0, 1000, places=3).map(str),
    st.sampled_from(["a", "b", "s", "X", "unknown", "True", "'text'", "2**3000"]),
)


def _wrap(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "==", "and", "or"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda piece: f"({piece[0]} {piece[1]} {piece[2]})"),
        inner.map(lambda one: f"-{one}"),
        inner.map(lambda one: f"(not {one})"),
        inner.map(lambda one: f"({one})[0]"),
        st.lists(inner, max_size=3).map(lambda some: f"({', '.join(some)},)" if some else "()"),
        st.tuples(inner, inner, inner).map(lambda some: "({} if {} else {})".format(*some)),
        st.tuples(st.sampled_from(sorted(FUNCTIONS)), inner).map(lambda one: "{}({})".format(*one)),
    )


SOURCES = st.recursive(LEAVES, _wrap, max_leaves=12)
SCOPE = Scope(
    {"a": 7, "b": Fraction(-1, 3), "s": (3, 32, 32), "X": Tensor.from_nested([[1, 2], [3, 4]])},
    FUNCTIONS,
)


def bits(value) -> int:
    """Return the bit length of the largest numerator or denominator in *value*."""
    if is_number(value):
        return max(Fraction(value).numerator.bit_length(), Fraction(value).denominator.bit_length())
    if isinstance(value, Tensor):
        return max(map(bits, value.cells), default=0)
    return max(map(bits, value), default=0) if isinstance(value, tuple) else 0


@settings(CALM, max_examples=400)
@given(SOURCES)
def test_any_expression_yields_bounded_exact_value_or_error(source):
    try:
        value = evaluate(parse(source).tree, SCOPE)
    except (ProblemError, SolverError):
        return
    assert bits(value) <= MAX_BITS
    assert not isinstance(value, float)
    assert not (isinstance(value, Fraction) and value.denominator == 1)


@settings(CALM, max_examples=300)
@given(
    st.one_of(st.text(max_size=80), st.text("0123456789abf_.,:+-*/%<>=()[]{}'\"\\ \n", max_size=80))
)
def test_any_text_parses_as_expression_or_problem_error(source):
    try:
        expression = parse(source)
    except ProblemError:
        return
    assert isinstance(expression, Expression)
    assert parse(expression.source) == expression


@settings(CALM, max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text("{} a1+$\\", max_size=40)))
def test_any_text_parses_as_template_or_error_and_plain_text_is_kept(source):
    try:
        template = Template.parse(source)
    except ProblemError:
        assert "{{" in source
        return
    if not template.expressions:
        assert template.fill(Scope({}, {})) == source


@CALM
@given(st.binary(max_size=40), st.text(max_size=20), st.integers(1, MAX_RANGE))
def test_random_stream_is_deterministic_and_below_its_limit(key, label, limit):
    drawn = [RandomStream(key, label).randbelow(limit) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 0 <= drawn[0] < limit


@CALM
@given(NUMBERS.filter(bool))
def test_leading_exponent_brackets_the_number(number):
    place = compute_leading_exponent(number)
    assert Fraction(10) ** place <= abs(Fraction(number)) < Fraction(10) ** (place + 1)


TOLERANCES = st.fixed_dictionaries(
    {"abs": st.fractions(0, 10, max_denominator=1000)},
    optional={
        "rel": st.fractions(0, 1, max_denominator=100),
        "sigfigs": st.integers(1, 6),
        "decimals": st.integers(0, 6),
    },
).map(Tolerance.model_validate)


@CALM
@given(TOLERANCES, NUMBERS, NUMBERS)
def test_answer_is_accepted_exactly_within_reported_interval(tolerance, key, answer):
    low, high = tolerance.interval(key)
    assert low <= key <= high
    accepted = find_accepting_rule(answer, key, tolerance, step=None) is not None
    assert accepted == (low <= answer <= high)


@CALM
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_nested_and_flat_cells_give_same_tensor(shape, data):
    size = math.prod(shape)
    cells = data.draw(st.lists(st.integers(-9, 9), min_size=size, max_size=size))
    tensor = Tensor(tuple(shape), tuple(cells))
    assert Tensor.from_nested(to_nested(shape, cells)) == tensor
    assert Tensor.from_array(tensor.to_array()) == tensor
    assert [cell for row in tensor.rows() for cell in getattr(row, "cells", (row,))] == cells


PLAIN = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.fractions(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def tuples(value):
    """Return *value* with lists replaced by tuples, another notation of the same value."""
    if isinstance(value, list):
        return tuple(map(tuples, value))
    if isinstance(value, dict):
        return {name: tuples(item) for name, item in value.items()}
    return value


@CALM
@given(st.dictionaries(st.text(max_size=3), PLAIN, max_size=3))
def test_hash_depends_on_values_and_order_but_not_notation(block):
    assert hash_fields(block) == hash_fields(tuples(block))
    turned = dict(reversed(block.items()))
    assert (hash_fields(block) == hash_fields(turned)) == (list(block) == list(turned))
    assert hash_fields({**block, "more": 1}) != hash_fields(block)


POLYNOMIALS = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4
)
BOXES = (("n", Interval.parse("1..64")), ("m", Interval.parse("0..9")))


def spelled(terms, *, turned: bool = False) -> str:
    """Return a polynomial as text; *turned* reverses its terms and their factors."""
    if turned:
        return " + ".join(f"m**{two} * {factor} * n**{one}" for factor, one, two in reversed(terms))
    return " + ".join(f"{factor} * n**{one} * m**{two}" for factor, one, two in terms)


@settings(CALM, max_examples=60)
@given(POLYNOMIALS, st.fractions(max_denominator=10**6).filter(bool))
def test_formula_equals_its_reordering_and_no_shifted_version(terms, off):
    key = BoundFormula(parse(spelled(terms)).tree, Scope({}, FUNCTIONS))
    sample = sample_points(BOXES, ())
    assert (
        find_counterexample(BoundFormula(parse(spelled(terms, turned=True)).tree), key, sample)
        is None
    )
    shifted = f"{spelled(terms)} + ({off.numerator}) / {off.denominator}"
    assert find_counterexample(BoundFormula(parse(shifted).tree), key, sample) is not None


@settings(CALM, max_examples=40)
@given(st.integers(1, 9), st.integers(-9, 9), st.integers(1, 9))
def test_floor_and_ceiling_are_distinguished_at_every_residue(factor, shift, divisor):
    key = BoundFormula(
        parse(f"floor(({factor}*n + {shift}) / {divisor})").tree, Scope({}, FUNCTIONS)
    )
    sample = sample_points(BOXES, ())
    same = f"ceil(({factor}*n + {shift} - {divisor} + 1) / {divisor})"
    assert find_counterexample(BoundFormula(parse(same).tree), key, sample) is None
    other = f"ceil(({factor}*n + {shift}) / {divisor})"
    differs = any((factor * n + shift) % divisor for n in range(1, 65))
    assert (
        find_counterexample(BoundFormula(parse(other).tree), key, sample) is not None
    ) == differs


@settings(CALM, max_examples=40)
@given(st.integers(0, 2**53), st.integers(1, 50), st.integers(0, 50))
def test_draw_respects_limits_and_conditions_and_repeats(seed, low, span):
    toy = problem(
        params={
            "A": {"integers": [low, low + span]},
            "X": {"integers": ["-A", "A"], "shape": [2, 2]},
        },
        require=["X[0][0] != 2 * A"],
    )
    names = draw_values(toy, seed, BOOK)
    assert low <= names["A"] <= low + span
    assert all(abs(cell) <= names["A"] for cell in names["X"].cells)
    assert draw_values(toy, seed, BOOK) == names


@CALM
@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_suggestion_is_a_known_name_or_empty(name, known):
    told = suggest_similar(name, known)
    assert told == "" or any(repr(one) in told for one in known)
