"""Evaluation of expression trees; every intermediate value is bounded.

A value that cannot be computed (a division by zero, an unknown name, a number beyond 4,096 bits, a
solver that fails) raises `SolverError`; the caller decides who is responsible.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.expressions.arithmetic import MAX_BITS, Function, arithmetic
from grader.expressions.tree import (
    Binary,
    Call,
    Choose,
    Compare,
    Field,
    Item,
    Logic,
    Name,
    Negate,
    Node,
    Not,
    Num,
    Sequence,
    Text,
)
from grader.values import MAX_CELLS, Number, Opaque, Tensor, Value, is_number, simplest

__all__ = ["MAX_ITEMS", "Scope", "bounded", "evaluate", "truth"]

MAX_ITEMS: Final = 65_536
MAX_WORK: Final = MAX_CELLS
"""The most cells in all steps of one expression; those of the bank have a few hundred."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Names of a tree: values by name, functions by name, and functions that replace a site."""

    names: Mapping[str, Value]
    functions: Mapping[str, Function]
    swaps: Mapping[int, Function] = field(default_factory=dict)


class Work:
    """Counter of the cells that all steps of one expression take and return.

    Each step on a tensor has a limit of its own; this one limits an expression of many steps.
    """

    __slots__ = ("cells",)

    def __init__(self) -> None:
        self.cells = 0

    def spend(self, *values: Value) -> None:
        """Count the cells of *values*; raise `SolverError` if the total is too large."""
        self.cells += sum(map(_cells, values))
        if self.cells > MAX_WORK:
            raise SolverError(
                f"the expression works on more than {MAX_WORK:,} cells of tensors and tuples in "
                "all; use smaller ones, or fewer steps"
            )


def evaluate(node: Node, scope: Scope) -> Value:
    """Return the value of *node* in *scope*, or raise `SolverError`."""
    return _value(node, scope, Work())


def _value(node: Node, scope: Scope, work: Work) -> Value:
    match node:
        case Num(value):
            return value
        case Text(text):
            return text
        case Name(name):
            return _lookup(name, scope)
        case Negate(operand):
            return _apply("*", -1, _value(operand, scope, work), work)
        case Binary(symbol, left, right):
            return _apply(symbol, _value(left, scope, work), _value(right, scope, work), work)
        case Call():
            return _call(node, scope, work)
        case Sequence(items):
            found = bounded(tuple(_value(item, scope, work) for item in items))
            work.spend(found)
            return found
        case Item(value, index):
            return _item(_value(value, scope, work), index)
        case Field(value, name):
            return _field(_value(value, scope, work), name)
        case Choose(test, then, otherwise):
            holds = truth(_value(test, scope, work))
            return _value(then if holds else otherwise, scope, work)
        case Compare(first, rest):
            return _compare(first, rest, scope, work)
        case Not(operand):
            return not truth(_value(operand, scope, work))
        case Logic(word, items):
            join = all if word == "and" else any
            return join(truth(_value(item, scope, work)) for item in items)


def truth(value: Value) -> bool:
    """Return *value* if it is a Boolean, else raise `SolverError`."""
    if isinstance(value, bool):
        return value
    raise SolverError(
        "a condition gave a value that is neither true nor false; compare it, as in W % 2 == 1"
    )


def bounded(value: Value) -> Value:
    """Return *value*, or raise `SolverError` if it has too many bits, cells or items."""
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise SolverError(f"a number has more than {MAX_BITS} bits")
    elif isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
            raise SolverError(f"a fraction has more than {MAX_BITS} bits")
        return simplest(value)
    elif isinstance(value, Tensor):
        if len(value.cells) > MAX_CELLS:
            raise SolverError(f"a tensor has more than {MAX_CELLS} cells")
        for cell in value.cells:
            bounded(cell)
    elif isinstance(value, tuple):
        _bound_items(value)
    return value


