"""Tests of arrays printed by NumPy, PyTorch, MATLAB, LaTeX, spreadsheets and scans."""

from fractions import Fraction

import numpy as np
import pytest

from grader.errors import AnswerError
from grader.reading import read_tensor
from grader.reading.arithmetic import EMPTY_CELL
from grader.reading.arrays.array_size import EMPTY_ROW, MIXED_CELLS
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.grammar.errors import SEVERAL_VALUES
from grader.reading.grammar.evaluation import TOO_LARGE
from grader.values import Tensor

SQUARE = [[1, 2], [3, 4]]
HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("typed", "cells"),
    [
        # lists and prints
        ("[[1, 2], [3, 4]]", SQUARE),
        ("[[1,2,],[3,4,],]", SQUARE),
        ("((1, 2), (3, 4))", SQUARE),
        ("[(1, 2), (3, 4)]", SQUARE),
        ("{{1, 2}, {3, 4}}", SQUARE),
        ("[[1 2]\n [3 4]]", SQUARE),
        ("[[1. 2.]\n [3. 4.]]", SQUARE),
        ("[[1 2] [3 4]]", SQUARE),
        ("np.array([[1, 2], [3, 4]])", SQUARE),
        ("array([[1, 2],\n       [3, 4]], dtype=int32)", SQUARE),
        ("tensor([[1., 2.],\n        [3., 4.]])", SQUARE),
        ("tensor([[1, 2],\n [3, 4]], dtype=torch.float64, device='cuda:0')", SQUARE),
        ("tensor([[1., 2.], [3., 4.]], grad_fn=<AddBackward0>)", SQUARE),
        ("torch.tensor([[1, 2], [3, 4]], requires_grad=True)", SQUARE),
        ("tf.Tensor(\n[[1 2]\n [3 4]], shape=(2, 2), dtype=int32)", SQUARE),
        ("<tf.Tensor: shape=(2, 2), numpy=\narray([[1, 2],\n       [3, 4]])>", SQUARE),
        ("[[0.  0.5]\n [1.  2. ]]", [[0, HALF], [1, 2]]),
        ("[[ 1. -2.]\n [-3.  4.]]", [[1, -2], [-3, 4]]),
        ("[[1e-1, 2.5E2]]", [[Fraction(1, 10), 250]]),
        ("[[\u22121, +2]]", [[-1, 2]]),
        # MATLAB
        ("[1 2; 3 4]", SQUARE),
        ("[1, 2; 3, 4];", SQUARE),
        ("[1 2;\n 3 4]", SQUARE),
        ("[1 2\n 3 4]", SQUARE),
        ("[1 2]", [[1, 2]]),
        ("A =\n\n     1     2\n     3     4\n", SQUARE),
        ("[2 -2; 2 - 2, 1]", [[2, -2], [0, 1]]),
        ("[2 -2; 0 1]", [[2, -2], [0, 1]]),
        # bare rows
        ("1 2\n3 4", SQUARE),
        ("1\t2\n3\t4", SQUARE),
        ("1\t2\r\n3\t4\r\n", SQUARE),
        ("1,2\n3,4\n", SQUARE),
        ("1;2\n3;4", SQUARE),
        ("1 2; 3 4", SQUARE),
        ("1, 2;\n3, 4;", SQUARE),
        ("| 1 | 2 |\n|---|---|\n| 3 | 4 |", SQUARE),
        ("1,024\t5\n1\t2", [[1024, 5], [1, 2]]),
        ("1 2\n\n3 4", SQUARE),
        ("Row 1: 1 2\nRow 2: 3 4", SQUARE),
        # LaTeX
        (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", SQUARE),
        (r"$1 & 2 \\ 3 & 4 \\$", SQUARE),
        (r"1 & 2 \cr 3 & 4", SQUARE),
        (r"$$\begin{pmatrix}1&2\\3&4\\\end{pmatrix}.$$", SQUARE),
        (r"\left[\begin{array}{cc} 1 & 2 \\ \hline 3 & 4 \end{array}\right]", SQUARE),
        (r"\left(\begin{matrix} 1 & 2 \\[2pt] 3 & 4 \end{matrix}\right)", SQUARE),
        (r"\[\begin{bmatrix} \frac{1}{2} & -2 \end{bmatrix}\]", [[HALF, -2]]),
        (r"\begin{bmatrix} 1{,}024 & 65\,536 \end{bmatrix}", [[1024, 65536]]),
        # names, labels, chains
        (r"R = \begin{bmatrix} 9 & 9 \end{bmatrix}", [[9, 9]]),
        ("X[:, 0] = [[1, 2], [3, 4]]", SQUARE),
        ("Output:\n1 2\n3 4", SQUARE),
        ("**[[1, 2], [3, 4]]**", SQUARE),
        ("```python\n[[1, 2], [3, 4]]\n```", SQUARE),
        # arithmetic in cells
        ("[[1+1, 2*3], [1/2, 2^3]]", [[2, 6], [HALF, 8]]),
        ("[[(1+2)*3, max(1, 2)]]", [[9, 2]]),
        (r"\begin{bmatrix} 9+18+18 & 5^2 \end{bmatrix}", [[45, 25]]),
        ("[[1/2 1/4]]", [[HALF, Fraction(1, 4)]]),
        ("[[1, 1 / 2], [1 / 4, 4]]", [[1, HALF], [Fraction(1, 4), 4]]),
        # scans
        ("- [1 2]\n- [3 4]", SQUARE),
        ("- [[1. 2.]\n- [3. 4.]]", SQUARE),
        ("- 1 2\n- 3 4", SQUARE),
        ("[1 2]\n[3 4]", SQUARE),
        ("[1, 2], [3, 4]", SQUARE),
        ("[[1, 2], [3, 4]", SQUARE),
        ("[1, 2], [3, 4]]", SQUARE),
        ("[[1, 2]", [[1, 2]]),
        ("[1, 2]]", [[1, 2]]),
        ("[[1 2]\n\n\n[3 4]]", SQUARE),
        ("[[2.-2.  2.]\n [0. 2. 0.]]", [[2, -2, 2], [0, 2, 0]]),
        ("[[0. 1.]\n [0.-1.]]", [[0, 1], [0, -1]]),
        # JSON
        ([[1, 2], [3, 4]], SQUARE),
        ([[Fraction(1, 2), "1/2", "1+1"]], [[HALF, HALF, 2]]),
    ],
)
def test_matrix_is_read_in_every_notation(typed, cells):
    assert read_tensor(typed, rank=2).value == Tensor.from_nested(cells)


