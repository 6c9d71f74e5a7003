"""Tests of reading: every value, printed in every notation, reads back equal."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from readers import PIECES, READERS, STYLED, VARIABLES, meaning

from grader.display.tex import to_tex
from grader.display.text import to_text
from grader.errors import AnswerError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import BinaryOperation, Call, Name, Negation, NumberLiteral
from grader.reading import (
    find_ambiguous_thousands,
    is_blank,
    load_json,
    normalize_number_style,
    read_formula,
    read_formula_shape,
    read_number,
    read_quantity,
    read_shape,
    read_tensor,
)
from grader.reading.grammar.evaluation import EXACT_SCOPE
from grader.reading.units.quantities import DIMENSIONS
from grader.values import Tensor, to_nested

MINUS = "\u2212"
whole = st.integers(-(10**12), 10**12)
decimals = st.builds(
    lambda digits, places: Fraction(digits, 10**places),
    st.integers(-(10**12), 10**12),
    st.integers(0, 12),
)
fractions = st.fractions(max_denominator=10**6)
numbers = st.one_of(whole, decimals, fractions)


def plain_decimal(value: Fraction | int) -> str:
    """Format a terminating decimal by other code than ours."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


def grouped(mark: str):
    return lambda value: f"{value:,}".replace(",", mark)


WHOLE = {
    "plain": str,
    "plus": lambda value: f"{value:+}",
    "minus sign": lambda value: str(value).replace("-", MINUS),
    "point": lambda value: f"{value}.",
    "commas": grouped(","),
    "apostrophes": grouped("'"),
    "thin spaces": grouped("\u2009"),
    "no-break spaces": grouped("\u00a0"),
    "underscores": grouped("_"),
    "TeX commas": grouped("{,}"),
    "TeX spaces": grouped("\\,"),
    "dollars": lambda value: f"$${value}$$",
    "label": lambda value: f"The total = {value}",
    "chain": lambda value: f"({value} + 1) - 1 = {value}",
    "bold": lambda value: f"**{value}**",
    "words": lambda value: f"about {value} weights.",
    "scientific": lambda value: f"{Decimal(value):e}",
    "times ten": lambda value: f"{value} × 10^0",
    "double": lambda value: f"{float(value)!r}" if abs(value) < 2**53 else str(value),
}
DECIMAL = {
    "plain": plain_decimal,
    "commas": lambda value: f"{Decimal(value.numerator) / Decimal(value.denominator):,f}",
    "percent": lambda value: f"{plain_decimal(value * 100)}%",
    "TeX percent": lambda value: rf"${plain_decimal(value * 100)}\%$",
    "thousand": lambda value: f"{plain_decimal(value / 1000)} thousand",
    "million": lambda value: f"{plain_decimal(value / 10**6)}M",
    "times ten": lambda value: rf"{plain_decimal(value * 1000)} \times 10^{{-3}}",
    "raised": lambda value: f"{plain_decimal(value * 100)}·10⁻²",
}
FRACTION = {
    "slash": lambda value: f"{value.numerator}/{value.denominator}",
    "division sign": lambda value: f"{value.numerator} ÷ {value.denominator}",
    "TeX": lambda value: rf"\frac{{{value.numerator}}}{{{value.denominator}}}",
    "Python": lambda value: f"({value.numerator}) / ({value.denominator})",
    "shown": to_text,
    "shown in TeX": to_tex,
}


COMMA = {
    "plain": lambda value: plain_decimal(value).replace(".", ","),
    "points": lambda value: f"{Decimal(value.numerator) / Decimal(value.denominator):,f}".translate(
        {ord(","): ".", ord("."): ","}
    ),
    "apostrophes": lambda value: (
        f"{Decimal(value.numerator) / Decimal(value.denominator):,f}".translate(
            {ord(","): "'", ord("."): ","}
        )
    ),
    "percent": lambda value: f"{plain_decimal(value * 100)} %".replace(".", ","),
}


@pytest.mark.parametrize("notation", WHOLE.values(), ids=WHOLE)
@given(value=whole)
def test_whole_number_round_trips(notation, value):
    assert read_number(notation(value)).value == value


@pytest.mark.parametrize("notation", DECIMAL.values(), ids=DECIMAL)
@given(value=decimals)
def test_decimal_round_trips(notation, value):
    assert read_number(notation(value)).value == value


@pytest.mark.parametrize("notation", COMMA.values(), ids=COMMA)
@given(value=decimals)
def test_decimal_round_trips_in_comma_style(notation, value):
    assert read_number(normalize_number_style(notation(value), "comma")).value == value


