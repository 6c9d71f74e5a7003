"""Kind whose answer is a shape: `shape`, in numbers or in formulas."""

import re
from collections.abc import Hashable
from dataclasses import replace
from functools import lru_cache
from typing import ClassVar, Final, Literal, TypeAlias, get_args

from grader.display.text import show
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.expressions.formula_equality import Formula
from grader.expressions.tree import Num
from grader.kinds.base import NOT, RIGHT, Judgement, Kind, Samples, share
from grader.kinds.formulas import (
    FormulaPart,
    can_be_typed,
    draw_formulas,
    formulas_of,
    identity_of,
    judge_each,
)
from grader.reading import (
    Reading,
    Typed,
    read_formulas,
    read_named_axes,
    read_shape,
    refuse_other_layout,
)
from grader.values import Tensor, Value

__all__ = ["ShapeKind", "ShapePart"]

Layout: TypeAlias = Literal[
    "HW", "HWC", "CHW", "NHWC", "NCHW", "LC", "CL", "NLC", "NCL", "DHWC", "CDHW", "NDHWC", "NCDHW"
]
NAMES: Final = {
    "N": "(?:N|batch(?: size)?)",
    "C": "(?:C|channels?)",
    "D": "(?:D|depth)",
    "H": "(?:H|height)",
    "W": "(?:W|width)",
    "L": "(?:L|length)",
}
"""How the axes of a layout are called."""
LETTER: Final = re.compile(r"[@A-WYZa-wyz]")
"""A letter that may belong to the name of an axis, or the sign behind the number of maps."""
Axes: TypeAlias = tuple[int, ...] | tuple[Formula, ...]


class ShapePart(FormulaPart):
    """A shape; *layout* says in the statement's order what the axes are, such as HWC.

    With `square`, one number n means n×n. With `variables` the axes are formulas.
    """

    kind: Literal["shape"]
    layout: Layout | None = None
    square: bool = False
    credit_by: Literal["axis", "all"] = "all"


class ShapeKind(Kind[ShapePart, Axes]):
    """Kind of an exact shape; graded by axis if the author says so."""

    part: ClassVar[type[ShapePart]] = ShapePart
    hint = "The sizes of the axes in order, with × or commas between."
    example = "3×32×32"

    def read(self, typed: Typed, part: ShapePart, scope: Scope) -> Reading[Axes]:
        """Return the axes as numbers, or as formulas if the part has variables."""
        del scope
        if not part.variables:
            return _read_sizes(typed, part)  # type: ignore[return-value]
        axes = read_formulas(typed, tuple(part.variables))
        return Reading(tuple(map(Formula, axes.value)), axes.shown, axes.notes)

    def solve(self, part: ShapePart, scope: Scope) -> Value | None:
        """Return a tuple of integers, or of formulas if the part has variables."""
        if part.variables:
            return formulas_of(part, scope)
        return _as_shape(super().solve(part, scope))

    def judge(
        self, reading: Reading[Axes], key: Value | None, part: ShapePart, scope: Scope
    ) -> Judgement:
        """Return the credit; another number of axes is a misfit, which costs nothing."""
        del scope
        if not isinstance(key, tuple):
            return NOT
        if len(reading.value) != len(key):
            return Judgement(NOT.credit, misfit=_axes(len(reading.value), len(key), part))
        partial = part.credit_by == "axis"
        if part.variables:
            formulas = [axis for axis in reading.value if isinstance(axis, Formula)]
            return judge_each(formulas, key, part, noun="axis", partial=partial)
        marks = tuple(axis == wanted for axis, wanted in zip(reading.value, key, strict=True))
        if all(marks):
            return RIGHT
        return share(marks, partial=partial, place=f"axis {marks.index(False) + 1}")

    def identity(self, value: Axes | Value, part: ShapePart) -> Hashable | None:
        """Return the sizes of the axes, or the values of formulas at the sample points."""
        return identity_of(value, part) if part.variables else super().identity(value, part)

    def draw(self, value: Axes, part: ShapePart, scope: Scope) -> str:
        """Return the axes as one MathML element."""
        formulas = tuple(axis for axis in value if isinstance(axis, Formula))
        return draw_formulas(formulas) if formulas else super().draw(value, part, scope)

    def carried(self, reading: Reading[Axes]) -> Value | None:
        """Return a shape of numbers, or None for formulas, which later keys cannot use."""
        if all(isinstance(axis, int) for axis in reading.value):
            return super().carried(reading)
        return None

    def samples(self, part: ShapePart, key: Value | None) -> Samples:
        """Return the key, one axis changed, and broken text."""
        if not isinstance(key, tuple):
            return Samples((), (), ("",))
        if any(isinstance(axis, Formula) for axis in key):
            trees = tuple(axis.tree for axis in key if isinstance(axis, Formula))
            if not all(can_be_typed(tree, part) for tree in trees):
                return Samples((), (), ("a ×", "undeclared"))
            return Samples((show(trees),), (show((*trees[:-1], Num(987))),), ("a ×", "undeclared"))
        text = show(key)
        return Samples(
            (text, f"({text.replace('×', ', ')})"), (f"7{text}",), ("abc", "nan", "1.5×2")
        )


def _as_shape(value: Value | None) -> Value:
    if isinstance(value, Tensor) and len(value.shape) == 1:
        value = value.cells
    if isinstance(value, int):
        value = (value,)
    if isinstance(value, tuple) and value and all(type(axis) is int for axis in value):
        return value
    raise SolverError("the key is not a shape: a tuple of whole numbers")


def _axes(given: int, asked: int, part: ShapePart) -> str:
    layout = f" ({' × '.join(part.layout)})" if part.layout else ""
    return f"The shape has {given} {'axis' if given == 1 else 'axes'}, asked are {asked}{layout}."


def _read_sizes(typed: Typed, part: ShapePart) -> Reading[tuple[int, ...]]:
    """Return the sizes, in the order of the layout if each has its axis name beside it.

    Axis names after all sizes are dropped if they are in the order asked for, such as
    ``(H×W×C)``; ``(C×H×W)`` would mean another shape and is refused as a second bracket.
    """
    square = 2 if part.square else None
    if part.layout is None or not isinstance(typed, str) or not LETTER.search(typed):
        return read_shape(typed, square=square)
    if beside := read_named_axes(typed, part.layout):
        return beside
    refuse_other_layout(typed, part.layout)
    named = None
    if typed.rstrip(" .$\r\n").endswith(")"):
        named = _names_of(part.layout).search(typed)
    if named is None:
        return read_shape(typed, square=square)
    found = read_shape(typed[: named.start()], square=square)
    return replace(found, notes=(*found.notes, f"'{named[1]}' was ignored."))


@lru_cache(maxsize=len(get_args(Layout)))
def _names_of(layout: str) -> re.Pattern[str]:
    """Return a pattern of the axis names of *layout* in brackets at the end: ``(H, W, C)``."""
    names = r"\s{0,3}(?:[x×*·,]|\\times)\s{0,3}".join(NAMES[axis] for axis in layout)
    return re.compile(rf"(?<=\S)\s{{0,9}}(\({names}\))[\s.$]*\Z", re.IGNORECASE)