@pytest.mark.parametrize(
    "typed",
    [
        "[1, 2, 3]",
        "(1, 2, 3)",
        "{1, 2, 3}",
        "1, 2, 3",
        "1 2 3",
        "1\n2\n3",
        "[1 2\n 3]",
        "[1; 2; 3]",
        "v = [1, 2, 3]",
        "tensor([1., 2., 3.])",
        r"\begin{bmatrix} 1 & 2 & 3 \end{bmatrix}",
        r"\begin{bmatrix} 1 \\ 2 \\ 3 \end{bmatrix}",
        [1, 2, 3],
    ],
)
def test_vector_is_read_as_a_row_or_a_column(typed):
    assert read_tensor(typed, rank=1).value == Tensor.from_nested([1, 2, 3])


@pytest.mark.parametrize(
    "typed",
    [
        "[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]",
        "[[[1 2]\n  [3 4]]\n\n [[5 6]\n  [7 8]]]",
        "1 2\n3 4\n\n5 6\n7 8",
        r"\begin{bmatrix}1&2\\3&4\end{bmatrix}, \begin{bmatrix}5&6\\7&8\end{bmatrix}",
        [[[1, 2], [3, 4]], [[5, 6], [7, 8]]],
    ],
)
def test_bracket_depth_determines_tensor_rank(typed):
    assert read_tensor(typed, rank=3).value == Tensor.from_nested(
        [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    )


@pytest.mark.parametrize(
    ("typed", "shape"),
    [("[1, 2]", (2,)), ("1 2", (2,)), ("1 2\n3 4", (2, 2)), ("[[[1]]]", (1, 1, 1)), ("5", (1,))],
)
def test_notation_determines_the_rank_if_none_is_given(typed, shape):
    assert read_tensor(typed).value.shape == shape


@pytest.mark.parametrize("style", ["{:d}", "{:.1f}", "{:+d}"])
def test_printed_numpy_arrays_are_read_back(style):
    array = np.arange(-6, 6).reshape(3, 4)
    text = np.array2string(array, formatter={"int_kind": lambda cell: style.format(int(cell))})
    assert read_tensor(text, rank=2).value == Tensor.from_array(array)


@pytest.mark.parametrize(
    ("typed", "notes"),
    [
        ("[[1, 2]]", ()),
        ("X = [[1, 2]]", ()),
        ("[[1, 1+1]] = [[1, 2]]", (CHAIN_NOTE,)),
        ("The output is [[1, 2]].", ("'The output is' was ignored.",)),
        ("[[1, 2]", ("A missing bracket was added.",)),
        ("[[1.-2.]]", ("'1.-2.' was read as separate cells.",)),
    ],
)
def test_assumptions_about_an_array_are_noted(typed, notes):
    assert read_tensor(typed, rank=2).notes == notes


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Nothing was given."),
        ("abc", "The cell 'abc' cannot be read."),
        ("[]", EMPTY_ROW),
        ("[[]]", EMPTY_ROW),
        ("[[1,,2]]", EMPTY_CELL),
        (r"\begin{bmatrix}1 & & 3\end{bmatrix}", EMPTY_CELL),
        ("[[1, 2], [3]]", "Row 2 has 1 cell, row 1 has 2."),
        ("1 2\n3 4\n5 6 7", "Row 3 has 3 cells, row 1 has 2."),
        ([[1], [2, 3]], "Row 2 has 2 cells, row 1 has 1."),
        ("[[2.-2.  2.]\n [0. 2. 0. 1.]]", "'2.-2.' cannot be read as one cell"),
        ("[[1, 2, [3]]]", MIXED_CELLS),
        ("[[[3], 1]]", "is outside the innermost brackets."),
        ("[1, [2, 3]]", MIXED_CELLS),
        ([1, [2]], MIXED_CELLS),
        ("[[1, ...]]", "Cells are left out at '...'."),
        ("[[1, …, 3]]", "Cells are left out at '…'."),
        (r"\begin{bmatrix}1 & \cdots & 3\end{bmatrix}", r"Cells are left out at '\cdots'."),
        ("[[3 (3), 1]]", "'(3)' can be read as a factor or as a remark."),
        ("[[48 (6*8), 1]]", "'(6*8)' can be read as a factor or as a remark."),
        ("[[nan, 1]]", "'nan' cannot be read"),
        ("[[1, inf]]", "'inf' cannot be read"),
        ("[[1,024, 5]]", "The cell '024'"),
        ("[[1\u202f024 5]]", "The cell '024'"),
        ("[1 + 2 3; 1 2 3 4]", "The cell '+' cannot be read."),
        ("-[[1, 2]]", "'-' outside the brackets cannot be read."),
        ("[[1, 2]]^T", "'^T' asks for a transpose, which is not carried out."),
        ("[[1, 2]] + [[3, 4]]", "'+' outside the brackets cannot be read."),
        ("transpose of [[1, 2]]", "The word 'transpose' changes"),
        ("columns: [1, 3], [2, 4]", "'columns:' gives a column, but the question asks for rows."),
        (
            "Col 1: [1, 3]\nCol 2: [2, 4]",
            "'Col 1:' gives a column, but the question asks for rows.",
        ),
        ("1 2\n3 4\n\nsum = 10", SEVERAL_VALUES),
        ("1, 2\nmean = 1.5", SEVERAL_VALUES),
        (r"\begin{bmatrix}1\end{bmatrix}\begin{bmatrix}2\end{bmatrix}", "A product with a matrix"),
        (r"\begin{vmatrix}1&2\\3&4\end{vmatrix}", "is not a matrix."),
        (r"\begin{bmatrix} 1 & 2", r"\begin{bmatrix} has no end."),
        (r"\begin{bmatrix} 1 \end{pmatrix}", r"\begin{bmatrix} has no end."),
        ("[[1, 2]]]]]", "3 brackets are not paired."),
        ("[[1, 2]] =", "Nothing follows the last '='."),
        ("R = [[1, 2]]\nG = [[3, 4]]", "2 arrays are given: R, G."),
        ("[[1e400, 1]]", TOO_LARGE),
        ("[[1e999 1]]", "The cell '1e999' cannot be read."),
        ("[[True, 1]]", "'True' cannot be read"),
        ([[True]], "true or false"),
        ([], EMPTY_ROW),
        (5, "This is one number."),
        ("[[1, 2]]" * 10_000, "characters"),
        ("[" * 10_000, "hardly any digits"),
        (f"{'[' * 20}1{']' * 20}", "nested too deeply"),
    ],
)
def test_invalid_matrix_is_refused(typed, message):
    with pytest.raises(AnswerError) as refused:
        read_tensor(typed, rank=2)
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("typed", "rank", "message", "expected"),
    [
        ("[1, 2, 3]", 2, "This is a vector of size 3.", "a matrix such as"),
        ("[[1, 2, 3], [4, 5, 6]]", 1, "This is a matrix of size 2×3.", "a vector such as"),
        ([[1, 2, 3]], 1, "This is a matrix of size 1×3.", "a vector such as"),
        ("[[1, 2], [3, 4]]", 3, "This is a matrix of size 2×2.", "nested lists"),
        ("[[[1, 2]], [[3, 4]]]", 2, "This is an array with 3 axes of size 2×1×2.", "a matrix"),
        ("[[[[[1]]]]]", 8, "This is an array with 5 axes of size 1×1×1×1×1.", "nested lists"),
    ],
)
def test_array_of_wrong_rank_is_refused_with_its_size(typed, rank, message, expected):
    with pytest.raises(AnswerError) as refused:
        read_tensor(typed, rank=rank)
    assert refused.value.message == message
    assert expected in refused.value.expected


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("[[1, 2], [3]]", 10),
        ("1 2\n3", 4),
        ("[[1, x]]", 5),
        ("R = [[1, ...]]", 9),
        ("  [[1.-2. 3.]\n[1.]]", 4),
        (r"\begin{bmatrix} 1 & y \end{bmatrix}", 20),
        ("[[[1, 2], [3, 4]], [[5, 6], [7]]]", 29),
    ],
)
def test_array_error_contains_its_position(typed, position):
    with pytest.raises(AnswerError) as refused:
        read_tensor(typed)
    assert refused.value.position == position