@pytest.mark.parametrize("dimension", DIMENSIONS)
@given(data=st.data(), value=decimals)
def test_quantity_round_trips_in_every_unit(dimension, data, value):
    unit, size = data.draw(st.sampled_from(sorted(DIMENSIONS[dimension].items())))
    reading = read_quantity(f"{plain_decimal(value)} {unit}", dimension=dimension)
    assert (reading.value.value, reading.value.unit) == (value * size, unit)
    assert meaning(read_quantity(reading.text, dimension=dimension).value) == meaning(reading.value)


@pytest.mark.parametrize("notation", FRACTION.values(), ids=FRACTION)
@given(value=fractions)
def test_fraction_round_trips(notation, value):
    assert read_number(notation(value)).value == value


@given(value=numbers)
@example(value=Fraction(100))
def test_json_number_and_its_displayed_reading_round_trip(value):
    reading = read_number(value)
    assert reading.value == value
    assert read_number(reading.text).value == value
    percent = read_number(f"({reading.text})%", percent=True)
    assert percent.value == value
    assert read_number(percent.text, percent=True).value == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_float_round_trips_through_shortest_repr(value):
    assert read_number(repr(value)).value == Fraction(repr(value))
    assert load_json(repr(value)) == Fraction(repr(value))


@given(st.integers(-(10**9), 10**9), st.integers(-8, 8))
def test_step_matches_last_given_digit(digits, place):
    text = f"{digits}e{place}"
    assert read_number(text).step == Fraction(10) ** place


times = r" \times "
SHAPES = {
    "crosses": "×".join,
    "spaced": " × ".join,
    "letters": "x".join,
    "capitals": " X ".join,
    "stars": "*".join,
    "words": " by ".join,
    "TeX": lambda sizes: f"$ {times.join(sizes)} $",
    "tuple": lambda sizes: f"({', '.join(sizes)},)",
    "list": lambda sizes: f"[{','.join(sizes)}]",
    "commas": ",".join,
    "torch": lambda sizes: f"torch.Size([{', '.join(sizes)}])",
    "chain": lambda sizes: f"shape = ({', '.join(sizes)})",
    "arithmetic": lambda sizes: " × ".join(f"({size} + 1 - 1)" for size in sizes),
}


@pytest.mark.parametrize("notation", SHAPES.values(), ids=SHAPES)
@given(shape=st.lists(st.integers(1, 99_999), min_size=1, max_size=6).map(tuple))
def test_shape_round_trips(notation, shape):
    assert read_shape(notation([str(size) for size in shape])).value == shape
    assert read_shape(to_text(shape)).value == shape
    assert read_shape(list(shape)).value == shape


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=5).map(tuple))
def test_shape_with_thousands_separators_round_trips_between_crosses(shape):
    assert read_shape(" × ".join(f"{size:,}" for size in shape)).value == shape


def matrices(cells):
    side = st.integers(1, 5)
    return st.tuples(side, side).flatmap(
        lambda shape: st.lists(
            cells, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]
        ).map(lambda flat: Tensor(shape, tuple(flat)))
    )


def rows_of(tensor: Tensor) -> list[list[str]]:
    return [[to_text(cell) for cell in row] for row in to_nested(tensor.shape, tensor.cells)]


def lines(cell: str, row: str, around: str = "{}"):
    def write(tensor: Tensor) -> str:
        return around.format(row.join(cell.join(cells) for cells in rows_of(tensor)))

    return write


def thousandths(tensor: Tensor) -> str:
    return lines(" ", "\n")(tensor.map(lambda cell: Fraction(cell, 1000)))


def european(tensor: Tensor) -> str:
    """Write semicolons between cells, or tabs in a single row.

    Semicolons in a single line would end rows, as in MATLAB.
    """
    return lines(";" if tensor.shape[0] > 1 else "\t", "\n")(tensor)


def in_commas(text: str) -> str:
    return text.replace(".", ",")


