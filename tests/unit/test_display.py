"""Tests of displayed values: plain text that reads back, and TeX."""

from fractions import Fraction

import pytest

from grader.display.tex import to_tex
from grader.display.text import GREEK, to_exact_text, to_text
from grader.expressions.parser import parse
from grader.expressions.tree import BinaryOperation, Name, Negation, NumberLiteral, TupleLiteral
from grader.reading import read_formula, read_number, read_tensor
from grader.values import OpaqueValue, Tensor


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(4, 1), "4"),
        (0, "0"),
        (-12, "-12"),
        (10**300, "1" + "0" * 300),
        (Fraction(17, 4), "4.25"),
        (Fraction(-1, 4), "-0.25"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-22, 7), "-22/7"),
        (Fraction(1, 1000), "0.001"),
        (Fraction(1, 10**6), "0.000001"),
        (Fraction(1, 10**7), "0.0000001"),
        (Fraction(1, 10**8), "1e-8"),
        (Fraction(-15, 10**12), "-1.5e-11"),
        (Fraction(1, 10**320), "1e-320"),
        (Fraction(1, 2**20), "0.00000095367431640625"),
        (Fraction(1, 999_999_999), "1/999999999"),
        (Fraction(1, 2**200), "6.22301527786114e-61"),
        (Fraction(-(10**14), 74535599249993), "-1.34164078649987"),
        (Fraction(10**45 + 1, 10**9 + 7), "999999993000000048999999657000002401"),
        (Fraction(10**45 + 1, 10), f"{10**45 + 1}/10"),
        (True, "true"),
        (False, "false"),
        ("vgg16", "vgg16"),
    ],
)
def test_terminating_number_is_displayed_as_a_decimal(value, text):
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "text", "tex"),
    [
        ((126, 126, 16), "126×126×16", r"126\times126\times16"),
        ((5,), "(5,)", r"\left(5\right)"),
        ((-1, 3), "(-1, 3)", r"\left(-1, 3\right)"),
        ((Fraction(1, 3), 2), "(1/3, 2)", r"\left(\frac{1}{3}, 2\right)"),
        ((), "()", r"\left(\right)"),
        (((1, 2), (3, 4)), "(1×2, 3×4)", r"\left(1\times2, 3\times4\right)"),
        (Tensor.from_nested([1, 2]), "[1, 2]", r"\begin{bmatrix} 1 & 2 \end{bmatrix}"),
        (
            Tensor.from_nested([[1, Fraction(1, 3)], [-3, 4]]),
            "[[1, 1/3], [-3, 4]]",
            r"\begin{bmatrix} 1 & \frac{1}{3} \\ -3 & 4 \end{bmatrix}",
        ),
        (
            Tensor.from_nested([[[1]], [[2]]]),
            "[[[1]], [[2]]]",
            r"\begin{bmatrix} 1 \end{bmatrix},\ \begin{bmatrix} 2 \end{bmatrix}",
        ),
        (Tensor((), (7,)), "7", r"\begin{bmatrix} 7 \end{bmatrix}"),
        (Fraction(-1, 3), "-1/3", r"-\frac{1}{3}"),
        (Fraction(3, 2 * 10**9), "1.5e-9", r"1.5 \times 10^{-9}"),
        (True, "true", r"\text{true}"),
    ],
)
def test_values_are_displayed_as_text_and_tex(value, text, tex):
    assert (to_text(value), to_tex(value)) == (text, tex)


