"""Rendering of readings and of steps of worked solutions, as plain text and as MathML.

Both come from one tree. A text is at most 96 columns wide, except formulas and sentences, which
the reader of the text wraps. Long decimals and fractions are rounded to six figures; a formula
then has ≈.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from grader.display.abbreviate import brief, brief_number
from grader.display.grids import WIDTH, grid, table
from grader.display.mathml import element, fenced, listed, math, mtable, words
from grader.display.steps import Array, Formula, Pooled, Rows, Said, Step, Window, literal
from grader.display.text import Showable, show
from grader.expressions.tree import Name, Node, Num, rebuilt
from grader.values import Number, Tensor, Value, magnitude

__all__ = ["WIDTH", "Rendered", "render", "render_step"]

MAX_TERMS: Final = 30
EQUALS: Final = "<mo>=</mo>"
ABOUT: Final = "\N{ALMOST EQUAL TO}"
PLUS: Final = "<mo>+</mo>"
DOT: Final = "<mo>\N{DOT OPERATOR}</mo>"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The same content in two formats: *text* for a terminal or a mail, *mathml* for a page."""

    text: str
    mathml: str


def render(value: Showable) -> Rendered:
    """Return *value*, a reading or a key, as text and as MathML.

    >>> render((3, 2)).text, render((3, 2)).mathml
    ('3×2', '<math><mrow><mn>3</mn><mo>×</mo><mn>2</mn></mrow></math>')
    """
    return Rendered(show(value), math(element(value)))


def render_step(step: Step) -> Rendered:
    """Render one *step* of a worked solution."""
    match step:
        case Said(text):
            return Rendered(text, math(words(text)))
        case Formula():
            return _formula(step)
        case Array(name, value):
            return _array(name, value.map(brief_number))
        case Window():
            return _window(step)
        case Pooled():
            return _pooled(step)
        case Rows(head, rows):
            return _rows(head, rows)
        case _:
            assert_never(step)


def _brief_tree(tree: Node) -> Node:
    """Return *tree* with long numbers abbreviated."""
    return rebuilt(
        tree, lambda node: Num(brief_number(node.value)) if isinstance(node, Num) else None
    )


def _formula(step: Formula) -> Rendered:
    """Return symbols = numbers = value; equal sides appear once."""
    spelled = None if step.value is None else literal(step.value)
    sides: list[Showable] = [] if step.tree == spelled else [_brief_tree(step.tree)]
    if step.numbers not in {step.tree, spelled}:
        sides.append(_brief_tree(step.numbers))
    texts, marks = dict.fromkeys(map(show, sides)), dict.fromkeys(map(element, sides))
    text, mathml = " = ".join([step.name, *texts]), EQUALS.join([_label(step.name), *marks])
    if step.value is None:
        return Rendered(text, math(mathml))
    value = brief(step.value)
    exact = value == step.value
    if show(value) in texts:
        return Rendered(text, math(mathml))
    text = f"{text} {'=' if exact else ABOUT}{_beside(value)}"
    return Rendered(text, math(mathml, f"<mo>{'=' if exact else ABOUT}</mo>", element(value)))


def _beside(value: Value) -> str:
    """Return *value* as text after a sign; a matrix starts on the next line."""
    below = isinstance(value, Tensor) and len(value.shape) > 1
    return f"\n{grid(value)}" if isinstance(value, Tensor) and below else f" {show(value)}"


def _label(name: str) -> str:
    """Return a name as a variable if it looks like one, else as text."""
    plain = name.replace("_", "").isalnum() and name.isascii()
    return element(Name(name)) if plain else words(name)


def _array(name: str, value: Tensor) -> Rendered:
    """Return a named array; a short vector stands on the line of its name."""
    line = f"{name} = {show(value)}"
    inline = len(value.shape) <= 1 and len(line) <= WIDTH
    return Rendered(
        line if inline else f"{name} =\n{grid(value)}", math(_label(name), EQUALS, element(value))
    )


def _place(place: tuple[int, ...]) -> str:
    """Return the index of a cell, counted from 1 as people count rows and columns."""
    return f"({', '.join(str(at + 1) for at in place)})"


def _window(step: Window) -> Rendered:
    """Return one cell as the sum of its products, channel by channel if there are several."""
    place = _place(step.place)
    sums = [_products(patch, kernel) for patch, kernel in step.channels]
    bias, marked_bias = (f" {_signed(step.bias)}", f"{PLUS}{_operand(step.bias)}")
    if not step.bias:
        bias = marked_bias = ""
    several = len(sums) > 1
    marks = PLUS.join(fenced(one.mathml) if several else one.mathml for one in sums)
    total = _result(step.total)
    mathml = math(words(place), marks, marked_bias, total.mathml)
    if not several:
        return Rendered(f"{place}: {sums[0].text}{bias}{total.text}", mathml)
    lines = [f"{place}:"]
    for number, (one, own) in enumerate(zip(sums, step.sums, strict=True), start=1):
        lines.append(f"  channel {number}: {one.text}{_result(own).text}")
    added = " + ".join(map(_factor, step.sums))
    lines.append(f"  together: {added}{bias}{total.text}")
    return Rendered("\n".join(lines), mathml)


def _products(patch: Tensor, kernel: Tensor) -> Rendered:
    """Return a sum of products, or only their number if there are too many."""
    pairs = [*zip(patch.cells, kernel.cells, strict=True)]
    if len(pairs) > MAX_TERMS:
        said = f"sum of {len(pairs)} products"
        return Rendered(said, words(said))
    text = " + ".join(f"{_factor(one)}·{_factor(two)}" for one, two in pairs)
    marks = (f"{_operand(one)}{DOT}{_operand(two)}" for one, two in pairs)
    return Rendered(text, PLUS.join(marks))


def _pooled(step: Pooled) -> Rendered:
    """Return one cell of a pooling: the largest of its cells, or their mean."""
    cells = step.patch.cells
    place, marked = _place(step.place), words(_place(step.place))
    total = _result(step.total)
    if len(cells) > MAX_TERMS:
        said = f"{step.mode} of {len(cells)} cells"
        found = Rendered(said, words(said))
    elif step.mode == "max":
        among = listed(cells, opening="(", closing=")")
        found = Rendered(f"max({', '.join(map(show, cells))})", f"<mi>max</mi>{among}")
    else:
        top = " + ".join(map(_factor, cells))
        added = f"<mrow>{PLUS.join(map(_operand, cells))}</mrow>"
        found = Rendered(f"({top})/{step.count}", f"<mfrac>{added}{element(step.count)}</mfrac>")
    text = f"{place}: {found.text}{total.text}"
    return Rendered(text, math(marked, found.mathml, total.mathml))


def _result(total: Number) -> Rendered:
    """Return the value of a cell with = or ≈ before it."""
    value = brief_number(total)
    sign = "=" if value == total else ABOUT
    return Rendered(f" {sign} {show(value)}", f"<mo>{sign}</mo>{element(value)}")


def _factor(number: Number) -> str:
    text = show(brief_number(number))
    return f"({text})" if text.startswith("-") else text


def _signed(number: Number) -> str:
    return f"{'+' if number >= 0 else '-'} {show(brief_number(magnitude(number)))}"


def _operand(number: Number) -> str:
    found = element(brief_number(number))
    return fenced(found) if number < 0 else found


def _rows(head: tuple[str, ...], rows: tuple[tuple[Value, ...], ...]) -> Rendered:
    """Return a table, with long numbers abbreviated."""
    short = [[*map(brief, row)] for row in rows]
    lines = (map(words, head), *(map(element, row) for row in short))
    return Rendered(table(head, short), math(mtable(lines)))
