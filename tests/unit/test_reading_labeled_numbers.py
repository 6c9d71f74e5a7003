"""Tests of labeled numbers: they are read by their names, in any order, or refused."""

import pytest

from grader.errors import AnswerError
from grader.reading import read_labeled_numbers
from grader.reading.wording.labeled_numbers import have_distinct_spellings

COUNTS = ("TP", "FP", "FN")
MOMENTS = ("m_2 | m", "v_2 | v")
LAYER = ("k | kernel | kernel_size", "s | stride", "p | padding")
ENDS = ("before", "behind | after")
NOTE = "The names tell which number is which."


@pytest.mark.parametrize(
    ("typed", "names", "cells"),
    [
        ("TP=7, FP=3, FN=2", COUNTS, (7, 3, 2)),
        ("FN=2; FP=3; TP=7", COUNTS, (7, 3, 2)),
        ("tp: 7\nfp: 3\nfn: 2", COUNTS, (7, 3, 2)),
        ("TP 7 FP 3 FN 2", COUNTS, (7, 3, 2)),
        ("**TP = 7**, **FP = 3** and **FN = 2**", COUNTS, (7, 3, 2)),
        (r"\(TP = 7\), \(FP = 3\), \(FN = 2\)", COUNTS, (7, 3, 2)),
        ("TP = 2**3, FP = 3, FN = 2", COUNTS, (8, 3, 2)),
        ("(TP=7, FP=3, FN=2)", COUNTS, (7, 3, 2)),
        ("{'TP': 7, 'FP': 3, 'FN': 2}", COUNTS, (7, 3, 2)),
        ("7 TP, 2 FN and 3 FP.", COUNTS, (7, 3, 2)),
        ("FP = 10 - 7 = 3, FN = 9 - 7 = 2, TP = 7 pixels", COUNTS, (7, 3, 2)),
        ("(FP, TP, FN) = (3, 7, 2)", COUNTS, (7, 3, 2)),
        ("FP, TP, FN: 3, 7, 2", COUNTS, (7, 3, 2)),
        ("FP TP FN = 3 7 2", COUNTS, (7, 3, 2)),
        ("FP, TP and FN: 3, 7 and 2", COUNTS, (7, 3, 2)),
        ("(FP, TP and FN) ≈ (3, 7, 2)", COUNTS, (7, 3, 2)),
        ("FP & TP & FN -> 3 & 7 & 2", COUNTS, (7, 3, 2)),
        ("TP->7, FP -> 3, FN → 2", COUNTS, (7, 3, 2)),
        ("TP -7, FP 3, FN 2", COUNTS, (-7, 3, 2)),
        (r"$\hat m_2 = 2.5$ and $\hat{v}_2 = 8$", MOMENTS, (2.5, 8)),
        ("v₂ = 8; m₂ = -1e3", MOMENTS, (-1000, 8)),
        ("(v, m) = (8, 0.5)", MOMENTS, (0.5, 8)),
        ("kernel 5, stride 2, padding 1", LAYER, (5, 2, 1)),
        ("p = 1, k = 5 and s = 2", LAYER, (5, 2, 1)),
        ("kernel k=5, stride s=2, padding p=1", LAYER, (5, 2, 1)),
        ("kernel size = 5, stride = 2 and padding = 1", LAYER, (5, 2, 1)),
        ("Kernel size (k) = 5; Stride (s) = 2; Padding (p) = 1", LAYER, (5, 2, 1)),
        ("- padding: 1\n- kernel: 5\n- stride: 2", LAYER, (5, 2, 1)),
        ("TP 7 | FP 3 | FN 2", COUNTS, (7, 3, 2)),
        ("true positives (TP): 7, FP: 3, FN: 2", ("TP | true_positives", *COUNTS[1:]), (7, 3, 2)),
        ("3 zeros behind, 2 zeros before", ENDS, (2, 3)),
        ("c² = 13²+8² = 233, d^2 = 73", ("d2", "c2"), (73, 233)),
        ("col 9, row 3", ("row", "column"), (3, 9)),
    ],
)
def test_labeled_numbers_are_sorted_into_the_order_of_their_names(typed, names, cells):
    reading = read_labeled_numbers(typed, names)
    assert reading.value.cells == cells
    assert reading.notes == (NOTE,)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("TP=7, FP=3", COUNTS),
        ("TP=7, FP=3, FN=2, TN=12", COUNTS),
        ("TP=7, FP=3, FN=2, so IoU = 7/12", COUNTS),
        ("TP=7, FP=3, FN=2 so IoU = 7/12", COUNTS),
        ("TP=7, FP=10-TP, FN=2", COUNTS),
        ("TP=7, FP=3, FN=", COUNTS),
        ("TP=7 or 8, FP=3, FN=2", COUNTS),
        ("TP not 7, FP 3, FN 2", COUNTS),
        ("TP=1,5, FP=3, FN=2", COUNTS),
        ("TP/FP/FN = 7/3/2", COUNTS),
        ("TP - 7, FP - 3, FN - 2", COUNTS),
        ("TP-7, FP-3, FN-2", COUNTS),
        ("TP:- 7, FP:- 3, FN:- 2", COUNTS),
        ("Answer (FN, FP, TP) = (2, 3, 7)", COUNTS),
        ("k=3x3, s=2, p=1", LAYER),
        ("m_1 = 0.4, v_1 = 0.32", MOMENTS),
        ("kernel s=3, stride k=2, p=1", LAYER),
        ("kernel k=3, k=5, s=2, p=1", LAYER),
        ("kernel -5, stride - 2, padding 1", LAYER),
        ("TP=7, FP=3, FN=2", ()),
        ("7 and 3 or 2", ()),
        ("1,024 and 5", ()),
    ],
)
def test_mismatched_labels_are_refused(typed, names):
    with pytest.raises(AnswerError):
        read_labeled_numbers(typed, names)


