"""Tests of vectorized evaluation: it gives the values of evaluation point by point."""

from fractions import Fraction

import pytest
from factories import CALM, FUNCTIONS, side, side_rounded_up
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import SolverError
from grader.expressions import arithmetic
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, NumberLiteral
from grader.expressions.vectorized_eval import PointSample, SampleValues, evaluate_at_points
from grader.reading import read_formula
from grader.values import Tensor, is_number

SAMPLE = PointSample(
    (
        {"a": 0, "b": 1, "x": 0},
        {"a": 1, "b": 2, "x": Fraction(1, 2)},
        {"a": 7, "b": 2, "x": Fraction(-7, 3)},
        {"a": -8, "b": 3, "x": 4},
        {"a": 64, "b": 5, "x": Fraction(9, 4)},
        {"a": 99, "b": 12, "x": -1},
    )
)
PLAIN = Scope({}, arithmetic.FUNCTIONS)


def one_by_one(tree, scope=PLAIN, sample=SAMPLE):
    """Return the values at each point, evaluated one at a time: the oracle."""
    found = []
    for point in sample:
        try:
            value = evaluate(tree, Scope({**scope.names, **point}, scope.functions, scope.swaps))
        except SolverError:
            value = None
        found.append(value if is_number(value) else None)
    return found


def at_once(tree, scope=PLAIN, sample=SAMPLE):
    values = evaluate_at_points(tree, scope, sample)
    return [values.value_at(index) for index in range(len(sample))]


def of_one(*functions):
    return lambda below: st.builds(
        lambda function, item: Call(function, (item,)), st.sampled_from(functions), below
    )


LEAVES = st.one_of(
    st.sampled_from(["a", "b", "x"]).map(Name),
    st.integers(0, 12).map(NumberLiteral),
    st.sampled_from(
        [Fraction(1, 2), Fraction(2, 3), 9**1000, 4096, 10**30, Fraction(7, 2**64)]
    ).map(NumberLiteral),
)


def above(below):
    return st.one_of(
        st.builds(
            BinaryOperation, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), below, below
        ),
        st.builds(Negation, below),
        of_one("abs", "ceil", "floor", "log2", "round", "sqrt", "min", "max")(below),
        st.builds(
            lambda function, one, two: Call(function, (one, two)),
            st.sampled_from(["min", "max", "round", "floor"]),
            below,
            below,
        ),
    )


@settings(CALM, max_examples=250)
@given(st.recursive(LEAVES, above, max_leaves=8))
def test_vectorized_evaluation_matches_pointwise_evaluation(tree):
    assert at_once(tree) == one_by_one(tree)


@pytest.mark.parametrize(
    "source",
    [
        "a / b",
        "1 / a",
        "a % x",
        "a // x",
        "x // a + x % a",
        "a / (a - a)",
        "1 / (a - 7) + 1 / (b - 3)",
        "2 ** 4095 * b",
        "2 ** 4096 * x",
        "a ** 600",
        "a ** 4096",
        "1 ** 4096",
        "1 ** 4097",
        "0 ** 0",
        "a ** -1",
        "x ** -3",
        "x ** (4 / 2)",
        "x ** 0.5",
        "a ** a",
        "2 ** b + x ** b",
        "2 ** (b - 1) - x ** -b",
        "b ** 600 * 2 ** a",
        "b ** (b / b)",
        "a ** x",
        "(9 ** 600 / 7 ** 600) * (7 ** 600 / 9 ** 600)",
        "(9 ** 1000 / 7 ** 1000) * (7 ** 1000 / 9 ** 1000)",
        "round(x)",
        "round(-x)",
        "round(x, 1)",
        "round(x, b, b)",
        "min(a, x) + max(a, b, 3)",
        "min(a)",
        "min((a, b))",
        "log2(a) + sqrt(b)",
        "sqrt(0 - a * a)",
        "sum((a, b, x)) * prod((a, b)) - len((a, b))",
        "a if a > b else 1 / b",
        "1 / a if a != 0 else 0",
        "(a, b)[1] * x",
        "(a, b)",
        "'text'",
        "a == 1",
        "(a == 1) + 1",
        "floor()",
        "floor(a, b)",
        "floor(digits=a)",
        "unknown * a",
        "unknown(a)",
        "a.field",
    ],
)
def test_undefined_points_do_not_affect_other_points(source):
    tree = parse(source).tree
    assert at_once(tree) == one_by_one(tree)


