"""Tests of formula equality: exact agreement at sample points, or a simple difference."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import BoundFormula, Counterexample, find_counterexample
from grader.expressions.parser import parse
from grader.expressions.sampling import Interval, sample_points
from grader.expressions.vectorized_eval import PointSample

SIZES = (
    ("H", Interval.parse("1..64")),
    ("K", Interval.parse("1..11")),
    ("P", Interval.parse("0..5")),
    ("S", Interval.parse("1..4")),
)
FITS = (parse("K <= H + 2*P"),)


def formula(source: str, **names) -> BoundFormula:
    return BoundFormula(parse(source).tree, Scope(names, FUNCTIONS))


def differs(answer: str, key: str, sample=None) -> Counterexample | None:
    if sample is None:
        sample = sample_points(SIZES, FITS, parse(key).tree)
    return find_counterexample(formula(answer), formula(key), sample)


KEY = "floor((H - K + 2*P) / S) + 1"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (KEY, True),
        ("floor((H - K + 2*P + S) / S)", True),
        ("ceil((H - K + 2*P + 1) / S)", True),
        ("(H - K + 2*P) // S + 1", True),
        ("1 + floor((2*P + H - K) * (1 / S))", True),
        ("(H - K + 2*P - (H - K + 2*P) % S) / S + 1", True),
        ("ceil((H - K + 2*P) / S)", False),
        ("ceil((H - K + 2*P) / S) + 1", False),
        ("round((H - K + 2*P) / S) + 1", False),
        ("(H - K + 2*P) / S + 1", False),
        ("floor((H - K + P) / S) + 1", False),
        ("floor((H - K + 2*P) / S)", False),
        ("floor((H - K + 1 + 2*P) / S)", False),
        ("floor((H - K + 2*P - 1) / S) + 1", False),
        ("floor((H - K + 2*P + 1) / S) + 1", False),
        ("floor((H - K) / S + 2*P) + 1", False),
        ("floor((H - K + 2*P) / S) + 1 + H // 64", False),
        ("floor((H - K + 2*P) / S) + 1 + (H - K + 2*P) % S // 3", False),
        ("H", False),
        ("0", False),
        ("1 / 0", False),
        ("floor((H - K + 2*P) / S) + 1 + 1 / (H - H)", False),
    ],
)
def test_equivalent_floor_formulas_are_accepted_and_near_misses_rejected(answer, right):
    assert (differs(answer, KEY) is None) is right


@pytest.mark.parametrize(
    ("answer", "key", "right"),
    [
        ("sqrt(H**2)", "H", True),
        ("sqrt(H) * sqrt(H)", "H", True),
        ("sqrt(H + 1)", "sqrt(H) + 1", False),
        ("log2(H * H)", "2 * log2(H)", True),
        ("log10(H * H)", "2 * log10(H)", True),
        ("ln(H / K)", "ln(H) - ln(K)", True),
        ("ln(H)", "log2(H)", False),
        ("exp(-H) * exp(K)", "exp(K - H)", True),
        ("exp(H)", "exp(H) + 1/1000", False),
        ("H * K * K * S", "S * H * K**2", True),
        ("H * K**3", "H * K**2", False),
        ("H ** K", "H ** K + 1", False),
        ("abs(K - H)", "max(H - K, K - H)", True),
    ],
)
def test_roots_and_logarithms_are_compared_up_to_float_noise(answer, key, right):
    assert (differs(answer, key) is None) is right


@pytest.mark.parametrize(
    "answer",
    [
        "H * W * N * K**3 * M",
        "0",
        "2 * H*W*N*K**2*M",
        "H*W*N*K**2*M + 1",
        "H*W*N*K**2*M*(K // 1000)",
    ],
)
def test_polynomial_is_distinguished_from_similar_ones(answer):
    box = tuple((name, Interval.parse("1..64")) for name in "HWNKM")
    key = "H * W * N * K**2 * M"
    assert differs("K * K * M * N * W * H", key, sample_points(box, (), parse(key).tree)) is None
    assert differs(answer, key, sample_points(box, (), parse(key).tree)) is not None


def test_exponents_are_never_reduced():
    prime = 2**61 - 1
    box = (("x", Interval.parse("1..64")), ("y", Interval.parse("1..9")))
    sample = sample_points(box, ())
    assert differs(f"(x + 1) * y**({prime} - 1)", "x + 1", sample) is not None
    assert differs("(x + 1) * y**12 / y**12", "x + 1", sample) is None


def test_counterexample_is_the_simplest_point_with_the_student_value():
    sample = sample_points((("H", Interval.parse("1..64")), ("S", Interval.parse("1..4"))), ())
    assert differs("H / S", "H // S", sample) == ({"H": 1, "S": 2}, Fraction(1, 2))
    assert differs("H + 100 // H", "H + 1", sample).point["H"] == 1
    assert differs("1 / (H - 1)", "H", sample).student_value is None


def test_points_where_the_key_is_undefined_are_ignored():
    sample = PointSample(({"H": 0}, {"H": 4}))
    assert differs("H / H", "H ** 0 if H > 0 else 1 / 0", sample) is None
    assert differs("2", "1 / H", sample) == ({"H": 4}, 2)


def test_key_that_is_undefined_everywhere_raises_solver_error():
    with pytest.raises(SolverError, match="no value at any sampled point"):
        differs("H", "1 / (H - H)")


def test_formula_uses_parameters_and_point_values_take_precedence():
    assert formula("H + C", H=100, C=5).evaluate_at_point({"H": 1}) == 6
    assert (
        find_counterexample(
            formula("H + 5"), formula("H + C", H=100, C=5), sample_points(SIZES, ())
        )
        is None
    )
    assert str(formula("2*H")) == "2·H"


def test_values_at_sample_points_are_computed_once():
    calls = []
    counted = Scope({}, {"f": lambda size: calls.append(size) or size})
    key, sample = BoundFormula(parse("f(H) + 1").tree, counted), sample_points(SIZES, ())
    assert find_counterexample(formula("H + 1"), key, sample) is None
    assert find_counterexample(formula("H + 2"), key, sample) is not None
    assert len(calls) == len(sample)
    assert find_counterexample(formula("H + 1"), key, sample_points(SIZES, FITS)) is None
    assert len(calls) == len(sample) + len(sample_points(SIZES, FITS))
