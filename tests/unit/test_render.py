"""A step of a worked solution says the same as text and as MathML."""

from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest

from grader.expr import parse
from grader.render import render, render_step
from grader.steps import Array, Formula, Rows, Said, Window, filled, formula
from grader.values import Tensor

PATCH, KERNEL = Tensor.of([[1, -2], [3, 0]]), Tensor.of([[2, 1], [-1, 5]])


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Said("The padding is < 3."), "The padding is < 3."),
        (
            formula("W_out", "floor((W - K + 2*P)/S) + 1", W=28, K=5, P=0, S=2),
            "W_out = floor((W - K + 2·P)/S) + 1 = floor((28 - 5 + 2·0)/2) + 1 = 12",
        ),
        (formula("side", "W", W=28), "side = W = 28"),
        (formula("n", "3 + 4"), "n = 3 + 4 = 7"),
        (formula("shape", "(W, W, 3)", W=28), "shape = (W, W, 3) = 28×28×3"),
        (Formula("f", parse("K**2").tree, parse("K**2").tree, None), "f = K^2"),
        (Array("padded", Tensor.of([[0, 10], [-3, 4]])), "padded =\n 0  10\n-3   4"),
        (Array("v", Tensor.of([1, 20])), "v =\n1  20"),
        (Array("t", Tensor.of([[[1]], [[2]]])), "t =\n1\n\n2"),
        (Window((0, 1), (0, 2), PATCH, KERNEL, 0, -3), "(1, 2): 1·2 + (-2)·1 + 3·(-1) + 0·5 = -3"),
        (
            Window((0,), (0,), Tensor.of([1]), Tensor.of([2]), Fraction(-1, 2), Fraction(3, 2)),
            "(1): 1·2 - 0.5 = 1.5",
        ),
        (
            Window((0,), (0,), Tensor((40,), (1,) * 40), Tensor((40,), (2,) * 40), 7, 87),
            "(1): sum of 40 products + 7 = 87",
        ),
        (
            Rows(("", "shape", "params"), (("conv", (16, 30, 30), 448), ("relu", (16, 30, 30), 0))),
            "         shape  params\nconv  16×30×30     448\nrelu  16×30×30       0",
        ),
    ],
)
def test_a_step_is_told_in_text_and_in_well_formed_mathml(step: object, text: str) -> None:
    found = render_step(step)  # type: ignore[arg-type]
    assert found.text == text
    assert ET.fromstring(found.mathml).tag == "math"


def test_a_formula_that_only_repeats_itself_is_said_once() -> None:
    assert render_step(formula("n", "7")).text == "n = 7"


def test_names_without_a_number_stay_in_the_filled_formula() -> None:
    assert filled(parse("a + b").tree, {"a": 2, "b": Tensor.of([1])}) == parse("2 + b").tree


def test_what_was_read_is_told_in_both_forms() -> None:
    found = render(Fraction(1, 3))
    assert (found.text, "<mfrac>" in found.mathml) == ("1/3", True)


def test_the_products_of_a_window_are_cell_by_cell() -> None:
    assert Window((0, 0), (0, 0), PATCH, KERNEL, 0, -3).products == Tensor.of([[2, -2], [-3, 0]])
