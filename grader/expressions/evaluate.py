"""Evaluation of expression trees; every intermediate value is bounded.

A value that cannot be computed (a division by zero, an unknown name, a number beyond 4,096 bits, a
solver that fails) raises `SolverError`; the caller decides who is responsible.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grader.errors import SolverError
from grader.expressions.arithmetic import MAX_BITS, Function, apply_operator
from grader.expressions.size_limits import WorkBudget, enforce_size_limits
from grader.expressions.tree import (
    BinaryOperation,
    BooleanOperation,
    Call,
    Comparison,
    Conditional,
    FieldAccess,
    ItemAccess,
    LogicalNot,
    Name,
    Negation,
    Node,
    NumberLiteral,
    SliceAccess,
    SliceRange,
    TextLiteral,
    TupleLiteral,
)
from grader.values import Number, OpaqueValue, Tensor, Value, is_number


@dataclass(frozen=True, slots=True)
class Scope:
    """Names of a tree: values by name, functions by name, and functions that replace a site.

    *results* caches the results of calls by the identity of their node, for trees that share nodes
    and outlive the scope; None caches nothing.
    """

    names: Mapping[str, Value]
    functions: Mapping[str, Function]
    swaps: Mapping[int, Function] = field(default_factory=dict)
    results: dict[int, Value] | None = None


def evaluate(node: Node, scope: Scope) -> Value:
    """Return the value of *node* in *scope*, or raise `SolverError`."""
    return _evaluate_node(node, scope, WorkBudget())


def _evaluate_node(node: Node, scope: Scope, work: WorkBudget) -> Value:
    return EVALUATORS[type(node)](node, scope, work)


def _evaluate_negation(node: Negation, scope: Scope, work: WorkBudget) -> Value:
    return _apply_operator_to_values("*", -1, _evaluate_node(node.operand, scope, work), work)


def _evaluate_operation(node: BinaryOperation, scope: Scope, work: WorkBudget) -> Value:
    left, right = _evaluate_node(node.left, scope, work), _evaluate_node(node.right, scope, work)
    return _apply_operator_to_values(node.operator, left, right, work)


def _evaluate_sequence(node: TupleLiteral, scope: Scope, work: WorkBudget) -> Value:
    sequence = enforce_size_limits(
        tuple([_evaluate_node(item, scope, work) for item in node.items])
    )
    work.spend(sequence)
    return sequence


def _evaluate_conditional(node: Conditional, scope: Scope, work: WorkBudget) -> Value:
    holds = require_boolean(_evaluate_node(node.test, scope, work))
    return _evaluate_node(node.then if holds else node.otherwise, scope, work)


def _evaluate_boolean(node: BooleanOperation, scope: Scope, work: WorkBudget) -> Value:
    join = all if node.operator == "and" else any
    return join(require_boolean(_evaluate_node(item, scope, work)) for item in node.items)


def require_boolean(value: Value) -> bool:
    """Return *value* if it is a Boolean, else raise `SolverError`."""
    if isinstance(value, bool):
        return value
    raise SolverError(
        "a condition gave a value that is neither true nor false; compare it, as in W % 2 == 1"
    )


def _look_up_name(node: Name, scope: Scope, work: WorkBudget) -> Value:
    del work
    try:
        return scope.names[node.name]
    except KeyError as error:
        raise SolverError(f"{node.name!r} has no value here") from error


def _call_function(node: Call, scope: Scope, work: WorkBudget) -> Value:
    results = scope.results
    if results is not None and id(node) in results:
        return results[id(node)]
    function = scope.swaps.get(node.site) or scope.functions.get(node.function)
    if function is None:
        raise SolverError(f"there is no function {node.function!r}")
    arguments = [_evaluate_node(argument, scope, work) for argument in node.arguments]
    keywords = {word: _evaluate_node(value, scope, work) for word, value in node.keywords}
    for value in (*arguments, *keywords.values()):
        work.spend(value)
    try:
        result = enforce_size_limits(function(*arguments, **keywords))
    except SolverError:
        raise
    except Exception as error:  # a failing solver costs no student anything
        raise SolverError(f"{node.function} could not compute: {error}") from error
    work.spend(result)
    if results is not None:
        results[id(node)] = result
    return result


def _get_item(node: ItemAccess, scope: Scope, work: WorkBudget) -> Value:
    value, index = _evaluate_node(node.value, scope, work), node.index
    if isinstance(value, (tuple, Tensor)):
        try:
            return value[index]
        except IndexError as error:
            raise SolverError(f"there is no item {index}") from error
    raise SolverError("only a tuple or a tensor has items")


def _get_slice(node: SliceAccess, scope: Scope, work: WorkBudget) -> Value:
    """Return the items of a tuple, or the part of a tensor, that the ranges select."""
    value = _evaluate_node(node.value, scope, work)
    work.spend(value)
    selectors = tuple(
        bounds.to_slice() if isinstance(bounds, SliceRange) else bounds for bounds in node.ranges
    )
    try:
        if isinstance(value, Tensor):
            return value.select(selectors)
        if isinstance(value, tuple) and len(selectors) == 1:
            return _require_nonempty_items(value[selectors[0]])
    except IndexError as error:
        raise SolverError(f"the slice does not fit: {error}") from error
    raise SolverError("only a tuple or a tensor has slices, and a tuple has one axis")


def _require_nonempty_items(items: Value) -> Value:
    if items == ():
        raise IndexError("it has no items")
    return items


def _get_field(node: FieldAccess, scope: Scope, work: WorkBudget) -> Value:
    value, name = _evaluate_node(node.value, scope, work), node.name
    if isinstance(value, OpaqueValue):
        try:
            return value.get_field(name)
        except KeyError as error:
            raise SolverError(f"there is no field {name!r}") from error
    raise SolverError(f"only a record has fields such as {name!r}")


CELL_BY_CELL: Final = frozenset({"+", "-", "*", "/", "**"})
"""Operations that also work cell by cell on tensors."""
INTEGER_OPERATIONS: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
}
"""Operations that give an integer for every two integers: most of the steps of keys."""
ORDER: Final[dict[str, Callable[[Number, Number], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _evaluate_comparison(node: Comparison, scope: Scope, work: WorkBudget) -> bool:
    left = _evaluate_node(node.first, scope, work)
    for symbol, operand in node.rest:
        right = _evaluate_node(operand, scope, work)
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


def _apply_operator_to_values(symbol: str, left: Value, right: Value, work: WorkBudget) -> Value:
    """Return the result of one operation on numbers, or cell by cell if an operand is a tensor."""
    if type(left) is int and type(right) is int and symbol in INTEGER_OPERATIONS:
        number = INTEGER_OPERATIONS[symbol](left, right)
        return number if number.bit_length() <= MAX_BITS else enforce_size_limits(number)
    if is_number(left) and is_number(right):
        return enforce_size_limits(apply_operator(symbol, left, right))
    work.spend(left)
    work.spend(right)
    if symbol in CELL_BY_CELL:
        if isinstance(left, Tensor) and isinstance(right, Tensor):
            if left.shape != right.shape:
                raise SolverError(f"{symbol} of tensors of shapes {left.shape} and {right.shape}")
            pairs = zip(left.cells, right.cells, strict=True)
            return enforce_size_limits(
                Tensor(left.shape, tuple(apply_operator(symbol, pair, two) for pair, two in pairs))
            )
        if isinstance(left, Tensor) and is_number(right):
            return enforce_size_limits(left.map(lambda cell: apply_operator(symbol, cell, right)))
        if isinstance(right, Tensor) and is_number(left):
            return enforce_size_limits(right.map(lambda cell: apply_operator(symbol, left, cell)))
    if symbol == "+" and isinstance(left, tuple) and isinstance(right, tuple):
        return enforce_size_limits(left + right)
    flat = isinstance(left, tuple) or isinstance(right, tuple)
    hint = "; a flat list is a tuple, and only + joins two of them" if flat else ""
    raise SolverError(f"{symbol} does not take these values{hint}")


EVALUATORS: Final[dict[type, Callable[[Any, Scope, WorkBudget], Value]]] = {
    NumberLiteral: lambda node, _scope, _work: node.value,
    TextLiteral: lambda node, _scope, _work: node.value,
    Name: _look_up_name,
    Negation: _evaluate_negation,
    BinaryOperation: _evaluate_operation,
    Call: _call_function,
    TupleLiteral: _evaluate_sequence,
    ItemAccess: _get_item,
    SliceAccess: _get_slice,
    FieldAccess: _get_field,
    Conditional: _evaluate_conditional,
    Comparison: _evaluate_comparison,
    LogicalNot: lambda node, scope, work: (
        not require_boolean(_evaluate_node(node.operand, scope, work))
    ),
    BooleanOperation: _evaluate_boolean,
}
"""The evaluator of each type of node."""