@pytest.mark.parametrize(
    ("typed", "rank", "shape", "note"),
    [
        ("tensor([[[[1., 2.],\n          [3., 4.]]]])", 2, (2, 2), "1×1×2×2 was read as 2×2"),
        ("[[[[1], [2]], [[3], [4]]]]", 2, (2, 2), "1×2×2×1 was read as 2×2"),
        ("tensor([[[1., 2., 3.]]])", 1, (3,), "1×1×3 was read as 3"),
        ("[[1], [2], [3]]", 1, (3,), "3×1 was read as 3"),
        ("[[[[1], [2], [3]]]]", 2, (3, 1), "1×1×3×1 was read as 3×1"),
        ("[[[5]]]", 1, (1,), "1×1×1 was read as 1"),
    ],
)
def test_leading_and_trailing_axes_of_size_1_are_dropped_to_fit_the_rank(typed, rank, shape, note):
    reading = read_tensor(typed, rank=rank)
    assert reading.value.shape == shape
    assert reading.notes == (f"The size {note}.",)


def test_ragged_blocks_are_reported_by_block_and_row():
    with pytest.raises(AnswerError, match="Row 2 of block 2 has 1 cell, row 1 of block 1 has 2"):
        read_tensor("[[[1, 2], [3, 4]], [[5, 6], [7]]]")
    with pytest.raises(AnswerError, match="Block 2 has 1 row, block 1 has 2"):
        read_tensor("[[[1, 2], [3, 4]], [[5, 6]]]")


