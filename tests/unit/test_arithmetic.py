"""Tests of exact arithmetic: powers, roots, logarithms, rounding and functions."""

from fractions import Fraction

import pytest

from grader.errors import SolverError
from grader.expressions.arithmetic import (
    FUNCTIONS,
    apply_operator,
    logarithm,
    natural_logarithm,
    raise_to_power,
    round_half_up,
    square_root,
)
from grader.values import Tensor


@pytest.mark.parametrize(
    ("symbol", "left", "right", "result"),
    [
        ("+", 1, Fraction(1, 2), Fraction(3, 2)),
        ("-", 1, 2, -1),
        ("*", Fraction(1, 3), 3, 1),
        ("/", 1, 3, Fraction(1, 3)),
        ("/", 6, 3, 2),
        ("//", Fraction(7, 2), 1, 3),
        ("//", -1, 2, -1),
        ("%", Fraction(7, 2), 2, Fraction(3, 2)),
        ("**", 10, 3, 1000),
        ("**", Fraction(2, 3), -2, Fraction(9, 4)),
    ],
)
def test_operations_are_exact(symbol, left, right, result):
    assert apply_operator(symbol, left, right) == result


@pytest.mark.parametrize(
    ("base", "exponent", "result"),
    [
        (0, 0, 1), (0, 5, 0), (1, 4096, 1), (-1, 4095, -1), (-2, 3, -8), (9, Fraction(1, 2), 3),
        (-2, -1, Fraction(-1, 2)), (Fraction(1, 2), -3, 8), (Fraction(2, 3), 0, 1),
        (8, Fraction(1, 3), 2), (Fraction(27, 8), Fraction(2, 3), Fraction(9, 4)),
        (8, Fraction(-1, 3), Fraction(1, 2)), (0, Fraction(1, 3), 0),
    ],
)  # fmt: skip
def test_powers_are_exact(base, exponent, result):
    found = raise_to_power(base, exponent)
    assert (found, type(found)) == (result, type(result))


@pytest.mark.parametrize(("base", "exponent"), [(2, Fraction(1, 3)), (10, Fraction(6, 5))])
def test_irrational_power_is_nearest_double(base, exponent):
    assert float(raise_to_power(base, exponent)) == pytest.approx(
        base ** float(exponent), rel=1e-15
    )


@pytest.mark.parametrize(
    ("base", "exponent"), [(-8, Fraction(1, 3)), (0, Fraction(-1, 3)), (10**309, Fraction(4, 3))]
)
def test_undefined_power_raises_error(base, exponent):
    with pytest.raises(SolverError):
        raise_to_power(base, exponent)


@pytest.mark.parametrize(
    ("number", "root"),
    [(0, 0), (49, 7), (Fraction(9, 4), Fraction(3, 2)), (10**40, 10**20), (2**4000, 2**2000)],
)
def test_root_of_square_is_exact(number, root):
    assert square_root(number) == root


@pytest.mark.parametrize(("function", "number"), [(square_root, 2), (logarithm, 10)])
def test_irrational_result_is_nearest_double(function, number):
    found = float(function(number))
    assert found == pytest.approx({2: 2**0.5, 10: 3.321928094887362}[number], rel=1e-15)


@pytest.mark.parametrize(
    ("number", "base", "result"),
    [(1, 2, 0), (8, 2, 3), (Fraction(1, 8), 2, -3), (1000, 10, 3), (2**52, 2, 52), (3**20, 3, 20)],
)
def test_logarithm_of_whole_power_is_exact(number, base, result):
    assert logarithm(number, base) == result


@pytest.mark.parametrize(("number", "base"), [(0, 2), (-1, 2), (2, 1), (2, 0), (2, -2)])
def test_undefined_logarithm_raises_error(number, base):
    with pytest.raises(SolverError):
        logarithm(number, base)


@pytest.mark.parametrize("function", [natural_logarithm, logarithm])
def test_number_below_float_range_has_no_logarithm(function):
    with pytest.raises(SolverError, match="too small"):
        function(Fraction(1, 10**400))


@pytest.mark.parametrize("function", [square_root, logarithm])
def test_number_beyond_float_range_raises_solver_error(function):
    with pytest.raises(SolverError, match="too large"):
        function(10**400 + 1)


@pytest.mark.parametrize(
    ("number", "digits", "rounded"),
    [
        (Fraction(1, 2), 0, 1),
        (Fraction(-1, 2), 0, -1),
        (Fraction(5, 2), 0, 3),
        (Fraction(-5, 2), 0, -3),
        (Fraction(249, 100), 0, 2),
        (Fraction(2675, 1000), 2, Fraction(268, 100)),
        (1250, -2, 1300),
        (1249, -2, 1200),
        (-1250, -2, -1300),
        (7, 3, 7),
        (0, 0, 0),
    ],
)
def test_halves_are_rounded_away_from_zero(number, digits, rounded):
    assert round_half_up(number, digits) == rounded


@pytest.mark.parametrize("digits", [101, -101, 10**9])
def test_rounding_to_absurd_digits_is_rejected(digits):
    with pytest.raises(SolverError):
        round_half_up(1, digits)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("abs", (-3,), 3),
        ("ceil", (Fraction(7, 2),), 4),
        ("ceil", (Fraction(-7, 2),), -3),
        ("floor", (Fraction(-7, 2),), -4),
        ("sqrt", (16,), 4),
        ("log2", (64,), 6),
        ("log10", (Fraction(1, 1000),), -3),
        ("exp", (0,), 1),
        ("ln", (1,), 0),
        ("round", (Fraction(5, 2),), 3),
        ("round", (Fraction(255, 100), 1), Fraction(26, 10)),
        ("min", (3, 1, 2), 1),
        ("min", ((3, 1),), 1),
        ("max", (Tensor.from_nested([[1, 9], [3, 4]]),), 9),
        ("sum", ((1, 2, 3),), 6),
        ("sum", (4,), 4),
        ("prod", ((2, 3, Fraction(1, 6)),), 1),
        ("len", ((),), 0),
        ("len", (Tensor.from_nested([[1], [2], [3]]),), 3),
    ],
)
def test_expression_functions_compute_exactly(name, arguments, result):
    assert FUNCTIONS[name](*arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("abs", ((1,),)),
        ("floor", (Tensor.from_nested([1]),)),
        ("ceil", (True,)),
        ("sum", ((),)),
        ("sum", ((1, "a"),)),
        ("prod", (Tensor((0,), ()),)),
        ("max", (1, True)),
        ("min", ()),
        ("len", ("text",)),
    ],
)
def test_expression_functions_reject_wrong_value_types(name, arguments):
    with pytest.raises(SolverError):
        FUNCTIONS[name](*arguments)
