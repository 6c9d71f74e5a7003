r"""Tests of functions, e and π in numeric answers, short LaTeX arguments, and ratios."""

import math
from fractions import Fraction

import numpy as np
import pytest
from factories import ask, mark

from grader.errors import AnswerError
from grader.expressions.arithmetic import TOO_LARGE
from grader.reading import read_formula, read_number, read_tensor


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("-ln(0.2595)", -np.log(0.2595)),
        ("ln 2", np.log(2)),
        ("ln2", np.log(2)),
        ("ln 8 / ln 2", 3),
        ("ln(8)/2", np.log(8) / 2),
        ("0.5 ln 2 + 3", 0.5 * np.log(2) + 3),
        ("log2  8", 3),
        (r"-\ln 0.25", -np.log(0.25)),
        (r"\ln\left(2\right)", np.log(2)),
        (r"\ln{2}", np.log(2)),
        (r"\operatorname{ln}(2)", np.log(2)),
        ("np.log(2)", np.log(2)),
        ("math.log(2)", np.log(2)),
        ("torch.log(2)", np.log(2)),
        ("ln(1)", 0),
        ("log10(1000)", 3),
        ("log_10(1000)", 3),
        ("log₁₀(50)", np.log10(50)),
        (r"\log_{10} 50", np.log10(50)),
        (r"\log_{10}(50)", np.log10(50)),
        ("np.log10(50)", np.log10(50)),
        ("np.log2(10)", np.log2(10)),
        ("exp(0)", 1),
        ("exp(-1.5)", np.exp(-1.5)),
        (r"\exp(2)", np.exp(2)),
        ("np.exp(2)", np.exp(2)),
        ("e^2", np.exp(2)),
        ("e**2", np.exp(2)),
        ("e²", np.exp(2)),
        ("e^-2", np.exp(-2)),
        ("e^{-1.5}", np.exp(-1.5)),
        (r"\mathrm{e}^{-1.5}", np.exp(-1.5)),
        ("e^2^2", np.exp(4)),
        ("e^(2)^2", np.exp(4)),
        ("2·e^3", 2 * np.exp(3)),
        ("(1 + 1)e^3", 2 * np.exp(3)),
        (r"\frac{e}{1 + e}", math.e / (1 + math.e)),
        ("e/(e + 1)", math.e / (1 + math.e)),
        ("e^2/(e^2 + 1)", np.exp(2) / (np.exp(2) + 1)),
        ("1/(1 + e^{-2})", 1 / (1 + np.exp(-2))),
        ("2·e", 2 * math.e),
        ("π", math.pi),
        ("2π", 2 * math.pi),
        ("2 pi", 2 * math.pi),
        (r"\pi", math.pi),
        (r"\frac{\pi}{2}", math.pi / 2),
        ("sqrt(2π)", math.sqrt(2 * math.pi)),
    ],
)
def test_functions_and_constants_match_numpy_doubles(typed, value):
    reading = read_number(typed)
    assert float(reading.value) == pytest.approx(float(value), rel=1e-14, abs=0)
    assert reading.step is None


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("log(8)", "Expected ln, log10 or log2."),
        ("log 8", "Expected ln, log10 or log2."),
        (r"\log 8", "Expected ln, log10 or log2."),
        (r"1 + \log(8)", "Expected ln, log10 or log2."),
        ("lg(8)", "'lg' changes what the answer means"),
        ("sin(1)", "'sin' changes what the answer means"),
        ("ln(0)", "a logarithm of a number that is not positive"),
        ("ln(1e-400)", "This cannot be computed: a number is too small."),
        ("log10(-1)", "a logarithm of a number that is not positive"),
        ("ln(8, 2)", "cannot be read here"),
        ("exp(1000)", TOO_LARGE),
        ("e^1000", TOO_LARGE),
        ("e^(10**300)", TOO_LARGE),
        ("exp(exp(exp(exp(2))))", TOO_LARGE),
        ("2e^3", "'e' cannot be read as part of a number"),
        ("2 e^3", "'e' cannot be read as part of a number"),
        ("1.5 e-3", "'e' cannot be read as part of a number"),
        ("e-5", "'e' cannot be read as part of a number"),
        ("e", "No number was found"),
        ("option e", "No number was found"),
        ("pi 5", "'pi 5' can be read in two ways"),
        (r"\frac1", r"\frac needs braces"),
        (r"\frac 0.5 2", r"\frac needs braces"),
        (r"\frac-12", r"\frac needs braces"),
        (r"\frac123", "A sign is missing in '123'"),
        (r"\frac{1}23", "A sign is missing in '23'"),
        (r"2\frac12", "as a sum or as a product"),
    ],
)
def test_ambiguous_or_undefined_function_call_is_refused(typed, said):
    with pytest.raises(AnswerError) as refused:
        read_number(typed)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e3", 1000),
        ("e = 5", 5),
        ("(e) 5", 5),
        ("e) 5", 5),
        (r"\frac12", Fraction(1, 2)),
        (r"\frac1{20}", Fraction(1, 20)),
        (r"\frac1 {20}", Fraction(1, 20)),
        (r"\frac{10}3", Fraction(10, 3)),
        (r"\tfrac 1 2", Fraction(1, 2)),
        (r"\frac{\frac12}3", Fraction(1, 6)),
        (r"\frac{1}{2}·34", 17),
        (r"3 + \frac12 · 5", Fraction(11, 2)),
    ],
)
def test_text_resembling_functions_or_constants_keeps_its_meaning(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"\frac1N", "1/N"),
        (r"\frac NK", "N/K"),
        (r"\tfrac{N}2 K", "N/2·K"),
        (r"\frac1{N}K", "1/N·K"),
        ("ln(N) + log10(K)", "ln(N) + log10(K)"),
        (r"-\ln N", "-ln(N)"),
        (r"\exp(-N)", "exp(-N)"),
    ],
)
def test_formulas_with_functions_are_displayed_and_read_back(typed, shown):
    reading = read_formula(typed, ["N", "K"])
    assert reading.text == shown
    assert read_formula(shown, ["N", "K"]).value == reading.value