@pytest.mark.parametrize(
    "typed",
    [
        "k=3, s=2, p=0",
        "m=0.4 v=0.32",
        "m_1 = 0.4 and v_1 = 0.32",
        "6*8 = 48, 7*6 = 42",
        "IoU(1,3)=0.379, IoU(2,3)=0.667",
        "a: 6*8 = 48\n7*6 = 42",
        "max(0, 48) = 48, max(0, 42) = 42",
    ],
)
def test_several_equations_are_not_a_vector(typed):
    with pytest.raises(AnswerError, match="Several values are given"):
        read_tensor(typed, rank=1)


@pytest.mark.parametrize(
    "typed",
    [
        "m, v = 0.1*4, 2 = 0.4, 2",
        "x*w + b = y = [0.4, 2]",
        "y = [4/10, 2] = [0.4, 2]",
        "a = b = 0.4 2",
        "y = 0.4, 2 = 0.4 2",
        "y = max(0, 0.4), max(0, 2) = 0.4, 2",
        "y = (max(0, 0.4), max(0, 2)) = [0.4, 2]",
        "y = 0.2*(1, 5) + 0.1*(2, 10) = 0.4, 2",
    ],
)
def test_last_vector_of_a_chain_counts(typed):
    assert read_tensor(typed, rank=1).text == "[0.4, 2]"