MATRICES = {
    "Python": to_text,
    "blanks": lines(" ", "]\n [", "[[{}]]"),
    "tuples": lines(", ", ",), (", "[({},)]"),
    "NumPy call": lines(", ", "],\n [", "np.array([[{}]], dtype=float)"),
    "PyTorch": lines(", ", "],\n        [", "tensor([[{}]], device='cuda:0')"),
    "MATLAB": lines(" ", "; ", "[{}]"),
    "MATLAB commas": lines(", ", ";\n ", "[{};]"),
    "CSV": lines(",", "\n"),
    "tabs": lines("\t", "\n"),
    "columns": lines("  ", "\n"),
    "Markdown": lines(" | ", " |\n| ", "| {} |"),
    "bmatrix": lines(" & ", r" \\ ", r"$$\begin{{bmatrix}} {} \end{{bmatrix}}$$"),
    "pmatrix": lines("&", r"\\", r"X = \begin{{pmatrix}}{}\\\end{{pmatrix}}"),
    "array": lines(" & ", r" \\ ", r"\left[\begin{{array}}{{c}} {} \end{{array}}\right]"),
    "dashes": lambda tensor: (  # a single one could be a minus sign
        lines(" ", "]\n- [", "- [[{}]]")(tensor) if tensor.shape[0] > 1 else to_text(tensor)
    ),
    "blank lines": lines(" ", "]\n\n[", "[[{}]]"),
    "no outer brackets": lines(" ", "]\n[", "[{}]"),
    "missing bracket": lines(", ", "], [", "[[{}]"),
    "shown in TeX": to_tex,
    "braces": lines(", ", "}, {", "{{{{{}}}}}"),
    "round brackets": lambda tensor: (
        lines(" ", ")\n(", "({})")(tensor) if tensor.shape[1] > 1 else to_text(tensor)
    ),
    "angles": lines(", ", "; ", "<{};>"),
    "tall brackets": lines("  ", "⎥\n⎢", "⎢{}⎥"),
    "MATLAB print": lines("   ", "\n   ", "A =\n\n   {}\n\n"),
    "MATLAB factor": lambda tensor: f"A =\n\n   1.0e+03 *\n\n{thousandths(tensor)}\n",
    "NumPy 2 scalars": lines("), np.float64(", ")], [np.float64(", "[[np.float64({})]]"),
    "TensorFlow": lines(", ", "],\n [", "<tf.Tensor: shape=(2, 2), numpy=\narray([[{}]])>"),
    "JAX": lines(", ", "],\n       [", "Array([[{}]], dtype=float32)"),
    "prompt": lines(", ", "],\n [", ">>> y\narray([[{}]])"),
    "R": lambda tensor: "\n".join(
        [" ".join(f"[,{at}]" for at in range(1, tensor.shape[1] + 1))]
        + [f"[{at},] {' '.join(row)}" for at, row in enumerate(rows_of(tensor), start=1)]
    ),
    "Julia": lambda tensor: (
        f"{to_text((9, *tensor.shape))} Matrix{{Float64}}:\n {lines(' ', chr(10))(tensor)}"
    ),
    "Word": lines("&", "@", "[■({})]"),
    "Word LaTeX": lines(" & ", r" \\ ", r"\matrix{{{}}}"),
    "plain TeX": lines("&", r"\cr ", r"\pmatrix{{{}\cr}}"),
    "tabular": lines(" & ", r" \\ \hline ", r"\begin{{tabular}}{{c|c}} {} \end{{tabular}}"),
    "align": lines(
        " & ", r" \\ ", r"\begin{{align*}} A &= \begin{{matrix}} {} \end{{matrix}} \end{{align*}}"
    ),
    "decimal commas": lambda tensor: normalize_number_style(
        in_commas(lines("; ", "]; [", "[[{}]]")(tensor)), "comma"
    ),
    "European CSV": lambda tensor: normalize_number_style(in_commas(european(tensor)), "comma"),
}


@pytest.mark.parametrize("notation", MATRICES.values(), ids=MATRICES)
@given(
    tensor=matrices(st.one_of(st.integers(-999, 999), st.decimals(-9, 9, places=2).map(Fraction)))
)
def test_matrix_round_trips(notation, tensor):
    tensor = Tensor.from_nested(to_nested(tensor.shape, tensor.cells))
    assert read_tensor(notation(tensor), rank=2).value == tensor


@given(matrices(fractions))
@example(Tensor((1, 1), (Fraction(1781244461379106991817782983979, 9),)))
def test_matrix_of_fractions_round_trips(tensor):
    tensor = Tensor.from_nested(to_nested(tensor.shape, tensor.cells))
    assert read_tensor(to_text(tensor), rank=2).value == tensor
    assert read_tensor(to_tex(tensor), rank=2).value == tensor
    assert read_tensor(to_nested(tensor.shape, tensor.cells), rank=2).value == tensor


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4).flatmap(
        lambda shape: st.lists(
            st.one_of(st.integers(-99, 99), st.floats(-9, 9)),
            min_size=int(np.prod(shape)),
            max_size=int(np.prod(shape)),
        ).map(lambda cells: np.array(cells, dtype=float).reshape(shape))
    )
)
def test_numpy_output_round_trips(array):
    tensor = Tensor.from_array(array)
    exact = {"float_kind": lambda cell: repr(float(cell))}
    text = np.array2string(array, formatter=exact, threshold=10**6)
    for typed in (text, f"array({text})", repr(array.tolist())):
        assert read_tensor(typed, rank=array.ndim).value == tensor


