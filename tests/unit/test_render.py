"""Tests of rendered steps of a worked solution: text and MathML say the same."""

from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from grader.display.grids import MAX_TEXT_WIDTH
from grader.display.render import render_step, render_value
from grader.display.steps import (
    Array,
    Formula,
    PooledWindow,
    Rows,
    TextStep,
    Window,
    build_formula,
    build_value_step,
    substitute_values,
)
from grader.errors import SolverError
from grader.expressions.parser import parse
from grader.values import Tensor

TWO, OTHER_TWO = Tensor.from_nested([[[1, 2]], [[3, -4]]]), Tensor.from_nested([[[5, 6]], [[7, 8]]])
LONG = Fraction(8142405927614816, 10**16)
PATCH, KERNEL = Tensor.from_nested([[1, -2], [3, 0]]), Tensor.from_nested([[2, 1], [-1, 5]])


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (TextStep("The padding is < 3."), "The padding is < 3."),
        (
            build_formula("W_out", "floor((W - K + 2*P)/S) + 1", W=28, K=5, P=0, S=2),
            "W_out = floor((W - K + 2·P)/S) + 1 = floor((28 - 5 + 2·0)/2) + 1 = 12",
        ),
        (build_formula("side", "W", W=28), "side = W = 28"),
        (build_formula("n", "3 + 4"), "n = 3 + 4 = 7"),
        (build_formula("shape", "(W, W, 3)", W=28), "shape = (W, W, 3) = 28×28×3"),
        (Formula("f", parse("K**2").tree, parse("K**2").tree, None), "f = K^2"),
        (Array("padded", Tensor.from_nested([[0, 10], [-3, 4]])), "padded =\n 0  10\n-3   4"),
        (Array("v", Tensor.from_nested([1, 20])), "v = [1, 20]"),
        (Array("t", Tensor.from_nested([[[1]], [[2]]])), "t =\n1\n\n2"),
        (Window((0, 1), (0, 2), PATCH, KERNEL, 0, -3), "(1, 2): 1·2 + (-2)·1 + 3·(-1) + 0·5 = -3"),
        (
            Window(
                (0,),
                (0,),
                Tensor.from_nested([1]),
                Tensor.from_nested([2]),
                Fraction(-1, 2),
                Fraction(3, 2),
            ),
            "(1): 1·2 - 0.5 = 1.5",
        ),
        (
            Window(
                (0,),
                (0,),
                Tensor.from_nested([LONG]),
                Tensor.from_nested([-3]),
                -LONG,
                -4 * LONG,
            ),
            "(1): 0.814241·(-3) - 0.814241 ≈ -3.25696",
        ),
        (build_formula("m", "0.8142405927614816/2"), "m = 0.814241/2 ≈ 0.40712"),
        (
            Window((0,), (0,), Tensor((40,), (1,) * 40), Tensor((40,), (2,) * 40), 7, 87),
            "(1): sum of 40 products + 7 = 87",
        ),
        (
            Window((0, 1), (0, 1), TWO, OTHER_TWO, 2, 8),
            """(1, 2):
  channel 1: 1·5 + 2·6 = 17
  channel 2: 3·7 + (-4)·8 = -11
  together: 17 + (-11) + 2 = 8""",
        ),
        (PooledWindow((0, 1), (0, 2), PATCH, "max", 4, 3), "(1, 2): max(1, -2, 3, 0) = 3"),
        (
            PooledWindow((0, 1), (0, 2), PATCH, "mean", 4, Fraction(1, 2)),
            "(1, 2): (1 + (-2) + 3 + 0)/4 = 0.5",
        ),
        (
            PooledWindow((2,), (0, 0), Tensor((40,), (5,) * 40), "max", 40, 5),
            "(3): max of 40 cells = 5",
        ),
        (build_formula("p", "a/b", a=17, b=79190), "p = a/b = 17/79190 ≈ 0.000214674"),
        (build_formula("p", "a/b", a=1, b=7), "p = a/b = 1/7"),
        (
            build_formula("p", "a*b", a=1234567, b=Fraction(1, 9)),
            "p = a·b = 1234567·(1/9) ≈ 137174",
        ),
        (
            build_formula("y", "exp(-x)", result=Fraction(1, 10**4), x=3),
            "y = exp(-x) = exp(-3) = 0.0001",
        ),
        (
            build_formula("X", "2*x", x=3, result=Tensor.from_nested([[1, 2]])),
            "X = 2·x = 2·3 =\n1  2",
        ),
        (build_value_step("d", 7), "d = 7"),
        (build_value_step("d", (7, (1, 2))), "d = (7, 1×2)"),
        (build_value_step("d", value=True), "d = true"),
        (
            Array("v", Tensor.from_nested([Fraction(1, 3), Fraction(2, 791901)])),
            "v = [1/3, 0.00000252557]",
        ),
        (Array("v", Tensor((40,), (100,) * 40)), "v =\n" + "100  " * 18 + "…  100"),
        (
            Rows(("", "shape", "params"), (("conv", (16, 30, 30), 448), ("relu", (16, 30, 30), 0))),
            "         shape  params\nconv  16×30×30     448\nrelu  16×30×30       0",
        ),
    ],
)  # fmt: skip
def test_step_is_rendered_as_text_and_well_formed_mathml(step: object, text: str) -> None:
    found = render_step(step)  # type: ignore[arg-type]
    assert found.text == text
    assert ET.fromstring(found.mathml).tag == "math"


def test_trivial_formula_is_rendered_once() -> None:
    assert render_step(build_formula("n", "7")).text == "n = 7"


def test_names_without_a_number_remain_in_the_substituted_formula() -> None:
    assert (
        substitute_values(parse("a + b").tree, {"a": 2, "b": Tensor.from_nested([1])})
        == parse("2 + b").tree
    )


def test_value_is_rendered_as_text_and_mathml() -> None:
    found = render_value(Fraction(1, 3))
    assert (found.text, "<mfrac>" in found.mathml) == ("1/3", True)


def test_window_products_are_elementwise() -> None:
    assert Window((0, 0), (0, 0), PATCH, KERNEL, 0, -3).products == Tensor.from_nested(
        [[2, -2], [-3, 0]]
    )


def test_window_sums_are_computed_for_each_channel() -> None:
    patch, kernel = Tensor.from_nested([[[1]], [[2]]]), Tensor.from_nested([[[3]], [[4]]])
    assert Window((0, 0), (0, 0), patch, kernel, 0, 11).channel_sums == (3, 8)


def test_formula_with_non_numeric_value_raises_solver_error() -> None:
    with pytest.raises(SolverError, match="shape is not a number"):
        _ = build_formula("shape", "(a, 2)", a=1).number


def test_table_lines_fit_the_maximum_text_width() -> None:
    row = ("a layer with a long name, " * 3, (64, 112, 112), 12345, 67890)
    text = render_step(Rows(("layer", "shape", "n", "m"), (row,))).text
    assert max(map(len, text.splitlines())) <= MAX_TEXT_WIDTH
    assert text.splitlines()[1].endswith("67890")