@pytest.mark.parametrize("side", [64, 65])
def test_array_with_more_than_4096_cells_is_refused(side):
    typed = [[1] * side for _ in range(side)]
    text = "\n".join(" ".join("1" for _ in row) for row in typed)
    for given in (typed, text):
        if side == 64:
            assert read_tensor(given, rank=2).value.shape == (64, 64)
        else:
            with pytest.raises(AnswerError, match="more than 4,096 cells"):
                read_tensor(given, rank=2)


@pytest.mark.parametrize("typed", [",".join(["1+1"] * 401), ["1+1"] * 401])
def test_array_with_more_than_400_arithmetic_cells_is_refused(typed):
    with pytest.raises(AnswerError, match="401 cells hold more than a plain number"):
        read_tensor(typed, rank=1)


@pytest.mark.parametrize("typed", [",".join(["1/3"] * 401), " ".join(["1/3"] * 401)])
def test_plain_fractions_do_not_count_as_arithmetic_cells(typed):
    assert read_tensor(typed, rank=1).value == Tensor((401,), (Fraction(1, 3),) * 401)


@pytest.mark.parametrize(
    "typed", ["[[1/2, -3/4], [0/5, 10/4]]", "[+1/2, 007/2]", "[1/2, -6/3]", "1/2, 3/4\n5, -6/4"]
)
def test_plain_fraction_cells_match_arithmetic_cells(typed):
    assert read_tensor(typed) == read_tensor(typed.replace("/", " / "))


@pytest.mark.parametrize(
    "typed", ["1-5", "3-1", "1-2-3", "[[1-2], [3-4]]", "[1-2; 3-4]", "1-2\n3-4"]
)
def test_integers_joined_by_a_dash_are_refused_as_ambiguous(typed):
    with pytest.raises(AnswerError, match="subtraction, as a range or as several cells"):
        read_tensor(typed)


