"""Readers of typed text by name, and the pieces of which random answers consist."""

from collections.abc import Callable
from typing import Any, Final

from grader.kinds.numbers import read_count
from grader.reading import (
    Quantity,
    RawAnswer,
    normalize_number_style,
    read_formula,
    read_formula_shape,
    read_labeled_numbers,
    read_number,
    read_quantity,
    read_shape,
    read_tensor,
)
from grader.reading.sets import read_set

VARIABLES: Final = ("H", "W", "K", "C_in", "C_1", "gamma", "w_4", "dL_da", "kernel_size")

NAMES: Final = ("conv1", "bn1", "H", "x", "漢")
"""Names that a set may contain."""

READERS: Final[dict[str, Callable[[RawAnswer], Any]]] = {
    "number": read_number,
    "percent": lambda typed: read_number(typed, percent=True),
    "bytes": lambda typed: read_quantity(typed, dimension="bytes"),
    "macs": lambda typed: read_quantity(typed, dimension="macs", default="GMAC"),
    "shape": read_shape,
    "square": lambda typed: read_shape(typed, square=2),
    "tensor": read_tensor,
    "vector": lambda typed: read_tensor(typed, rank=1),
    "matrix": lambda typed: read_tensor(typed, rank=2),
    "deep": lambda typed: read_tensor(typed, rank=3),
    "formula": lambda typed: read_formula(typed, VARIABLES),
    "formula in x": lambda typed: read_formula(typed, ("x", "X")),
    "formulas": lambda typed: read_formula_shape(typed, VARIABLES),
    "count": read_count,
    "listed": lambda typed: read_labeled_numbers(typed, ("k | kernel", "padding")),
    "set": lambda typed: read_set(typed, of="number"),
    "shapes": lambda typed: read_set(typed, of="shape"),
    "names": lambda typed: read_set(typed, of="name", names=NAMES),
}
STYLED: Final[dict[str, Callable[[RawAnswer], Any]]] = {
    "number, point": lambda typed: read_number(normalize_number_style(typed, "point")),
    "number, comma": lambda typed: read_number(normalize_number_style(typed, "comma")),
    "matrix, comma": lambda typed: read_tensor(normalize_number_style(typed, "comma"), rank=2),
    "formula, comma": lambda typed: read_formula(normalize_number_style(typed, "comma"), VARIABLES),
}
"""Readers of a declared number style; they output ours, so it is not read back."""


def meaning(value: Any) -> Any:
    """Return the part of a value that survives a round trip through its text."""
    return (value.value, value.unit) if isinstance(value, Quantity) else value


PIECES: Final = (
    *("0", "1", "2", "12", "0.5", ".5", "5.", "1e3", "1.5e-3", "1,000", "65.536", "1,5", "2.-2."),
    *("9" * 350, "9" * 350 + ".5, round down: 1"),
    *("10", "007", "1_000", "0x1F", "½", "⅓", "²", "⁻¹", "₁", "٣", "①", "−5", "e", "E+", "E"),
    *(" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u2009", "\u00a0", "\u200b", "\u3000", "\x00"),
    *(",", ", ", ";", "; ", ":", ".", "..", "...", "…", "'", '"', "`", "_", "{,}", r"\,", "|", "&"),
    *("=", "==", "⇒", "->", "≈", "~", "<", ">", "≤", "±", "!", "?", "#", "@", "%", r"\%", "\\"),
    *("+", "-", "\u2212", "\u2013", "*", "**", "^", "^{", "×", "·", "⋅", "/", "//", "÷", "√", "∞"),
    *("(", ")", "[", "]", "[[", "]]", "{", "}", "{{", "}}", "⌊", "⌋", "⌈", "⌉", "⟨", "⟩", "⎡", "⎤"),
    *("$", "$$", r"\(", r"\)", r"\[", r"\]", r"\left", r"\right", r"\\", r"\\[2pt]", r"\hline"),
    *(r"\frac", r"\frac{1}{2}", r"\dfrac{", r"\sqrt", r"\cdot", r"\times", r"\lfloor", r"\rfloor"),
    *(r"\text{a b}", r"\text{K}", r"\mathrm{MB}", r"\gamma", r"\partial", r"\ldots", r"\langle"),
    *(r"\begin{bmatrix}", r"\end{bmatrix}", r"\begin{array}{cc}", r"\end{array}", r"\begin{"),
    *(r"\matrix{", r"\pmatrix{1&2\cr3&4}", "■(", "[■(1&2@3&4)]", "█(", r"\cr"),
    *(
        "H",
        "W",
        "K",
        "C_in",
        "C_{in}",
        "γ",
        "w_4",
        "dL/da",
        "∂L/∂a",
        "x",
        "X",
        "by",
        "и",
        "К",
        "漢",
    ),
    *("floor(", "ceil(", "sqrt", "log2(", "max(", "min(", "abs(", "round(", "math.floor(", "np."),
    *("np.array(", "tensor(", ", dtype=float32", ", device='cuda:0'", "torch.Size(", "Matrix("),
    *("np.float64(", "Fraction(1, 2)", "Decimal('", "<tf.Tensor: ", "numpy=", "<NDArray ", "c("),
    *(
        "[1] ",
        "[1,] ",
        "     [,1] [,2]\n",
        "2×2 Matrix{Int64}:\n",
        "1.0e+03 *\n",
        ">>> ",
        "Out[3]: ",
    ),
    *(
        "Columns 1 through 3\n",
        "(:,:,1) =\n",
        "dtype: int64",
        "None",
        "- [",
        "|---|",
        "| 1 | 2 |\n",
    ),
    *("about", "and", "or", "not", "the answer is", "total:", "acc 0.73", "(approx)", "row 1: "),
    *(
        "million",
        "M",
        "k",
        "B",
        "bn",
        "GMACs",
        "gflops",
        "percent",
        "KiB",
        "MB",
        "mb",
        "Mbit",
        "/s",
    ),
    *(
        "bytes",
        "per second",
        "weights",
        "channels",
        "nan",
        "inf",
        "None",
        "true",
        "é",
        "á",
        "\ud800",
    ),
)
