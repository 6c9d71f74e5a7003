"""Tests of program output around an array: ignored in place, or refused with a remedy."""

from fractions import Fraction

import pytest

from grader.errors import AnswerError
from grader.reading import read_number, read_tensor
from grader.reading.arrays.program_output import blank_decoration, strip_number_wrappers
from grader.values import Tensor

SQUARE = Tensor.from_nested([[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "text",
    [
        ">>> a\n[[1, 2],\n [3, 4]]",
        "In [1]: print(a)\n[[1, 2],\n [3, 4]]",
        "Out[12]: [[1, 2], [3, 4]]",
        "     [,1] [,2]\n[1,]    1    2\n[2,]    3    4",
        "2×2 Matrix{Int64}:\n 1  2\n 3  4",
        "A = 2×2 single matrix\n 1  2\n 3  4",
        "⎡1  2⎤\n⎢    ⎥\n⎣3  4⎦",
        "|1 2|\n|3 4|",
        "[[np.float64(1.0), np.int64(2)], [Fraction(6, 2), Decimal('4.0')]]",
        "<tf.Tensor: shape=(2, 2), numpy=\narray([[1, 2],\n       [3, 4]])>",
        "Matrix(2, 2, [[1, 2], [3, 4]])",
        "[[1. 2.]\n [3. 4.]]\n<NDArray 2x2 @cpu(0)>",
    ],
)
def test_printed_decoration_is_blanked_without_moving_lines(text):
    assert read_tensor(text, rank=2).value == SQUARE
    lines = blank_decoration(text).split("\n")
    assert [len(line) for line in lines] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("     [,1] [,2]\n[1,]    1    x\n[2,]    3    4", 28),
        ("2×2 Matrix{Int64}:\n 1  x\n 3  4", 23),
        (">>> a\n[[1, x],\n [3, 4]]", 11),
        ("[[np.float64(1.0), np.float64(x)], [3, 4]]", 30),
        ("■(1&2@3&x)", 8),
        (r"\pmatrix{1 & 2 \cr 3 & x}", 23),
        ("⟨1, x⟩", 4),
    ],
)
def test_error_in_a_printed_array_has_its_original_position(typed, position):
    with pytest.raises(AnswerError) as refused:
        read_tensor(typed)
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("typed", "cells", "notes"),
    [
        ("1.0e+03 *\n\n0.001 2\n3 4", [[1, 2000], [3000, 4000]], "multiplied by 1000."),
        ("A =\n\n  1.0e-02 *\n 1 2\n 3 4", [["1/100", "1/50"], ["3/100", "1/25"]], "by 0.01."),
        ("tensor(1.00000e+02 *\n [[ 1., 2.],\n  [ 3., 4.]])", [[100, 200], [300, 400]], "by 100."),
    ],
)
def test_common_factor_of_a_printed_array_is_applied_with_a_note(typed, cells, notes):
    reading = read_tensor(typed, rank=2)
    assert reading.value == Tensor.from_nested([[Fraction(cell) for cell in row] for row in cells])
    assert reading.notes[-1].endswith(notes)


@pytest.mark.parametrize(
    ("typed", "message", "expected"),
    [
        ("Columns 1 through 3\n\n1 2 3", "printed in several blocks", "mat2str(A)"),
        (" Column 5:\n\n1\n2", "printed in several blocks", "mat2str(A)"),
        ("ans(:,:,1) =\n\n1 2\n3 4", "page by page", "nested lists"),
        (", , 1\n\n     [,1]\n[1,]    1", "page by page", "nested lists"),
        ("matrix(c(1,2,3,4), nrow=2)", "R fills a matrix column by column", "as R prints it"),
        ("<<1,3>|<2,4>>", "column by column", "rows, such as"),
        ("   0  1\n0  1  2\n1  3  4", "'0 1' looks like the names", "df.to_numpy()"),
        ("0    1\n1    2\nName: loss, dtype: float64", "have names of rows", "df.to_numpy()"),
        ("(1)\t2\n3\t4", "as in a spreadsheet, negative", "without parentheses"),
        ("1e3 *\n1 2\n1e3 *\n3 4", "Several arrays are given.", "one array"),
    ],
)
def test_unsupported_printed_array_is_refused_with_a_fix(typed, message, expected):
    with pytest.raises(AnswerError) as refused:
        read_tensor(typed, rank=2)
    assert message in refused.value.message
    assert expected in refused.value.expected


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("np.float64(0.5)", "           0.5 "),
        ("Decimal('0.5')", "         0.5  "),
        ("[Fraction(1, 2)]", "[1/2           ]"),
        ("2*Fraction(1, 2)", "2*Fraction(1, 2)"),
        ("np.float64()", "np.float64()"),
        ("np.float64(-2)**2", "np.float64(-2)**2"),
        ("[1] 5", "    5"),
        ("[1]", "[1]"),
    ],
)
def test_scalar_wrappers_of_python_and_r_are_stripped(text, alone):
    assert strip_number_wrappers(text) == alone


@pytest.mark.parametrize(
    "typed",
    ["Total params: 3,640 (14.22 KB)", " Trainable params: 3640 (14.22 KB)\n", "3640 params"],
)
def test_memory_size_after_keras_parameter_count_is_ignored(typed):
    assert read_number(typed).value == 3640


@pytest.mark.parametrize("typed", ["3640 (14.22 KB)", "Total params: 3,640 (14.22 KB) or 5"])
def test_memory_size_after_any_other_count_is_refused(typed):
    with pytest.raises(AnswerError):
        read_number(typed)
