"""Tests of lists and shapes of formulas, with every kind of bracket and separator."""

import pytest

from grader.errors import AnswerError
from grader.reading import read_formula_list, read_formula_shape
from grader.reading.formulas import LIST_NOT_FORMULA, NO_FORMULA
from grader.reading.lists.items import UNCLOSED_BRACKET

NAMES = ("H", "W", "N", "K", "M", "S", "gamma", "dL_da", "dL_db")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("H × W × N", "(H, W, N)"),
        (r"$H \times W \times N$", "(H, W, N)"),
        ("HxWxN", "(H, W, N)"),
        ("H by W by N", "(H, W, N)"),
        ("H*W*N", "(H, W, N)"),
        ("(H, W, N)", "(H, W, N)"),
        ("[H,W,N]", "(H, W, N)"),
        ("torch.Size([H, W])", "(H, W)"),
        ("out = (H, W)", "(H, W)"),
        ("H·W × N", "(H·W, N)"),
        ("(H*W, N)", "(H·W, N)"),
        ("(H-K+1) × (W-K+1) × N", "(H - K + 1, W - K + 1, N)"),
        (r"\frac{H}{S} \times W", "(H/S, W)"),
        ("3,100,H", "(3, 100, H)"),
        ("1,024 × H", "(1024, H)"),
        ("N", "(N,)"),
        (["H", 3, "W/2"], "(H, 3, W/2)"),
        (7, "(7,)"),
    ],
)
def test_symbolic_shape_is_read_in_every_notation(typed, shown):
    assert read_formula_shape(typed, NAMES).text == shown


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Nothing was given."),
        ("H ×", "Axis 2 is missing."),
        ("H × W, N", "Commas and multiplication signs"),
        ("(H, W, 1,024)", "Axis 4 is '024'"),
        ("(H, foo)", "'foo' is not a variable"),
        ([], "This has 0 axes."),
        ([["H"]], LIST_NOT_FORMULA),
    ],
)
def test_invalid_symbolic_shape_is_refused(typed, message):
    with pytest.raises(AnswerError) as refused:
        read_formula_shape(typed, NAMES)
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("[K, M]", "(K, M)"),
        ("(K; M)", "(K, M)"),
        ("{K, M}", "(K, M)"),
        (r"\{K, M\}", "(K, M)"),
        ("[[K, M]]", "(K, M)"),
        ("K, M", "(K, M)"),
        ("K; M;", "(K, M)"),
        ("K\nM", "(K, M)"),
        ("K,\nM,\n", "(K, M)"),
        ("[K,\n M]", "(K, M)"),
        ("1. K\n2. M", "(K, M)"),
        (r"\begin{aligned} v &= K \\ w &= M \end{aligned}", "(K, M)"),
        ("v = K, w = M", "(K, M)"),
        ("v = K\nw = M", "(K, M)"),
        ("v = [K, M]", "(K, M)"),
        ("(v, w) = (K, M)", "(K, M)"),
        ("v = K, w = (M)", "(K, M)"),
        ("dL/da, dL/db", "(dL_da, dL_db)"),
        (r"\frac{\partial L}{\partial a}; -\gamma", "(dL_da, -gamma)"),
        ("[max(H, W), 1,024K]", "(max(H, W), 1024·K)"),
        ("[H/S, W/S]", "(H/S, W/S)"),
        ("(K + 1)(M + 1)", "((K + 1)·(M + 1),)"),
        ("v = (K + 1)", "(K + 1,)"),
        ("[K, M] where K is the kernel", "(K, M)"),
        ("K", "(K,)"),
        (["K", 3, "M/2"], "(K, 3, M/2)"),
        (7, "(7,)"),
    ],
)
def test_formula_list_is_read_in_every_notation(typed, shown):
    assert read_formula_list(typed, NAMES).text == shown


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Nothing was given."),
        ("[]", NO_FORMULA),
        ("K,,M", "Formula 2 is missing."),
        ("K, foo", "'foo' is not a variable"),
        ("K, M)", "The bracket ) closes nothing"),
        ("[K, M", UNCLOSED_BRACKET),
        (",".join("K" * 17), "This has 17 formulas."),
        ([], "This has 0 formulas."),
        ([["K"]], LIST_NOT_FORMULA),
        ("[H, [W/S]]", "brackets or as rounding down"),
    ],
)
def test_invalid_formula_list_is_refused(typed, message):
    with pytest.raises(AnswerError) as refused:
        read_formula_list(typed, NAMES)
    assert message in refused.value.message
