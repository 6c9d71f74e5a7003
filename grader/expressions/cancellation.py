"""Floating-point noise that remains where inexact terms cancel: ``sqrt(2)^2 - 2`` is 0."""

from fractions import Fraction
from typing import Final

from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.tree import BinaryOperation, Negation, Node
from grader.values import Number, absolute_value, is_number

CANCELLATION_NOISE: Final = Fraction(1, 10**13)
"""Largest result of a sum, relative to its largest term, that is noise: some units of a double."""
SUM_SIGNS: Final = frozenset({"+", "-"})


def drop_cancellation_noise(tree: Node, value: Number, scope: Scope) -> Number:
    """Return 0 if *value*, computed from *tree* with inexact functions, is only noise.

    A small result is noise only if the terms of a sum cancel: ``exp(-40)`` stays.
    """
    if not value or absolute_value(value) >= 1:
        return value
    return 0 if absolute_value(value) <= CANCELLATION_NOISE * _largest_term(tree, scope) else value


def _largest_term(tree: Node, scope: Scope) -> Number:
    """Return the largest magnitude of a term of the sum *tree*, 0 if it is no sum."""
    while isinstance(tree, Negation):
        tree = tree.operand
    if not isinstance(tree, BinaryOperation) or tree.operator not in SUM_SIGNS:
        return 0
    largest: Number = 0
    pending: list[Node] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, Negation):
            pending.append(node.operand)
        elif isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
            pending += (node.left, node.right)
        else:
            largest = max(largest, _magnitude_or_zero(node, scope))
    return largest


def _magnitude_or_zero(node: Node, scope: Scope) -> Number:
    try:
        value = evaluate(node, scope)
    except SolverError:
        return 0
    return absolute_value(value) if is_number(value) else 0