BOOK = Scope(
    {"W": 5, "half": Fraction(1, 2), "X": Tensor((2,), (1, 2)), "shape": (3, 4), "a": 1_000},
    {**arithmetic.FUNCTIONS, **FUNCTIONS},
)


@pytest.mark.parametrize(
    "source",
    [
        "W * a + half",
        "side(a, b) + 1",
        "side(a + W, b, stride=b) * half",
        "X[0] * a",
        "(X * a)[1]",
        "(X + 1)[0] + sum(X * b)",
        "max(X) + a",
        "shape[1] * b",
        "network(a, b).layers[0]",
        "record().side + a",
        "len(X) * a",
        "X * a",
        "broken(a) + 1",
    ],
)
def test_vectorized_keys_may_call_solvers_and_index_tensors(source):
    tree = parse(source).tree
    assert at_once(tree, BOOK) == one_by_one(tree, BOOK)


def test_wrong_version_replaces_a_function_in_all_calls_or_in_one():
    tree = parse("floor(a / b) + floor(x) + side(a, 1, stride=b)").tree
    renamed = {**BOOK.functions, "floor": arithmetic.FUNCTIONS["ceil"]}
    for scope in (
        Scope(BOOK.names, renamed),
        Scope(BOOK.names, BOOK.functions, {1: arithmetic.FUNCTIONS["ceil"]}),
        Scope(BOOK.names, BOOK.functions, {2: side_rounded_up}),
        Scope(BOOK.names, {**BOOK.functions, "side": side}),
    ):
        assert at_once(tree, scope) == one_by_one(tree, scope)
    assert at_once(tree, Scope({}, renamed)) != at_once(tree, Scope({}, BOOK.functions))


def test_equal_formulas_have_equal_reduced_values():
    forms = ("x / 2 + x / 2", "2 * x / 2", "(x * b) / b", "x ** 3 / x ** 2 if x != 0 else 0")
    values = [evaluate_at_points(parse(form).tree, PLAIN, SAMPLE) for form in forms]
    assert values == [evaluate_at_points(Name("x"), PLAIN, SAMPLE)] * len(forms)
    assert len(set(values)) == 1
    assert evaluate_at_points(parse("(2*a + 2*b) / 2").tree, PLAIN, SAMPLE).bottoms == ()


@pytest.mark.parametrize(
    ("source", "inexact"),
    [
        ("a + x", False),
        ("sqrt(b)", True),
        ("log2(b) * 0", True),
        ("log10(b)", True),
        ("exp(a)", True),
        ("ln(b)", True),
        ("b ** 0.5", True),
        ("b ** 2", False),
        ("b if sqrt(b) > 1 else a", True),
        ("(sqrt(b), a)[0]", True),
        ("max(X * sqrt(b))", True),
    ],
)
def test_roots_and_logarithms_make_values_inexact(source, inexact):
    assert evaluate_at_points(parse(source).tree, BOOK, SAMPLE).inexact is inexact


LARGE = PointSample(tuple({"H": size, "W": size + 1} for size in range(1, 65)))


@pytest.mark.parametrize(
    "source",
    [
        "2**2**2**2**2",
        "W**999999",
        "+".join(["floor(H**500/7)"] * 30),
        "sqrt(" * 28 + "W" + ")" * 28,
        "+".join(["round(H/7**300,99)"] * 24),
        "+".join(f"{prime}**900/(W**600+{prime})" for prime in (3, 5, 7, 11, 13, 17, 19)),
    ],
)
def test_expensive_formula_yields_no_values(source):
    tree = read_formula(source, ["H", "W"]).value
    assert at_once(tree, sample=LARGE) == [None] * len(LARGE)


def test_long_cheap_formula_is_evaluated():
    tree = parse(" + ".join([f"floor((H + {at}) * W**3 / 7)" for at in range(16)])).tree
    assert at_once(tree, sample=LARGE) == one_by_one(tree, sample=LARGE)
    assert None not in at_once(tree, sample=LARGE)


def test_point_sample_preserves_point_order():
    assert [dict(point) for point in SAMPLE] == [dict(point) for point in SAMPLE.points]
    assert SAMPLE[1:3] == SAMPLE.points[1:3]
    assert evaluate_at_points(NumberLiteral(1), PLAIN, PointSample(())) == SampleValues(
        (), (), inexact=False
    )
