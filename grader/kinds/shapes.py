"""The kind whose answer is a shape: `shape`, in numbers or in formulas."""

from typing import ClassVar, Literal, TypeAlias

from grader.errors import SolverError
from grader.evaluate import Scope
from grader.kinds.base import NOT, RIGHT, Judgement, Kind, Samples, share
from grader.kinds.formulas import FormulaPart, can_be_typed, counter_example, formula_of
from grader.reading import Reading, Typed, read_formulas, read_shape
from grader.show import show
from grader.symbolic import Formula, compare
from grader.tree import Node, Num, Sequence
from grader.values import Tensor, Value

__all__ = ["ShapeKind", "ShapePart"]

Axes: TypeAlias = tuple[int, ...] | tuple[Node, ...]


class ShapePart(FormulaPart):
    """A shape; *layout* says in the statement's order what the axes are, such as HWC.

    With `square`, one number n means n×n. With `variables` the axes are formulas.
    """

    kind: Literal["shape"]
    layout: Literal["HW", "HWC", "CHW", "NHWC", "NCHW"] | None = None
    square: bool = False
    credit_by: Literal["axis", "all"] = "all"


class ShapeKind(Kind[ShapePart, Axes]):
    """A shape, exact; by axis if the author says so."""

    part: ClassVar[type[ShapePart]] = ShapePart

    def read(self, typed: Typed, part: ShapePart, scope: Scope) -> Reading[Axes]:
        """Return the axes as numbers, or as formulas where the part has variables."""
        del scope
        if part.variables:
            return read_formulas(typed, tuple(part.variables))  # type: ignore[return-value]
        return read_shape(typed, square=2 if part.square else None)  # type: ignore[return-value]

    def solve(self, part: ShapePart, scope: Scope) -> Value | None:
        """Return a tuple of integers, or of formulas where the part has variables."""
        if part.variables:
            formula = formula_of(part, scope)
            if not isinstance(formula.tree, Sequence):
                raise SolverError("the key of a shape with variables is a tuple of formulas")
            return tuple(Formula(axis, formula.scope) for axis in formula.tree.items)
        return _as_shape(super().solve(part, scope))

    def judge(
        self, reading: Reading[Axes], key: Value | None, part: ShapePart, scope: Scope
    ) -> Judgement:
        """Return the credit; another number of axes is a misfit that costs nothing."""
        del scope
        if not isinstance(key, tuple):
            return NOT
        if len(reading.value) != len(key):
            return Judgement(NOT.credit, misfit=_axes(len(reading.value), len(key), part))
        marks: list[bool] = []
        remark = ""
        for axis, wanted in zip(reading.value, key, strict=True):
            right, differs = _axis(axis, wanted, part)
            marks.append(right)
            remark = remark or differs
        if all(marks):
            return RIGHT
        judged = share(tuple(marks), partial=part.credit_by == "axis")
        return Judgement(judged.credit, remark=remark, cells=judged.cells)

    def carried(self, reading: Reading[Axes]) -> Value | None:
        """Return a shape of numbers; formulas are not carried."""
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


def _axis(axis: int | Node, wanted: Value, part: ShapePart) -> tuple[bool, str]:
    if isinstance(axis, int):
        return axis == wanted, ""
    if not isinstance(wanted, Formula):
        return False, ""
    differs = compare(axis, wanted, part.sample)
    return differs is None, "" if differs is None else counter_example(axis, differs)


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
