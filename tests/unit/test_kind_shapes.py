"""Tests of shapes: numbers or formulas, in the order that the statement gives."""

import re
from fractions import Fraction

import pytest
from factories import ask, mark

SHAPE = ask("shape", key="(3, 32, 16)")
SQUARE = ask("shape", key="(9, 9)", square=True)
FORMULAS = ask(
    "shape",
    key="(floor((H - K) / S) + 1, W, 2*N)",
    variables={"H": "5..64", "W": "5..64", "K": "1..5", "S": "1..4", "N": "1..64"},
)


@pytest.mark.parametrize(
    ("part", "typed", "status", "credit"),
    [
        (SHAPE, "3×32×16", "correct", 1),
        (SHAPE, "(3, 32, 16)", "correct", 1),
        (SHAPE, "[3,32,16]", "correct", 1),
        (SHAPE, "torch.Size([3, 32, 16])", "correct", 1),
        (SHAPE, "3 x 32 x 16", "correct", 1),
        (SHAPE, [3, 32, 16], "correct", 1),
        (SHAPE, "32×16×3", "wrong", 0),
        (SHAPE, "3×16×32", "wrong", 0),
        (SHAPE, "3×32", "unreadable", 0),
        (SHAPE, "1×3×32×16", "unreadable", 0),
        (SHAPE, "1536", "unreadable", 0),
        (SHAPE, "3×32×16.5", "unreadable", 0),
        (SHAPE, "3×32×-16", "unreadable", 0),
        (SHAPE, "a cube", "unreadable", 0),
        ({**SHAPE, "credit_by": "axis"}, "3×32×17", "partial", Fraction(2, 3)),
        ({**SHAPE, "credit_by": "axis"}, "32×16×3", "wrong", 0),
        ({**SHAPE, "credit_by": "axis"}, "3×32", "unreadable", 0),
        (SQUARE, "9×9", "correct", 1),
        (SQUARE, "9", "correct", 1),
        (SQUARE, "81", "wrong", 0),
        (SQUARE, "9×8", "wrong", 0),
        (ask("shape", key="(9, 9)"), "9", "unreadable", 0),
        (ask("shape", key="7"), "7", "correct", 1),
        (ask("shape", key="scale(X[0], 2)"), "6×8", "correct", 1),
        (FORMULAS, "floor((H-K+S)/S) × W × 2N", "correct", 1),
        (FORMULAS, r"(\lfloor \frac{H-K}{S} \rfloor + 1, W, N + N)", "correct", 1),
        (FORMULAS, "((H-K)//S + 1, W, 2N)", "correct", 1),
        (FORMULAS, "(ceil((H-K)/S) + 1, W, 2N)", "wrong", 0),
        (FORMULAS, "(H, W)", "unreadable", 0),
        (FORMULAS, "(H, W, Q)", "unreadable", 0),
        ({**FORMULAS, "credit_by": "axis"}, "(H, W, 2N)", "partial", Fraction(2, 3)),
    ],
)
def test_shape_is_graded_by_axis_and_other_axis_count_costs_nothing(part, typed, status, credit):
    result = mark(part, typed, params={"X": [[3, 4]]})
    assert (result.status, result.credit) == (status, credit)


@pytest.mark.parametrize(
    ("changes", "typed", "words"),
    [
        ({}, "3", "The shape has 1 dimension; it needs 3."),
        ({}, "3×32", "The shape has 2 dimensions; it needs 3."),
        ({"layout": "CHW"}, "3×32", "it needs 3 (C × H × W)."),
    ],
)
def test_other_axis_count_is_reported_with_layout(changes, typed, words):
    assert words in mark({**SHAPE, **changes}, typed).feedback


def test_wrong_axis_shows_value_of_students_own_formula():
    result = mark(FORMULAS, "(H, W, 2N)")
    assert re.search(r"Axis 1: at H = 5, .*your formula gives 5, which", result.feedback)


@pytest.mark.parametrize("key", ["(1.5, 2)", "'text'", "()", "(1, (2, 3))", "X", "1 == 1"])
def test_key_that_is_not_a_shape_needs_manual_review(key):
    assert mark(ask("shape", key=key), "3×4", params={"X": [[3, 4]]}).status == "needs_review"


def test_formula_shape_key_must_be_a_tuple():
    part = ask("shape", key="2 * n", variables={"n": "1..9"})
    assert "tuple of formulas" in mark(part, "(n, n)").reason


SIZES = ask("shape", key="(10, 10, 40)", layout="HWC")