@pytest.mark.parametrize(
    ("python", "text", "tex"),
    [
        ("2*P", "2·P", r"2 \cdot P"),
        ("(M - F + 2*P)/S + 1", "(M - F + 2·P)/S + 1", r"\frac{M - F + 2 \cdot P}{S} + 1"),
        ("a - (b - c)", "a - (b - c)", r"a - \left(b - c\right)"),
        ("a/b*c", "a/b·c", r"\frac{a}{b} \cdot c"),
        ("a/(b*c)", "a/(b·c)", r"\frac{a}{b \cdot c}"),
        ("a*(b*c)", "a·(b·c)", r"a \cdot \left(b \cdot c\right)"),
        ("-a*b", "-a·b", r"-a \cdot b"),
        ("-(a*b)", "-(a·b)", r"-\left(a \cdot b\right)"),
        ("a*-b", "a·(-b)", r"a \cdot \left(-b\right)"),
        ("a - -b", "a - (-b)", r"a - \left(-b\right)"),
        ("a + -b*c", "a + (-b·c)", r"a + \left(-b \cdot c\right)"),
        ("-K**2", "-K^2", r"-K^{2}"),
        ("(-K)**2", "(-K)^2", r"\left(-K\right)^{2}"),
        ("K**-1", "K^(-1)", r"K^{-1}"),
        ("(a**b)**c", "(a^b)^c", r"\left(a^{b}\right)^{c}"),
        ("a**b**c", "a^(b^c)", r"a^{b^{c}}"),
        ("(a/b)**2", "(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
        ("a // b % c", "a // b % c", r"\left\lfloor \frac{a}{b} \right\rfloor \bmod c"),
        ("floor(a/b)", "floor(a/b)", r"\left\lfloor \frac{a}{b} \right\rfloor"),
        ("ceil(a) + abs(b)", "ceil(a) + abs(b)", None),
        ("sqrt(a)", "sqrt(a)", r"\sqrt{a}"),
        ("log2(a)", "log2(a)", r"\log_2\left(a\right)"),
        ("log10(a)", "log10(a)", r"\log_{10}\left(a\right)"),
        ("ln(a) + exp(b)", "ln(a) + exp(b)", r"\ln\left(a\right) + \exp\left(b\right)"),
        ("max(a, 100)", "max(a, 100)", r"\operatorname{max}\left(a, 100\right)"),
        ("(a, b + 1)", "(a, b + 1)", r"\left(a, b + 1\right)"),
        ("(a,)", "(a,)", None),
        ("C_in*k_size", "C_in·k_size", r"C_{\text{in}} \cdot k_{\text{size}}"),
        ("kernel*w_4", "kernel·w_4", r"\text{kernel} \cdot w_{4}"),
        ("gamma*dL_da", "gamma·dL_da", r"\gamma \cdot \frac{\partial L}{\partial a}"),
        ("0.5*a", "0.5·a", r"0.5 \cdot a"),
        # what only keys hold
        ("a if b == 1 else c", "a if (b == 1) else c", r"\text{a if (b == 1) else c}"),
        ("a < b <= c", "a < b <= c", None),
        ("not a and b or c", "((not a) and b) or c", None),
        ("net.shape[0]", "net.shape[0]", None),
        ("conv_size(W, 3, stride=S)", "conv_size(W, 3, stride=S)", None),
        ("named('vgg16')", "named('vgg16')", None),
    ],
)
def test_expression_has_brackets_only_where_needed(python, text, tex):
    tree = parse(python).tree
    assert to_text(tree) == text
    assert tex is None or to_tex(tree) == tex


def test_tuple_of_formulas_is_displayed_as_a_list():
    axes = (BinaryOperation("*", Name("H"), NumberLiteral(2)), Name("W"))
    assert to_text(axes) == "(H·2, W)"
    assert to_text(TupleLiteral(axes)) == to_text(axes)
    assert to_tex(axes) == r"\left(H \cdot 2, W\right)"


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (BinaryOperation("*", NumberLiteral(Fraction(1, 3)), Name("K")), "1/3·K"),
        (BinaryOperation("**", NumberLiteral(Fraction(1, 3)), NumberLiteral(2)), "(1/3)^2"),
        (BinaryOperation("-", Name("K"), NumberLiteral(-2)), "K - (-2)"),
        (Negation(NumberLiteral(Fraction(1, 3))), "-(1/3)"),
    ],
)
def test_negative_and_fractional_numbers_get_brackets_where_needed(tree, text):
    assert to_text(tree) == text


def test_opaque_value_is_displayed_by_its_str():
    class Net(OpaqueValue):
        def __str__(self):
            return "conv(3)"

    assert (to_text(Net()), to_tex(Net())) == ("conv(3)", "conv(3)")


def test_greek_names_are_read_from_letters_and_tex_commands():
    for name, letter in GREEK.items():
        for typed in (name, letter, rf"2\{name}"):
            assert read_formula(typed, [name]).value in (
                Name(name),
                BinaryOperation("*", NumberLiteral(2), Name(name)),
            )


@pytest.mark.parametrize("value", [0, -5, 10**300, Fraction(1, 3), Fraction(-15, 10**12)])
def test_displayed_number_is_read_back(value):
    assert read_number(to_text(value)).value == value
    assert read_number(to_tex(value)).value == value


@pytest.mark.parametrize("typed", ["1/sqrt(5)", "3/7.1^12", "2^80/3^40", "1/3^300"])
def test_long_fraction_is_displayed_as_a_decimal_with_15_digits(typed):
    read = read_number(typed)
    assert "/" in to_exact_text(read.value)
    assert len(read.text.partition("e")[0].lstrip("0.").replace(".", "")) <= 15
    assert read_number(read.text).value == pytest.approx(read.value, rel=1e-14, abs=0)


@pytest.mark.parametrize("cells", [[1, 2], [[1, Fraction(1, 3)]], [[[1, 2]], [[3, 4]]]])
def test_displayed_tensor_is_read_back(cells):
    tensor = Tensor.from_nested(cells)
    rank = len(tensor.shape)
    assert read_tensor(to_text(tensor), rank=rank).value == tensor
    assert read_tensor(to_tex(tensor), rank=rank).value == tensor
