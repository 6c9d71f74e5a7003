"""Tests of rendering: the MathML of an answer, read back, is the value that is graded."""

import re
from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from factories import BOOK, CALM, ask, original
from hypothesis import given
from hypothesis import strategies as st
from kind_examples import EXAMPLES, PARAMS
from rendered_mathml import read_cells, read_math, read_value

from grader.display.render import Rendering
from grader.display.text import to_text
from grader.errors import AnswerError, SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.kinds import KINDS
from grader.reading import Reading
from grader.reading.units.unit_names import DIMENSIONS
from grader.values import Tensor, simplify_number, to_nested

CORE = {"math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msqrt", "msup", "msub"}
TABLE = {"mtable", "mtr", "mtd"}
POINT = {"H": 7, "K": 3, "S": 4}


def shown(part: dict[str, Any], typed: object) -> tuple[Reading[Any], Rendering]:
    """Return the reading of *typed* as an answer to *part*, and its rendering."""
    variant = original(part, params=PARAMS)
    stated, scope = variant.problem.parts[0], variant.student_scope(BOOK)
    reading = KINDS[stated.kind].read(typed, stated, scope)  # type: ignore[arg-type]
    return reading, KINDS[stated.kind].render(reading, stated, scope)


NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12),
    st.fractions(-1000, 1000, max_denominator=997),
    st.decimals(-(10**6), 10**6, places=4).map(Fraction).map(simplify_number),
    st.integers(1, 99).map(lambda digits: Fraction(digits, 10**12)),
)


@CALM
@given(NUMBERS, st.sampled_from(["{}", "x = {}", "about {}", "({})"]))
def test_number_is_rendered_as_graded(number, notation):
    reading, rendered = shown(ask("number", key=1), notation.format(to_text(number)))
    assert rendered.text == reading.text == to_text(reading.value)
    assert read_value(rendered.mathml) == reading.value == number


@CALM
@given(st.integers(99, 9900).map(lambda digits: Fraction(digits, 99)))
def test_percentage_is_rendered_with_its_sign(number):
    digits = to_text(number)
    typed = digits if "/" in digits else f"{digits} %"
    reading, rendered = shown(ask("percent", key=1), typed)
    assert rendered.text == reading.text
    assert rendered.text.removesuffix("%").strip("()") == to_text(simplify_number(number))
    value, sign = read_math(rendered.mathml)[:-1], read_math(rendered.mathml)[-1]
    assert (evaluate(parse(value).tree, Scope({}, {})), sign) == (number, "%")


@CALM
@given(
    st.sampled_from([*DIMENSIONS["bytes"]]),
    st.integers(1, 10**6).map(lambda digits: Fraction(digits, 999)),
)
def test_quantity_is_rendered_in_typed_unit(unit, number):
    part = ask("quantity", dimension="bytes", unit="MB", key=1)
    reading, rendered = shown(part, f"{to_text(number)} {unit}")
    value, _, drawn_unit = read_math(rendered.mathml).partition("\u00a0")
    assert rendered.text == reading.text == f"{to_text(simplify_number(number))} {drawn_unit}"
    size = DIMENSIONS["bytes"][drawn_unit]
    in_bytes = evaluate(parse(value).tree, Scope({}, {})) * size  # type: ignore[operator]
    assert in_bytes == reading.value.number * 10**6 == number * DIMENSIONS["bytes"][unit]


@CALM
@given(st.lists(st.integers(0, 4096), min_size=1, max_size=5))
def test_shape_is_rendered_axis_by_axis(axes):
    reading, rendered = shown(ask("shape", key="(1, 2)"), axes)
    page = ET.fromstring(rendered.mathml)
    assert [int(one.text or "") for one in page.iter("mn")] == axes == [*reading.value]
    assert "".join(page.itertext()).strip("()") == rendered.text.strip("(,)")


PLAIN = {"vector": "[1]", "matrix": "[[1]]", "tensor": "[[[1]]]"}
SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=4).filter(lambda shape: prod(shape) < 13)


def expected(tensor: Tensor) -> object:
    """Return a tensor as tuples; a one-row matrix becomes its row, since both look alike."""
    rows = [*tensor.rows()]
    if not isinstance(rows[0], Tensor):
        return tensor.cells
    if len(rows) == 1 and len(tensor.shape) == 2:
        return rows[0].cells
    return tuple(expected(row) for row in rows if isinstance(row, Tensor))


@CALM
@given(SHAPES, st.data())
def test_array_is_rendered_cell_by_cell(shape, data):
    count = prod(shape)
    cells = data.draw(st.lists(NUMBERS, min_size=count, max_size=count))
    tensor = Tensor(tuple(shape), tuple(cells))
    kind = {1: "vector", 2: "matrix"}.get(len(shape), "tensor")
    reading, rendered = shown(ask(kind, key=PLAIN[kind]), to_nested(shape, cells))
    assert reading.value == tensor
    assert rendered.text == reading.text == to_text(tensor)
    assert read_value(rendered.mathml) == expected(tensor)


