"""Rendering of readings and of steps of worked solutions, as plain text and as MathML.

Both come from one tree. A text is at most 96 columns wide, except formulas and sentences, which
the reader of the text wraps. Long decimals and fractions are rounded to six figures; a formula
then has ≈.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from grader.display.abbreviate import abbreviate_number, abbreviate_value
from grader.display.grids import MAX_TEXT_WIDTH, format_matrix, format_table
from grader.display.mathml import (
    fenced_element,
    list_element,
    math_element,
    table_element,
    text_element,
    to_mathml,
)
from grader.display.steps import (
    Array,
    Formula,
    PooledWindow,
    Rows,
    SolutionStep,
    TextStep,
    Window,
    to_literal,
)
from grader.display.text import Displayable, to_text
from grader.expressions.tree import Name, Node, NumberLiteral, replace_nodes
from grader.values import Number, Tensor, Value, absolute_value

__all__ = ["MAX_TEXT_WIDTH", "Rendering", "render_step", "render_value"]

MAX_TERMS: Final = 30
EQUALS: Final = "<mo>=</mo>"
ALMOST_EQUAL: Final = "\N{ALMOST EQUAL TO}"
PLUS: Final = "<mo>+</mo>"
DOT: Final = "<mo>\N{DOT OPERATOR}</mo>"


@dataclass(frozen=True, slots=True)
class Rendering:
    """The same content in two formats: *text* for a terminal or a mail, *mathml* for a page."""

    text: str
    mathml: str


def render_value(value: Displayable) -> Rendering:
    """Return *value*, a reading or a key, as text and as MathML.

    >>> render_value((3, 2)).text, render_value((3, 2)).mathml
    ('3×2', '<math><mrow><mn>3</mn><mo>×</mo><mn>2</mn></mrow></math>')
    """
    return Rendering(to_text(value), math_element(to_mathml(value)))


def render_step(step: SolutionStep) -> Rendering:
    """Render one *step* of a worked solution."""
    match step:
        case TextStep(text):
            return Rendering(text, math_element(text_element(text)))
        case Formula():
            return _render_formula(step)
        case Array(name, value):
            return _render_array(name, value.map(abbreviate_number))
        case Window():
            return _render_window(step)
        case PooledWindow():
            return _render_pooled_window(step)
        case Rows(head, rows):
            return _render_rows(head, rows)
        case _:
            assert_never(step)


def _abbreviate_tree_numbers(tree: Node) -> Node:
    """Return *tree* with long numbers abbreviated."""
    return replace_nodes(
        tree,
        lambda node: (
            NumberLiteral(abbreviate_number(node.value))
            if isinstance(node, NumberLiteral)
            else None
        ),
    )


def _render_formula(step: Formula) -> Rendering:
    """Return symbols = numbers = value; equal sides appear once."""
    literal_node = None if step.value is None else to_literal(step.value)
    sides: list[Displayable] = (
        [] if step.tree == literal_node else [_abbreviate_tree_numbers(step.tree)]
    )
    if step.numbers not in {step.tree, literal_node}:
        sides.append(_abbreviate_tree_numbers(step.numbers))
    texts, marks = dict.fromkeys(map(to_text, sides)), dict.fromkeys(map(to_mathml, sides))
    text, mathml = " = ".join([step.name, *texts]), EQUALS.join([_label_element(step.name), *marks])
    if step.value is None:
        return Rendering(text, math_element(mathml))
    value = abbreviate_value(step.value)
    exact = value == step.value
    if to_text(value) in texts:
        return Rendering(text, math_element(mathml))
    text = f"{text} {'=' if exact else ALMOST_EQUAL}{_format_after_equals_sign(value)}"
    return Rendering(
        text, math_element(mathml, f"<mo>{'=' if exact else ALMOST_EQUAL}</mo>", to_mathml(value))
    )


def _format_after_equals_sign(value: Value) -> str:
    """Return *value* as text after a sign; a matrix starts on the next line."""
    below = isinstance(value, Tensor) and len(value.shape) > 1
    return (
        f"\n{format_matrix(value)}" if isinstance(value, Tensor) and below else f" {to_text(value)}"
    )


def _label_element(name: str) -> str:
    """Return a name as a variable if it looks like one, else as text."""
    plain = name.replace("_", "").isalnum() and name.isascii()
    return to_mathml(Name(name)) if plain else text_element(name)


def _render_array(name: str, value: Tensor) -> Rendering:
    """Return a named array; a short vector stands on the line of its name."""
    line = f"{name} = {to_text(value)}"
    inline = len(value.shape) <= 1 and len(line) <= MAX_TEXT_WIDTH
    return Rendering(
        line if inline else f"{name} =\n{format_matrix(value)}",
        math_element(_label_element(name), EQUALS, to_mathml(value)),
    )


def _format_index(index: tuple[int, ...]) -> str:
    """Return the index of a cell, counted from 1 as people count rows and columns."""
    return f"({', '.join(str(at + 1) for at in index)})"


def _render_window(step: Window) -> Rendering:
    """Return one cell as the sum of its products, channel by channel if there are several."""
    position = _format_index(step.place)
    sums = [_render_products(patch, kernel) for patch, kernel in step.channels]
    bias, marked_bias = (f" {_format_signed(step.bias)}", f"{PLUS}{_operand_element(step.bias)}")
    if not step.bias:
        bias = marked_bias = ""
    several = len(sums) > 1
    marks = PLUS.join(fenced_element(one.mathml) if several else one.mathml for one in sums)
    total = _render_equals_total(step.total)
    mathml = math_element(text_element(position), marks, marked_bias, total.mathml)
    if not several:
        return Rendering(f"{position}: {sums[0].text}{bias}{total.text}", mathml)
    lines = [f"{position}:"]
    for number, (products, channel_sum) in enumerate(
        zip(sums, step.channel_sums, strict=True), start=1
    ):
        lines.append(f"  channel {number}: {products.text}{_render_equals_total(channel_sum).text}")
    added = " + ".join(map(_format_factor, step.channel_sums))
    lines.append(f"  together: {added}{bias}{total.text}")
    return Rendering("\n".join(lines), mathml)


def _render_products(patch: Tensor, kernel: Tensor) -> Rendering:
    """Return a sum of products, or only their number if there are too many."""
    pairs = [*zip(patch.cells, kernel.cells, strict=True)]
    if len(pairs) > MAX_TERMS:
        summary = f"sum of {len(pairs)} products"
        return Rendering(summary, text_element(summary))
    text = " + ".join(f"{_format_factor(pair)}·{_format_factor(two)}" for pair, two in pairs)
    marks = (f"{_operand_element(pair)}{DOT}{_operand_element(two)}" for pair, two in pairs)
    return Rendering(text, PLUS.join(marks))


def _render_pooled_window(step: PooledWindow) -> Rendering:
    """Return one cell of a pooling: the largest of its cells, or their mean."""
    cells = step.patch.cells
    position, marked = _format_index(step.place), text_element(_format_index(step.place))
    total = _render_equals_total(step.total)
    if len(cells) > MAX_TERMS:
        summary = f"{step.mode} of {len(cells)} cells"
        rendering = Rendering(summary, text_element(summary))
    elif step.mode == "max":
        among = list_element(cells, opening="(", closing=")")
        rendering = Rendering(f"max({', '.join(map(to_text, cells))})", f"<mi>max</mi>{among}")
    else:
        top = " + ".join(map(_format_factor, cells))
        added = f"<mrow>{PLUS.join(map(_operand_element, cells))}</mrow>"
        rendering = Rendering(
            f"({top})/{step.count}", f"<mfrac>{added}{to_mathml(step.count)}</mfrac>"
        )
    text = f"{position}: {rendering.text}{total.text}"
    return Rendering(text, math_element(marked, rendering.mathml, total.mathml))


def _render_equals_total(total: Number) -> Rendering:
    """Return the value of a cell with = or ≈ before it."""
    value = abbreviate_number(total)
    sign = "=" if value == total else ALMOST_EQUAL
    return Rendering(f" {sign} {to_text(value)}", f"<mo>{sign}</mo>{to_mathml(value)}")


def _format_factor(number: Number) -> str:
    text = to_text(abbreviate_number(number))
    return f"({text})" if text.startswith("-") else text


def _format_signed(number: Number) -> str:
    return f"{'+' if number >= 0 else '-'} {to_text(abbreviate_number(absolute_value(number)))}"


def _operand_element(number: Number) -> str:
    markup = to_mathml(abbreviate_number(number))
    return fenced_element(markup) if number < 0 else markup


def _render_rows(head: tuple[str, ...], rows: tuple[tuple[Value, ...], ...]) -> Rendering:
    """Return a table, with long numbers abbreviated."""
    short = [[*map(abbreviate_value, row)] for row in rows]
    lines = (map(text_element, head), *(map(to_mathml, row) for row in short))
    return Rendering(format_table(head, short), math_element(table_element(lines)))
