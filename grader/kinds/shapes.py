"""Kind whose answer is a shape: `shape`, in numbers or in formulas."""

from collections.abc import Hashable
from dataclasses import replace
from typing import ClassVar, Final, Literal, TypeAlias

from grader.display.text import pluralize, to_text
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import BoundFormula
from grader.expressions.tree import NumberLiteral
from grader.kinds.base import RIGHT, WRONG, AnswerKind, Judgement, SampleAnswers
from grader.kinds.comparison.arrays import judge_cells
from grader.kinds.comparison.formulas import formula_lookup_key, judge_formulas
from grader.kinds.formulas import (
    FormulaPart,
    build_key_formulas,
    formulas_to_mathml,
    is_typable,
)
from grader.lazy_regex import lazy_regex
from grader.reading import (
    NumberStyle,
    RawAnswer,
    Reading,
    find_layout,
    read_formula_shape,
    read_named_axes,
    read_shape,
)
from grader.reading.grammar.vocabulary import has_words
from grader.reading.restatements.pipelines import SHAPE_REWRITERS
from grader.reading.restatements.shapes import drop_product_behind_shape
from grader.reading.restatements.working.final_shapes import refuse_contradicting_axes
from grader.reading.screening.doubts import refuse_alternatives
from grader.reading.shapes import is_plain_shape
from grader.values import Tensor, Value

Layout: TypeAlias = Literal[
    "HW", "HWC", "CHW", "NHWC", "NCHW", "LC", "CL", "NLC", "NCL", "DHWC", "CDHW", "NDHWC", "NCDHW"
]
AXIS_LETTER_PATTERN: Final = lazy_regex(r"[@A-WYZa-wyz]")
"""A letter that may belong to an axis name, or the sign after the number of maps."""
Axes: TypeAlias = tuple[int, ...] | tuple[BoundFormula, ...]


class ShapePart(FormulaPart):
    """A shape; *layout* says in the statement's order what the axes are, such as HWC.

    With `square`, one number or formula n means n×n. With `variables` the axes are formulas.
    """

    kind: Literal["shape"]
    layout: Layout | None = None
    square: bool = False
    credit_by: Literal["axis", "all"] = "all"


class ShapeKind(AnswerKind[ShapePart, Axes]):
    """Kind of an exact shape; graded by axis if the author says so."""

    part: ClassVar[type[ShapePart]] = ShapePart
    hint = "The sizes of the axes in order, separated by × or commas."
    example = "3×32×32"

    refusals = (refuse_alternatives,)
    drops_comments = True
    drops_own_label = True
    rewriters = SHAPE_REWRITERS

    def read(self, typed: RawAnswer, part: ShapePart, scope: Scope) -> Reading[Axes]:
        """Return the axes as numbers, or as formulas if the part has variables."""
        del scope
        if not part.variables:
            product = (
                drop_product_behind_shape(typed, "")
                if isinstance(typed, str) and "=" in typed
                else None
            )
            if product is None:
                return _read_sizes(typed, part)  # type: ignore[return-value]
            sizes = _read_sizes(product.text, part)
            return replace(sizes, notes=(*sizes.notes, *product.notes))  # type: ignore[return-value]
        axes = read_formula_shape(typed, tuple(part.variables))
        if part.square and len(axes.value) == 1:
            axes = replace(axes, value=axes.value * 2, text=to_text(axes.value * 2))
        return Reading(tuple(map(BoundFormula, axes.value)), axes.text, axes.notes)

    def is_plain(self, text: str) -> bool:
        """Return whether *text* consists of sizes alone."""
        return "=" not in text and is_plain_shape(text)

    def _read_text(
        self, text: str, style: NumberStyle | None, part: ShapePart, scope: Scope
    ) -> Reading[Axes]:
        """Return the axes; refuse names in the text that give them other sizes."""
        reading: Reading[Axes] = super()._read_text(text, style, part, scope)
        sizes = tuple(axis for axis in reading.value if isinstance(axis, int))
        if part.layout and sizes and has_words(text):
            refuse_contradicting_axes(text, sizes, part.layout)
        return reading

    def solve(self, part: ShapePart, scope: Scope) -> Value | None:
        """Return a tuple of integers, or of formulas if the part has variables."""
        if part.variables:
            return build_key_formulas(part, scope)
        return _to_shape(super().solve(part, scope))

    def judge(
        self, reading: Reading[Axes], key: Value | None, part: ShapePart, scope: Scope
    ) -> Judgement:
        """Return the credit; another number of axes is a misfit, which costs nothing."""
        del scope
        if not isinstance(key, tuple):
            return WRONG
        if len(reading.value) != len(key):
            return Judgement(
                WRONG.credit,
                form_mismatch=describe_axis_count_mismatch(len(reading.value), len(key), part),
            )
        partial = part.credit_by == "axis"
        if part.variables:
            formulas = [axis for axis in reading.value if isinstance(axis, BoundFormula)]
            return judge_formulas(
                formulas, key, part.comparison_points, noun="axis", partial=partial
            )
        marks = tuple(axis == wanted for axis, wanted in zip(reading.value, key, strict=True))
        if all(marks):
            return RIGHT
        return judge_cells(marks, partial=partial, first_wrong=f"axis {marks.index(False) + 1}")

    def lookup_key(self, value: Axes | Value, part: ShapePart) -> Hashable | None:
        """Return the sizes of the axes, or the values of formulas at the sample points."""
        return (
            formula_lookup_key(value, part.comparison_points)
            if part.variables
            else super().lookup_key(value, part)
        )

    def to_mathml(self, value: Axes, part: ShapePart, scope: Scope) -> str:
        """Return the axes as one MathML element."""
        formulas = tuple(axis for axis in value if isinstance(axis, BoundFormula))
        return formulas_to_mathml(formulas) if formulas else super().to_mathml(value, part, scope)

    def carried_value(self, reading: Reading[Axes]) -> Value | None:
        """Return a shape of numbers, or None for formulas, which later keys cannot use."""
        if all(isinstance(axis, int) for axis in reading.value):
            return super().carried_value(reading)
        return None

    def build_samples(self, part: ShapePart, key: Value | None) -> SampleAnswers:
        """Return the key, one axis changed, and broken text."""
        if not isinstance(key, tuple):
            return SampleAnswers((), (), ("",))
        if any(isinstance(axis, BoundFormula) for axis in key):
            trees = tuple(axis.tree for axis in key if isinstance(axis, BoundFormula))
            if not all(is_typable(tree, part) for tree in trees):
                return SampleAnswers((), (), ("a ×", "undeclared"))
            return SampleAnswers(
                (to_text(trees),),
                (to_text((*trees[:-1], NumberLiteral(987))),),
                ("a ×", "undeclared"),
            )
        text = to_text(key)
        return SampleAnswers(
            (text, f"({text.replace('×', ', ')})"), (f"7{text}",), ("abc", "nan", "1.5×2")
        )


