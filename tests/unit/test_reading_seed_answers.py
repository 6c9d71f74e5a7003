"""Tests of notations from real homework: each is read as its writer meant it."""

from fractions import Fraction

import pytest

from grader.expressions.parser import parse
from grader.reading import read_formula, read_formula_shape, read_number, read_shape, read_tensor
from grader.values import Tensor

NUMBERS = [
    ("11329414656", 11329414656),
    ("-1", -1),
    ("10,860", 10860),
    ("45,760", 45760),
    ("13,153,160", 13153160),
    ("6.7 million", 6700000),
    ("0.7339999675750732", Fraction(7339999675750732, 10**16)),
    ("(3 × 3 × 10 + 1) × 40 = (90 + 1) × 40 = 3640", 3640),
    (r"181 \times 10 = 1810", 1810),
    (r"$$\text{Cost} = 64 \times 64 \times 64 \times 5^2 \times 3$$", 19660800),
    (r"32 \times 32 \times 128 \times 5^2 \times 64", 209715200),
    ("$$R_1 = 5.$$", 5),
    (r"$$R_2 = 5 + (5 - 1) \times 2 = 13.$$", 13),
    (r"64 \cdot 5^2 + 64 \cdot 128", 9792),
    (r"32 \cdot 32 \cdot (64 \cdot 5^2 + 64 \cdot 128)", 10027008),
    (r"$$\text{Cost (standard)} = 64 \times 64 \times 5^2 \times 3$$", 307200),
    (r"$$\text{Params (standard)} = 5^2 \cdot 64 + 64 \cdot 128$$", 9792),
    (
        (
            r"$$\text{Cost (standard)} = 32 \times 32 \times 64 \times 5^2 \times 3 "
            r"+ 32 \times 32 \times 128 \times 64$$"
        ),
        13303808,
    ),
    (r"$$16 \cdot 16 \cdot 256 = 65,536$$", 65536),
    (r"65,536 \cdot 200 = 13,107,200", 13107200),
    (r"$$\text{Params (FC)} = 13,107,200 + 200 = 13,107,400$$", 13107400),
    (r"204,800 (\text{second layer}) + 819,200 (\text{third layer}) = 1,024,000", 1024000),
    ("1,024,000 + 13,107,400 = 14,131,400", 14131400),
    (r"$B \times 5 + C = 2 \times 5 + 80 = 90$", 90),
    (r"$B \times (4 + 1 + C) = 3 \times 85 = 255$ channels per cell", 255),
    (r"$p = \frac{k-1}{2} \Rightarrow p = 2$", 2),
    (r"$X_2 = \frac{X_1 - F_x + 2P_x}{S_x} + 1 = \frac{252 - 3}{1} - 1 = 250$", 250),
    (r"$(5 \cdot 5 \cdot 3 + 1) \cdot 32 = 2432$", 2432),
    ("$= 390410$", 390410),
]
PERCENTAGES = [("about 86%", 86), ("91%", 91), ("94%", 94)]
SHAPES = [
    (r"$126 \times 126 \times 16$", (126, 126, 16)),
    ("28x28x16", (28, 28, 16)),
    ("10 × 10 × 40", (10, 10, 40)),
    ("6 x 6 x 20", (6, 6, 20)),
    (r"$$16 \times 16 \times 256$$", (16, 16, 256)),
    (r"$3 \times 3$", (3, 3)),
    ("252×252", (252, 252)),
    (r"$512 + 1 - 504 = 9 \times 9$", (9, 9)),
]
MATRICES = [
    (
        "[[ 2. -2. 2. 0. 0. 0.]\n[0. 2. 0. 0. 0. 0.]\n[2. -2. 2. 0. 0. 0.]]",
        [[2, -2, 2, 0, 0, 0], [0, 2, 0, 0, 0, 0], [2, -2, 2, 0, 0, 0]],
    ),
    (
        "- [[ 2. -2. 1. 0. 0. -1.]\n- [0. 3. -1. 0. -1. 0.]\n- [2.-2. 2. 0. 0.-1.]]",
        [[2, -2, 1, 0, 0, -1], [0, 3, -1, 0, -1, 0], [2, -2, 2, 0, 0, -1]],
    ),
    (
        "[[ 2. -2. 1.]\n\n[0. 3. -1.]\n\n[1.-1.-1.]\n\n[-2. 3. 0.]]",
        [[2, -2, 1], [0, 3, -1], [1, -1, -1], [-2, 3, 0]],
    ),
    (r"$$R = \begin{bmatrix} 9 & 9 \\ 9 & 9 \end{bmatrix}$$", [[9, 9], [9, 9]]),
    (r"B = \begin{bmatrix} 18 & 18 \\ 27 & 27 \end{bmatrix}", [[18, 18], [27, 27]]),
    (
        (
            r"$$\Rightarrow \begin{bmatrix} 9+18+18 & 9+18+18 \\ 9+18+27 & 9+18+27 \end{bmatrix} "
            r"= \begin{bmatrix} 45 & 45 \\ 54 & 54 \end{bmatrix}$$"
        ),
        [[45, 45], [54, 54]],
    ),
    (
        r"$$= \begin{bmatrix} 2 & -1 & 11 \\ 10 & -4 & 8 \end{bmatrix}$$",
        [[2, -1, 11], [10, -4, 8]],
    ),
    ("4 3 4\n2 4 3\n2 3 4", [[4, 3, 4], [2, 4, 3], [2, 3, 4]]),
    ("[9 7; 8 6]", [[9, 7], [8, 6]]),
    ("[[4.25, 4.25], [4.25, 3.5]]", [[Fraction(17, 4)] * 2, [Fraction(17, 4), Fraction(7, 2)]]),
    (
        "tensor([[ 1.,  4.,  4.],\n        [ 6., 20., 16.],\n        [ 9., 24., 16.]])",
        [[1, 4, 4], [6, 20, 16], [9, 24, 16]],
    ),
]
FORMULAS = [
    ("(M - F + 2P)/S + 1", "M F P S", "(M - F + 2*P)/S + 1"),
    (
        (
            r"$$w_4 = w_4 - \gamma \left(\frac{\partial L}{\partial a} + "
            r"\frac{\partial L}{\partial b} + \frac{\partial L}{\partial c} + "
            r"\frac{\partial L}{\partial d} \right)$$"
        ),
        "w_4 gamma dL_da dL_db dL_dc dL_dd",
        "w_4 - gamma*(dL_da + dL_db + dL_dc + dL_dd)",
    ),
    (
        r"$$\text{Total Operations} = H \times W \times N \times K \times K \times M$$",
        "H W N K M",
        "H*W*N*K*K*M",
    ),
    (
        r"$$\text{Params (depthwise separable)} = M \cdot K^2 + M \cdot N$$",
        "M N K",
        "M*K**2 + M*N",
    ),
    (
        r"H \cdot W \cdot M \cdot K^2 + H \cdot W \cdot M \cdot N",
        "H W M N K",
        "H*W*M*K**2 + H*W*M*N",
    ),
    (
        r"$N = (F_H \cdot F_W \cdot C_1 + 1) \cdot C_2$",
        "F_H F_W C_1 C_2",
        "(F_H*F_W*C_1 + 1)*C_2",
    ),
]


@pytest.mark.parametrize(("typed", "value"), NUMBERS)
def test_numbers_from_real_homework_are_read(typed, value):
    assert read_number(typed).value == value


@pytest.mark.parametrize(("typed", "value"), PERCENTAGES)
def test_percentages_from_real_homework_are_read(typed, value):
    assert read_number(typed, percent=True).value == value


@pytest.mark.parametrize(("typed", "shape"), SHAPES)
def test_shapes_from_real_homework_are_read(typed, shape):
    assert read_shape(typed).value == shape


@pytest.mark.parametrize(("typed", "cells"), MATRICES)
def test_matrices_from_real_homework_are_read(typed, cells):
    assert read_tensor(typed, rank=2).value == Tensor.from_nested(cells)


@pytest.mark.parametrize(("typed", "variables", "python"), FORMULAS)
def test_formulas_from_real_homework_are_read(typed, variables, python):
    assert read_formula(typed, variables.split()).value == parse(python).tree


def test_symbolic_shape_from_real_homework_is_read():
    assert read_formula_shape(r"$H \times W \times N$", ["H", "W", "N"]).text == "(H, W, N)"