def test_several_equations_in_brackets_are_refused_as_several_values():
    with pytest.raises(AnswerError, match="Several values are given"):
        read_labeled_numbers("kernel (k = 3), stride (s = 2)", ("kernel | k", "stride | s"))


@pytest.mark.parametrize(
    "typed",
    ["7, 3, 2", "[7 3 2]", [7, 3, 2], "counts = (7, 3, 2)", "7, 3 and 2", "7, 3 und 2."],
)
def test_unlabeled_numbers_keep_their_order(typed):
    assert read_labeled_numbers(typed, COUNTS).value.cells == (7, 3, 2)


@pytest.mark.parametrize(
    ("names", "distinct"),
    [
        (LAYER, True),
        (("x_1 | left", "y_1 | top"), True),
        (("k", "K"), False),
        (("column", "colour"), False),
        (("m_1", "m1"), False),
    ],
)
def test_labels_must_have_distinct_spellings(names, distinct):
    assert have_distinct_spellings(names) == distinct


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("(x, y) = (9, 3)", ("row", "column")),
        ("x, y: 9, 3", ("row", "column")),
        ("(c, r) = (9, 3)", ("row", "column")),
        ("$(j, i) = (9, 3)$", ("row", "column")),
        ("(n3, n2, n1) = (0, 2, 8)", ()),
        ("(n_1, n_3, n_2) = (8, 0, 2)", ()),
    ],
)
def test_tuple_of_names_that_may_reverse_the_list_is_refused(typed, names):
    with pytest.raises(AnswerError, match="may put the numbers in another order"):
        read_labeled_numbers(typed, names)


@pytest.mark.parametrize("typed", ["x2: 9\nx1: 3", "Layer 2: 9\nLayer 1: 3", "B: 9\nA: 3"])
def test_numbers_labeled_in_descending_order_are_refused(typed):
    with pytest.raises(AnswerError, match="comes before a name that should come first"):
        read_labeled_numbers(typed)


@pytest.mark.parametrize("typed", ["x1: 9\nx2: 3", "Layer 0: 9\nLayer 1: 3", "dx: 9\ndw: 3"])
def test_numbers_labeled_in_ascending_order_are_read(typed):
    assert read_labeled_numbers(typed).text == "[9, 3]"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("(r, c) = (3, 9)", ("row", "column")),
        ("(i, j) = (3, 9)", ("row", "column")),
        ("(x, y) = (3, 9)", ("x", "y")),
        ("(x, y) = (3, 9)", ()),
        ("(n_1, n_2) = (3, 9)", ()),
        ("w, b = 3, 9", ()),
    ],
)
def test_tuple_of_names_that_keeps_the_order_is_accepted(typed, names):
    assert read_labeled_numbers(typed, names).value.cells == (3, 9)
