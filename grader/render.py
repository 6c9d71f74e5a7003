"""What was read, and the steps of a worked solution, as plain text and as MathML of one tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain
from typing import Final, assert_never

from grader.mathml import element, math
from grader.show import Showable, show
from grader.steps import Array, Formula, Rows, Said, Step, Window, literal
from grader.tree import Name
from grader.values import Number, Tensor, Value

__all__ = ["Rendered", "render", "render_step"]

MAX_TERMS: Final = 30
EQUALS: Final = "<mo>=</mo>"
PLUS: Final = "<mo>+</mo>"
DOT: Final = "<mo>\N{DOT OPERATOR}</mo>"
CELL: Final = "<mtd>{}</mtd>"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The same thing twice: *text* for a terminal or a mail, *mathml* for a page."""

    text: str
    mathml: str


def render(value: Showable) -> Rendered:
    """Return *value*, what was read or a key, as text and as MathML.

    >>> render((3, 2)).text, render((3, 2)).mathml
    ('3×2', '<math><mrow><mn>3</mn><mo>×</mo><mn>2</mn></mrow></math>')
    """
    return Rendered(show(value), math(element(value)))


def render_step(step: Step) -> Rendered:
    """Return one *step* of a worked solution."""
    match step:
        case Said(text):
            return Rendered(text, math(f"<mtext>{escape(text)}</mtext>"))
        case Formula():
            return _formula(step)
        case Array(name, value):
            text = f"{name} =\n{_grid(value)}"
            return Rendered(text, math(_label(name), EQUALS, element(value)))
        case Window():
            return _window(step)
        case Rows(head, rows):
            cells = [head, *[[_cell(value) for value in row] for row in rows]]
            return Rendered(_aligned(cells), math(_table(head, rows)))
        case _:
            assert_never(step)


def _formula(step: Formula) -> Rendered:
    """Return symbols = numbers = value, each once."""
    sides: list[Showable] = [step.tree]
    if step.numbers != step.tree and (step.value is None or step.numbers != literal(step.value)):
        sides.append(step.numbers)
    if step.value is not None:
        sides.append(step.value)
    texts = dict.fromkeys(map(show, sides))
    marks = dict.fromkeys(map(element, sides))
    return Rendered(" = ".join([step.name, *texts]), math(EQUALS.join([_label(step.name), *marks])))


def _label(name: str) -> str:
    """Return a name as a variable where it looks like one, else as text."""
    plain = name.replace("_", "").isalnum() and name.isascii()
    return element(Name(name)) if plain else f"<mtext>{escape(name)}</mtext>"


def _window(step: Window) -> Rendered:
    """Return one cell as the sum of its products, or their number where there are too many."""
    place = f"({', '.join(str(at + 1) for at in step.place)})"
    pairs = [*zip(step.patch.cells, step.kernel.cells, strict=True)]
    bias = f" {_signed(step.bias)}" if step.bias else ""
    marks = f"{PLUS}{_operand(step.bias)}" if step.bias else ""
    label = f"<mtext>{place}</mtext>"
    if len(pairs) > MAX_TERMS:
        said = f"sum of {len(pairs)} products"
        terms, marked = f"{said}{bias}", f"<mtext>{said}</mtext>{marks}"
    else:
        terms = " + ".join(f"{_factor(one)}·{_factor(two)}" for one, two in pairs) + bias
        products = (f"{_operand(one)}{DOT}{_operand(two)}" for one, two in pairs)
        marked = PLUS.join(products) + marks
    total = show(step.total)
    return Rendered(f"{place}: {terms} = {total}", math(label, marked, EQUALS, element(step.total)))


def _factor(number: Number) -> str:
    text = show(number)
    return f"({text})" if text.startswith("-") else text


def _signed(number: Number) -> str:
    return f"+ {show(number)}" if number >= 0 else f"- {show(-number)}"


def _operand(number: Number) -> str:
    found = element(number)
    return f"<mrow><mo>(</mo>{found}<mo>)</mo></mrow>" if number < 0 else found


def _cell(value: Value) -> str:
    return value if isinstance(value, str) else show(value)


def _table(head: tuple[str, ...], rows: tuple[tuple[Value, ...], ...]) -> str:
    first = "".join(CELL.format(f"<mtext>{escape(name)}</mtext>") for name in head)
    lines = ("".join(CELL.format(element(value)) for value in row) for row in rows)
    return f"<mtable>{''.join(f'<mtr>{line}</mtr>' for line in chain((first,), lines))}</mtable>"


def _grid(tensor: Tensor) -> str:
    """Return a matrix with its columns under each other; of more axes, one matrix after another."""
    if len(tensor.shape) <= 1:
        return _aligned([[show(cell) for cell in tensor.cells]])
    rows = [row for row in tensor.rows() if isinstance(row, Tensor)]
    if len(rows[0].shape) > 1:
        return "\n\n".join(map(_grid, rows))
    return _aligned([[show(cell) for cell in row.cells] for row in rows])


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of text with their columns under each other, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