@CALM
@given(st.sets(st.integers(-50, 50) | st.fractions(-3, 3, max_denominator=7), min_size=1))
def test_set_is_rendered_item_by_item(items):
    items = sorted(items)[:64]
    reading, rendered = shown(ask("set", key="(1,)"), ", ".join(map(to_text, items)))
    inside = read_math(rendered.mathml).strip("{}")
    assert evaluate(parse(f"[{inside}]").tree, Scope({}, {})) == tuple(items) == reading.value
    assert rendered.text == reading.text


def test_empty_set_is_rendered_in_braces():
    _, rendered = shown(ask("set", key="()"), "{}")
    assert (rendered.text, read_math(rendered.mathml)) == ("{}", "{}")


FORMULAS = st.recursive(
    st.sampled_from([*POINT]) | st.integers(0, 9).map(str),
    lambda below: (
        st.builds("({}){}({})".format, below, st.sampled_from("+-*/"), below)
        | st.builds("({})^{}".format, below, st.integers(0, 3))
        | st.builds("{}({})".format, st.sampled_from(["floor", "ceil", "-"]), below)
    ),
    max_leaves=8,
)
VARIABLES = {"H": "1..64", "K": "1..9", "S": "1..4"}


def value_of(tree: Any) -> object:
    try:
        return evaluate(tree, Scope(POINT, FUNCTIONS))
    except SolverError:
        return None


FUNCTIONS = original(ask(key=1)).student_scope(BOOK).functions


@CALM
@given(FORMULAS)
def test_formula_is_rendered_with_the_value_used_for_grading(typed):
    try:
        reading, rendered = shown(ask("expression", key="H", variables=VARIABLES), typed)
    except AnswerError:
        return
    assert rendered.text == reading.text == to_text(reading.value.tree)
    page = parse(read_math(rendered.mathml)).tree
    assert value_of(page) == value_of(reading.value.tree) == value_of(parse_typed(typed))


def parse_typed(typed: str) -> Any:
    return parse(typed.replace("^", "**")).tree


def test_formulas_in_list_or_shape_are_rendered_in_brackets():
    both = {"key": "(H, K)", "variables": VARIABLES}
    _, rendered = shown(ask("expression", **both), "H/2, K")
    assert (rendered.text, read_math(rendered.mathml)) == ("(H/2, K)", "(((H)/(2)),K)")
    _, rendered = shown(ask("shape", **both), "H × K")
    assert read_math(rendered.mathml) == "(H,K)"


def test_table_is_rendered_cell_by_cell_with_dash_for_empty_cell():
    columns = {
        "s": {"kind": "shape", "key": "(layer, 2)"},
        "p": {"kind": "percent", "key": "layer"},
        "n": {"kind": "number", "key": "layer"},
    }
    part = ask("table", rows="(1, 2)", columns=columns)
    reading, rendered = shown(part, "3×2 | 50 % | 0.5\n4×4 | | 7")
    assert rendered.text == reading.text == "3×2 | 50% | 0.5\n4×4 | – | 7"
    lines = [line.split(" | ") for line in rendered.text.splitlines()]
    assert read_cells(rendered.mathml) == lines


def test_choice_is_rendered_with_its_text_filled_in():
    options = {"x": "{{C}} < 6", "y": "no", "z": "yes"}
    variant = original(ask("choices", key="('x',)", options=options), params={"C": 5})
    part, scope = variant.problem.parts[0], variant.student_scope(BOOK)
    kind = KINDS["choices"]
    rendered = kind.render(kind.read("z, x", part, scope), part, scope)
    assert rendered.text == "x) 5 < 6\nz) yes"
    assert read_cells(rendered.mathml) == [["x) 5 < 6"], ["z) yes"]]
    one = ask("choice", key="'y'", options={"x": "a & b", "y": "c"})
    _, rendered = shown(one, "x")
    assert (rendered.text, read_cells(rendered.mathml)) == ("x) a & b", [["x) a & b"]])


def samples() -> Iterator[Any]:
    for kind, parts in EXAMPLES.items():
        for at, part in enumerate(parts):
            variant = original(part, params=PARAMS)
            stated = variant.problem.parts[0]
            found = KINDS[kind].build_samples(stated, variant.keys["a"])
            typed = ("Because.",) if kind == "text" else (*found.right, *found.wrong)
            yield pytest.param(part, typed, id=f"{kind}{at}")


@pytest.mark.parametrize(("part", "answers"), [*samples()])
def test_every_kind_is_rendered_as_text_and_plain_mathml(part, answers):
    for typed in answers:
        reading, rendered = shown(part, typed)
        elements = {node.tag for node in ET.fromstring(rendered.mathml).iter()}
        assert elements <= CORE | TABLE
        assert rendered.text == reading.text or part["kind"] in {"choice", "choices"}
        if part["kind"] not in {"choice", "choices", "text", "expression", "shape", "table"}:
            assert set(re.findall(r"\d+", rendered.text)) == digits(rendered.mathml)


def digits(mathml: str) -> set[str]:
    """Return the runs of digits in the text of *mathml*."""
    return set(re.findall(r"\d+", " ".join(ET.fromstring(mathml).itertext())))
