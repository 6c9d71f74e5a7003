"""Tests of MathML: it is well formed, and read back it has the value of its tree."""

import re
from collections.abc import Mapping
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_mathml import read_value

from grader.display.mathml import math_element, to_mathml
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, Node, NumberLiteral
from grader.values import Tensor

POINT: Mapping[str, int] = {"W": 7, "K": 3, "P": 2, "S": 4, "C_in": 5}


def trees() -> st.SearchStrategy[Node]:
    leaves = st.sampled_from([Name(name) for name in POINT]) | st.builds(
        NumberLiteral, st.integers(-9, 99) | st.fractions(-3, 3, max_denominator=8)
    )
    powers = st.builds(NumberLiteral, st.integers(0, 3))
    return st.recursive(
        leaves,
        lambda below: (
            st.builds(Negation, below)
            | st.builds(
                BinaryOperation, st.sampled_from(["+", "-", "*", "/", "//", "%"]), below, below
            )
            | st.builds(lambda base, power: BinaryOperation("**", base, power), below, powers)
            | st.builds(
                lambda name, inner: Call(name, (inner,)), st.sampled_from(["floor", "ceil"]), below
            )
            | st.builds(lambda one, two: Call("max", (one, two)), below, below)
        ),
        max_leaves=8,
    )


@given(trees())
def test_mathml_of_a_formula_evaluates_to_the_value_of_its_tree(tree: Node) -> None:
    scope = Scope(POINT, FUNCTIONS)
    try:
        value = evaluate(tree, scope)
    except SolverError:
        return
    assert read_value(math_element(to_mathml(tree)), **POINT) == value


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("K**2", "<msup><mi>K</mi><mn>2</mn></msup>"),
        ("(-K)**2", "<msup><mrow><mo>(</mo><mrow><mo>−</mo><mi>K</mi></mrow><mo>)</mo></mrow>"),
        ("C_in", "<msub><mi>C</mi><mrow><mi>in</mi></mrow></msub>"),
        ("gamma", "<mi>γ</mi>"),
        ("dL_da", "<mfrac><mrow><mo>∂</mo><mi>L</mi></mrow><mrow><mo>∂</mo><mi>a</mi></mrow>"),
        ("W//S", "<mo>⌊</mo><mfrac><mi>W</mi><mi>S</mi></mfrac><mo>⌋</mo>"),
        ("sqrt(W)", "<msqrt><mi>W</mi></msqrt>"),
        ("log2(W)", "<msub><mi>log</mi><mn>2</mn></msub>"),
        ("log10(W)", "<msub><mi>log</mi><mn>10</mn></msub>"),
        ("abs(W)", "<mo>|</mo><mi>W</mi><mo>|</mo>"),
        ("(W, K)", "<mo>(</mo><mi>W</mi><mo>,</mo><mi>K</mi><mo>)</mo>"),
        ("W if K < 2 else P", "<mtext>W if (K &lt; 2) else P</mtext>"),
    ],
)
def test_formulas_are_rendered_with_fractions_exponents_and_subscripts(
    source: str, wanted: str
) -> None:
    assert wanted in to_mathml(parse(source).tree)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Fraction(1, 3), "<mfrac><mn>1</mn><mn>3</mn></mfrac>"),
        (Fraction(5, 4), "<mn>1.25</mn>"),
        (Fraction(-1, 10**9), "<msup><mn>10</mn><mrow><mo>−</mo><mn>9</mn></mrow></msup>"),
        ((126, 126, 16), "<mn>126</mn><mo>×</mo><mn>126</mn><mo>×</mo><mn>16</mn>"),
        (Tensor.from_nested([1, 2]), "<mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>"),
        (
            Tensor.from_nested([[1], [2]]),
            "<mtr><mtd><mn>1</mn></mtd></mtr><mtr><mtd><mn>2</mn></mtd></mtr>",
        ),
        (
            Tensor.from_nested([[[1]], [[2]]]),
            "</mtable><mo>]</mo></mrow><mo>,</mo><mrow><mo>[</mo><mtable>",
        ),
        ("a < b & c", "<mtext>a &lt; b &amp; c</mtext>"),
        (True, "<mtext>true</mtext>"),
    ],
)
def test_values_are_rendered_as_mathml_with_escaped_text(value: object, wanted: str) -> None:
    found = to_mathml(value)  # type: ignore[arg-type]
    assert wanted in found
    ET.fromstring(math_element(found))


def test_only_mathml_core_elements_are_used() -> None:
    drawn = to_mathml(parse("floor(sqrt(W)**2/K_1) + log2(max(W, 1.5))").tree)
    core = {"mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "msup", "msub"}
    assert set(re.findall(r"<(\w+)>", drawn)) <= core