@pytest.mark.parametrize(
    ("typed", "cells"),
    [
        ("[1.-2. 3.]", (1, -2, 3)),
        ("[2.-2.  2.]\n[1. 0. 1.]", (2, -2, 2, 1, 0, 1)),
        ("[[1-2]\n [3 4]]", (1, -2, 3, 4)),
    ],
)
def test_sign_after_a_point_or_in_a_short_row_starts_a_cell(typed, cells):
    assert read_tensor(typed).value.cells == cells


@pytest.mark.parametrize(
    "typed", ["- [[1, 2], [3, 4]]", "-[[1, 2], [3, 4]]", "A = - [[1, 2], [3, 4]]"]
)
def test_single_dash_before_brackets_is_refused_as_a_possible_minus_sign(typed):
    with pytest.raises(AnswerError, match="outside the brackets"):
        read_tensor(typed)


def test_dashes_before_each_row_are_list_bullets():
    assert read_tensor("- [1, 2]\n- [3, 4]\n- [5, 6]").text == "[[1, 2], [3, 4], [5, 6]]"


@pytest.mark.parametrize("sign", ["→", "<", " x", "Columns ", "[", "\\\\", "- "])
def test_long_text_with_few_digits_is_refused_before_parsing(sign):
    with pytest.raises(AnswerError, match="hardly any digits"):
        read_tensor((sign * 60_000)[:60_000], rank=2)


def test_long_array_in_wide_columns_is_read():
    text = "\n".join(" ".join(["1".rjust(14)] * 64) for _ in range(64))
    assert read_tensor(text, rank=2).value.shape == (64, 64)


@pytest.mark.parametrize(
    "typed",
    [
        "[-6, -18]^T",
        "(-6 -18)^T.",
        "[-6,-18]ᵀ",
        "[-6; -18]'",
        "$w = [-6, -18]^{\\top}$",
        "[[-6, -18]]^T",
        r"\begin{bmatrix} -6 & -18 \end{bmatrix}^\mathsf{T}",
        "np.array([[-6], [-18]]).T",
    ],
)
def test_transposed_vector_keeps_its_numbers(typed):
    assert read_tensor(typed, rank=1).value.cells == (-6, -18)


def test_vector_labeled_column_is_read():
    assert read_tensor("column: [1, 2]", rank=1).value.cells == (1, 2)


def test_bare_rows_may_be_a_step_of_a_chain():
    assert read_tensor("1+2, 3+4\nso y = 3, 7", rank=1).value.cells == (3, 7)


@pytest.mark.parametrize(
    "typed", ["[[1, 2], [3, 4]]^T", "[1 2; 3 4]'", "np.array([[1, 2], [3, 4]]).T"]
)
@pytest.mark.parametrize("rank", [2, None])
def test_matrix_with_a_transpose_sign_is_refused(typed, rank):
    with pytest.raises(AnswerError, match="asks for a transpose, which is not carried out"):
        read_tensor(typed, rank=rank)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("A = [[1, 2], [3, 4]], B = [[5, 6], [7, 8]]", "2 arrays are given: A, B."),
        ("A=[1 2;3 4]\nB=[5 6;7 8]\nC=[9 9;9 9]", "3 arrays are given: A, B, C."),
        ("y[0,0]=1, y[0,1]=2, y[1,0]=3, y[1,1]=4", SEVERAL_VALUES),
    ],
)
def test_several_arrays_or_cell_assignments_are_refused(typed, why):
    with pytest.raises(AnswerError, match=why):
        read_tensor(typed, rank=2)


@pytest.mark.parametrize(
    "typed", ["'[[1, 2], [3, 4]]'", "\u2018[1 2; 3 4]\u2019", '"[[1,2],[3,4]]"']
)
def test_quotes_around_an_array_are_ignored(typed):
    assert read_tensor(typed, rank=2).value.cells == (1, 2, 3, 4)


@pytest.mark.parametrize("typed", ["[2.4 × 106, 3]", "[[1.5·e-3, 2]]", "[3, (2.4*106)]"])
def test_garbled_power_of_ten_in_a_cell_is_refused(typed):
    with pytest.raises(AnswerError, match=r"can be read as a (power|product)"):
        read_tensor(typed)