def _to_shape(value: Value | None) -> Value:
    if isinstance(value, Tensor) and len(value.shape) == 1:
        value = value.cells
    if isinstance(value, int):
        value = (value,)
    if isinstance(value, tuple) and value and all(type(axis) is int for axis in value):
        return value
    raise SolverError("the key is not a shape: a tuple of whole numbers")


def describe_axis_count_mismatch(actual: int, expected: int, part: ShapePart) -> str:
    """Return that a shape has another number of axes than the question asks for."""
    layout = f" ({' × '.join(part.layout)})" if part.layout else ""
    return f"The shape has {pluralize(actual, 'dimension')}; it needs {expected}{layout}."


def _read_sizes(typed: RawAnswer, part: ShapePart) -> Reading[tuple[int, ...]]:
    """Return the sizes in the order of the layout, by the names of the axes if there are any."""
    square = 2 if part.square else None
    if part.layout is None or not isinstance(typed, str):
        return read_shape(typed, square=square)
    if not AXIS_LETTER_PATTERN.search(typed.removeprefix("torch.Size")):
        return _drop_batch_axis(read_shape(typed, square=square), part.layout)
    if adjacent := read_named_axes(typed, part.layout):
        return adjacent
    named = find_layout(typed, part.layout)
    if named is None:
        return _drop_batch_axis(read_shape(typed, square=square), part.layout)
    sizes, order, name = named
    reading = read_shape(sizes, square=square)
    if len(reading.value) != len(order):
        return reading
    by_axis = dict(zip(order, reading.value, strict=True))
    axes = tuple(by_axis[axis] for axis in part.layout)
    note = f"The sizes were read in the order {name}."
    return replace(reading, value=axes, text=to_text(axes), notes=(*reading.notes, note))


def _drop_batch_axis(reading: Reading[tuple[int, ...]], layout: str) -> Reading[tuple[int, ...]]:
    """Return the sizes without a leading batch of one, if the layout has no batch."""
    sizes = reading.value
    if "N" in layout or len(sizes) != len(layout) + 1 or sizes[0] != 1:
        return reading
    note = "The batch of 1 in front was ignored."
    return replace(reading, value=sizes[1:], text=to_text(sizes[1:]), notes=(*reading.notes, note))
