"""Terms of a sum in an expression tree, with their signs."""

from collections.abc import Iterator
from typing import Final

from grader.expressions.tree import BinaryOperation, Negation, Node, NumberLiteral, get_children

SUM_SIGNS: Final = frozenset({"+", "-"})
WHOLES: Final = (NumberLiteral(1), NumberLiteral(100))
"""Wholes of which a share is taken."""


def split_terms(node: Node, *, sign: int = 1) -> Iterator[tuple[int, Node]]:
    """Yield the terms of a sum with their signs."""
    if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
        yield from split_terms(node.left, sign=sign)
        yield from split_terms(node.right, sign=sign if node.operator == "+" else -sign)
    else:
        yield sign, node


def iterate_nested_sums(node: Node) -> Iterator[Node]:
    """Yield *node* and the sums that are terms of it."""
    if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
        yield node
        for child in get_children(node):
            yield from iterate_nested_sums(child)


def join_terms(terms: list[tuple[int, Node]]) -> Node:
    """Return the sum of *terms*, of which there is at least one."""
    (sign, joined), *others = terms
    if sign < 0:
        joined = Negation(joined)
    for sign, term in others:
        joined = BinaryOperation("+" if sign > 0 else "-", joined, term)
    return joined