def test_ln_is_a_product_if_l_and_n_are_variables():
    assert read_formula("ln(k + 1)", ["l", "n", "k"]).text == "l·n·(k + 1)"
    assert read_formula(r"\ln(k + 1)", ["l", "n", "k"]).text == "ln(k + 1)"


@pytest.mark.parametrize(
    "typed",
    [
        "[e^2, ln(2), 0.5]",
        r"\begin{bmatrix} e^2 & \ln 2 & \frac12 \end{bmatrix}",
        ["e^2", "np.log(2)", Fraction(1, 2)],
    ],
)
def test_tensor_cells_may_contain_functions(typed):
    cells = read_tensor(typed, rank=1).value.cells
    assert [float(cell) for cell in cells] == pytest.approx([np.exp(2), np.log(2), 0.5], rel=1e-14)


@pytest.mark.parametrize(
    ("kind", "typed", "status"),
    [
        ("number", "8x", "correct"),
        ("number", "8×", "correct"),
        ("number", r"$8\times$", "correct"),
        ("number", "8 times", "correct"),
        ("number", "about 8x.", "correct"),
        ("number", "24/3 = 8x", "correct"),
        ("number", "8x faster", "correct"),
        ("number", "8 times as many", "correct"),
        ("number", "2x4x", "unreadable"),
        ("number", "24/3 x", "unreadable"),
        ("number", "x", "unreadable"),
        ("integer", "8x", "unreadable"),
        ("percent", "8x", "unreadable"),
    ],
)
def test_ratio_may_end_with_a_times_sign(kind, typed, status):
    result = mark(ask(kind, key=8), typed)
    assert result.status == status
    assert any("times as much" in note for note in result.notes) is (status == "correct")