@given(matrices(st.integers(-9, 9)))
def test_glued_minus_signs_are_split_into_cells(tensor):
    text = "\n".join(
        " ".join(f"{cell}." for cell in row).replace(" -", "-")
        for row in tensor.to_array().tolist()
    )
    assert read_tensor(text, rank=2).value == tensor


names = st.sampled_from(VARIABLES).map(Name)
literals = st.one_of(
    st.integers(0, 999).map(NumberLiteral),
    st.decimals("0.01", 99, places=2).map(lambda value: NumberLiteral(Fraction(value))),
)


def joined(inner):
    signs = st.sampled_from(("+", "-", "*", "/", "**"))
    calls = st.sampled_from(("floor", "ceil", "sqrt", "abs", "log2"))
    return st.one_of(
        st.builds(BinaryOperation, signs, inner, inner),
        st.builds(Negation, inner),
        st.builds(lambda call, item: Call(call, (item,)), calls, inner),
        st.builds(lambda one, two: Call("max", (one, two)), inner, inner),
    )


trees = st.recursive(st.one_of(names, literals), joined, max_leaves=12)


def numbered(tree):
    """Number the calls from left to right, as the reader does."""
    sites = iter(range(100))

    def visit(node):
        match node:
            case Call(function, arguments):
                site = next(sites)
                return Call(function, tuple(visit(item) for item in arguments), site=site)
            case BinaryOperation(sign, left, right):
                return BinaryOperation(sign, visit(left), visit(right))
            case Negation(operand):
                return Negation(visit(operand))
            case NumberLiteral(value) if value == int(value):
                return NumberLiteral(int(value))
            case _:
                return node

    return visit(tree)


def in_python(text: str) -> str:
    return text.replace("·", "*").replace("^", "**")


def in_typography(text: str) -> str:
    return text.replace("·", " × ").replace("-", MINUS).replace("gamma", "γ")


FORMULAS = {
    "shown": to_text,
    "TeX": to_tex,
    "Python": lambda tree: in_python(to_text(tree)),
    "typography": lambda tree: in_typography(to_text(tree)),
    "dollars": lambda tree: f"$$N = {to_tex(tree)}$$",
    "stars": lambda tree: to_text(tree).replace("·", "*"),
    "no blanks": lambda tree: to_text(tree).replace(" ", "").replace(",", ", "),
}


@pytest.mark.parametrize("notation", FORMULAS.values(), ids=FORMULAS)
@given(tree=trees.map(numbered))
def test_formula_round_trips_to_same_tree(notation, tree):
    assert read_formula(notation(tree), VARIABLES).value == tree


@given(st.lists(trees, min_size=1, max_size=4))
def test_shape_of_formulas_round_trips(axes):
    axes = tuple(numbered(axis) for axis in axes)
    assert read_formula_shape(to_text(axes), VARIABLES).value == axes
    if len(axes) > 1:
        separate = " × ".join(f"({to_text(axis)})" for axis in axes)
        assert read_formula_shape(separate, VARIABLES).value == axes


@given(trees.map(numbered))
def test_formula_without_variables_evaluates_like_arithmetic(tree):
    text = to_text(tree)
    for name in sorted(VARIABLES, key=len, reverse=True):
        text = text.replace(name, "3")
    try:
        value = read_number(text).value
    except AnswerError:
        return
    names = dict.fromkeys(VARIABLES, 3)
    assert evaluate(tree, Scope(names, EXACT_SCOPE.functions)) == value


typed_text = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=30)
)


@settings(max_examples=300)
@example("1e100")
@given(typed_text)
def test_any_text_round_trips_or_is_refused_with_position(typed):
    for reader in READERS.values():
        try:
            reading = reader(typed)
        except AnswerError as refused:
            assert refused.position is None or 0 <= refused.position <= len(typed)  # noqa: PT017
        else:
            assert meaning(reader(reading.text).value) == meaning(reading.value)
    for ask in (find_ambiguous_thousands, is_blank, load_json):
        try:
            ask(typed)
        except AnswerError as refused:
            assert refused.message  # noqa: PT017


json_values = st.recursive(
    st.one_of(typed_text, st.integers(), st.fractions()),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_any_json_is_read_or_refused(typed):
    for reader in (*READERS.values(), *STYLED.values(), is_blank):
        try:
            reader(typed)
        except AnswerError as refused:
            assert refused.message  # noqa: PT017