@pytest.mark.parametrize(
    "names", ["(H×W×C)", "(H, W, C)", "(h x w x c)", "(height × width × channels).", "(H*W*C)"]
)
def test_axis_names_may_follow_the_shape(names):
    result = mark(SIZES, f"10×10×40 {names}")
    assert (result.status, result.read_as) == ("correct", "10×10×40")
    assert result.notes == (f"The sizes were read in the order {names.rstrip('.')}.",)


@pytest.mark.parametrize("typed", ["10×10×40 (H×W)", "(H, W, C)"])
def test_unknown_axis_names_after_shape_are_refused(typed):
    assert mark(SIZES, typed).status == "unreadable"


@pytest.mark.parametrize("layout", ["HWC", "CHW"])
@pytest.mark.parametrize(
    "typed",
    [
        "16@126×100",
        "16 @ 126 x 100",
        r"$16@126\times100$",
        "C=16, H=126, W=100",
        "H=126,W=100,C=16",
        "(w = 100, h = 126, c = 16)",
        "height 126, width 100, channels 16",
        "W=100, H=126, D=16",
        "Height: 126\nChannels: 16\nWidth: 100",
        "C16×H126×W100",
        "C_out = 16; H_out = 126; W_out = 100.",
    ],
)
def test_sizes_next_to_axis_names_are_read_in_requested_order(typed, layout):
    sizes = {"HWC": "126×100×16", "CHW": "16×126×100"}[layout]
    result = mark(ask("shape", key=f"({sizes.replace('×', ', ')})", layout=layout), typed)
    assert (result.status, result.read_as) == ("correct", sizes)
    assert len(result.notes) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "C=16, H=126",
        "H=126, W=100, C=16, N=1",
        "H=126, W=100, H=16",
        "H=126.5, W=100, C=16",
        "126×100@16",
    ],
)
def test_names_not_matching_each_axis_are_refused(typed):
    part = ask("shape", key="(126, 100, 16)", layout="HWC")
    assert mark(part, typed).status == "unreadable"


@pytest.mark.parametrize(
    "typed",
    [
        "W×H×C = 100×126×16",
        "(W, H, C) = (100, 126, 16)",
        "$C \\times H \\times W = 16 \\times 126 \\times 100$",
        "width x height x channels: 100 x 126 x 16",
        "W×H×D = 100×126×16",
        "depth x height x width: 16 x 126 x 100",
        "NCHW (16, 126, 100)",
        "HWC: 126x100x16 → CHW: 16x126x100",
        "16x126x100 CHW",
        "16x126x100 (CHW)",
        "16x126x100 (channels first)",
        "100 × 126 × 16 (columns × rows × channels)",
    ],
)
def test_sizes_with_names_in_other_order_are_read_by_name(typed):
    result = mark(ask("shape", key="(126, 100, 16)", layout="HWC"), typed)
    assert (result.status, result.read_as) == ("correct", "126×100×16")
    assert "order" in result.notes[-1]


@pytest.mark.parametrize("typed", ["126×100×16 (W×H×C)", "16x126x100 (channels last)"])
def test_names_contradicting_the_sizes_make_them_wrong(typed):
    assert mark(ask("shape", key="(126, 100, 16)", layout="HWC"), typed).status == "wrong"


def test_contradictory_axis_orders_are_refused():
    result = mark(ask("shape", key="(126, 100, 16)", layout="HWC"), "HWC: 126x100x16 (CHW)")
    assert result.status == "unreadable"
    assert "given as HWC and as CHW" in result.feedback


@pytest.mark.parametrize(
    "typed",
    [
        "H×W×C = 126×100×16",
        "(height, width, channels) = (126, 100, 16)",
        "H×W×D = 126×100×16",
        "CHW: 16x126x100 → HWC: 126x100x16",
        "NHWC: (126, 100, 16)",
        "C×H×W = 16×126×100 → H×W×C = 126×100×16",
        "H x W = 126 x 100, so 126x100x16",
    ],
)
def test_sizes_after_names_in_requested_order_are_read(typed):
    assert mark(ask("shape", key="(126, 100, 16)", layout="HWC"), typed).status == "correct"


def test_one_formula_applies_to_both_axes_of_square():
    part = ask("shape", square=True, key="(2*i, 2*i)", variables={"i": "1..9"})
    assert mark(part, "2i").status == "correct"
    assert mark(part, "2i × 2i").status == "correct"
    assert mark(part, "i").status == "wrong"
    assert mark({**part, "square": False}, "2i").status == "unreadable"