def _bound_items(value: tuple[Value, ...]) -> None:
    """Raise `SolverError` if a tuple with its contents is too large."""
    items = cells = 0
    waiting: list[Value] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, tuple):
            items += len(item)
            waiting += item if items <= MAX_ITEMS else ()
        elif isinstance(item, Tensor):
            cells += len(item.cells)
        if items > MAX_ITEMS or cells > MAX_CELLS:
            raise SolverError("a tuple has too many items")
        if not isinstance(item, tuple):
            bounded(item)


def _cells(value: Value) -> int:
    """Return the number of cells or items of a value; 0 for a number."""
    if isinstance(value, Tensor):
        return len(value.cells)
    if isinstance(value, tuple):
        return len(value) + sum(_cells(item) for item in value if isinstance(item, (tuple, Tensor)))
    return 0


def _lookup(name: str, scope: Scope) -> Value:
    try:
        return scope.names[name]
    except KeyError as error:
        raise SolverError(f"{name!r} has no value here") from error


def _call(node: Call, scope: Scope, work: Work) -> Value:
    function = scope.swaps.get(node.site) or scope.functions.get(node.function)
    if function is None:
        raise SolverError(f"there is no function {node.function!r}")
    arguments = [_value(argument, scope, work) for argument in node.arguments]
    keywords = {word: _value(value, scope, work) for word, value in node.keywords}
    work.spend(*arguments, *keywords.values())
    try:
        found = bounded(function(*arguments, **keywords))
    except SolverError:
        raise
    except Exception as error:  # a failing solver costs no student anything
        raise SolverError(f"{node.function} could not compute: {error}") from error
    work.spend(found)
    return found


def _item(value: Value, index: int) -> Value:
    if isinstance(value, (tuple, Tensor)):
        try:
            return value[index]
        except IndexError as error:
            raise SolverError(f"there is no item {index}") from error
    raise SolverError("only a tuple or a tensor has items")


def _field(value: Value, name: str) -> Value:
    if isinstance(value, Opaque):
        try:
            return value.field(name)
        except KeyError as error:
            raise SolverError(f"there is no field {name!r}") from error
    raise SolverError(f"only a record has fields such as {name!r}")


CELL_BY_CELL: Final = frozenset({"+", "-", "*", "/", "**"})
"""The operations that also work on tensors."""
ORDER: Final[dict[str, Callable[[Number, Number], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(first: Node, rest: tuple[tuple[str, Node], ...], scope: Scope, work: Work) -> bool:
    left = _value(first, scope, work)
    for symbol, node in rest:
        right = _value(node, scope, work)
        if symbol in {"==", "!="}:
            holds = (left == right) == (symbol == "==")
        elif is_number(left) and is_number(right):
            holds = ORDER[symbol](left, right)
        else:
            raise SolverError(f"{symbol} compares numbers only")
        if not holds:
            return False
        left = right
    return True


def _apply(symbol: str, left: Value, right: Value, work: Work) -> Value:
    """Return the result of one operation on numbers, or cell by cell if an operand is a tensor."""
    if is_number(left) and is_number(right):
        return bounded(arithmetic(symbol, left, right))
    work.spend(left, right)
    if symbol in CELL_BY_CELL:
        if isinstance(left, Tensor) and isinstance(right, Tensor):
            if left.shape != right.shape:
                raise SolverError(f"{symbol} of tensors of shapes {left.shape} and {right.shape}")
            pairs = zip(left.cells, right.cells, strict=True)
            return bounded(
                Tensor(left.shape, tuple(arithmetic(symbol, one, two) for one, two in pairs))
            )
        if isinstance(left, Tensor) and is_number(right):
            return bounded(left.map(lambda cell: arithmetic(symbol, cell, right)))
        if isinstance(right, Tensor) and is_number(left):
            return bounded(right.map(lambda cell: arithmetic(symbol, left, cell)))
    if symbol == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        return bounded(left + right)
    flat = isinstance(left, tuple) or isinstance(right, tuple)
    hint = "; a flat list is a tuple, and only + joins two of them" if flat else ""
    raise SolverError(f"{symbol} does not take these values{hint}")
