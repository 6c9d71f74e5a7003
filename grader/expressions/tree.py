"""Abstract syntax tree of expressions and formulas, for authors and students alike.

One set of nodes serves keys, conditions and typed formulas, so that a formula is displayed, graded
and computed from the same tree.
"""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from grader.values import Number


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """An exact number."""

    value: Number


@dataclass(frozen=True, slots=True)
class TextLiteral:
    """A string; only solvers take them, as arguments."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, an earlier part, or a variable of a formula."""

    name: str


@dataclass(frozen=True, slots=True)
class Negation:
    """Unary minus."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class LogicalNot:
    """Logical negation."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class BinaryOperation:
    """Binary operation with one of ``+ - * / // % **``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain of comparisons, each with one of ``== != < <= > >=``."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class BooleanOperation:
    """Items joined by ``and`` or ``or``."""

    operator: str
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """Conditional: ``then if test else otherwise``."""

    test: "Node"
    then: "Node"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a listed function; *site* numbers the calls of one expression from 0."""

    function: str
    arguments: tuple["Node", ...] = ()
    keywords: tuple[tuple[str, "Node"], ...] = ()
    site: int = 0


@dataclass(frozen=True, slots=True)
class TupleLiteral:
    """A tuple or a list; both mean the same."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ItemAccess:
    """``value[index]`` with a constant index."""

    value: "Node"
    index: int


@dataclass(frozen=True, slots=True)
class SliceRange:
    """The constant bounds of a slice, with Python's meaning; None where one is left out."""

    start: int | None
    stop: int | None
    step: int | None

    def to_slice(self) -> slice:
        """Return the bounds as Python's slice."""
        return slice(self.start, self.stop, self.step)


@dataclass(frozen=True, slots=True)
class SliceAccess:
    """``value[1:3]``, or along several axes ``value[0:2, 1]``: at least one range."""

    value: "Node"
    ranges: tuple[int | SliceRange, ...]


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """``value.name`` of a record or an opaque value."""

    value: "Node"
    name: str


Node: TypeAlias = (
    NumberLiteral
    | TextLiteral
    | Name
    | Negation
    | LogicalNot
    | BinaryOperation
    | Comparison
    | BooleanOperation
    | Conditional
    | Call
    | TupleLiteral
    | ItemAccess
    | SliceAccess
    | FieldAccess
)


def get_children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below *node*, left to right."""
    match node:
        case Negation(operand) | LogicalNot(operand):
            return (operand,)
        case BinaryOperation(_, left, right):
            return (left, right)
        case Comparison(first, rest):
            return (first, *(item for _, item in rest))
        case BooleanOperation(_, items) | TupleLiteral(items):
            return items
        case Conditional(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, arguments, keywords, _):
            return (*arguments, *(item for _, item in keywords))
        case ItemAccess(value, _) | SliceAccess(value, _) | FieldAccess(value, _):
            return (value,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield *node* and everything below it, parents first."""
    yield node
    for child in get_children(node):
        yield from walk(child)


def names_in(node: Node) -> frozenset[str]:
    """Return the names in *node*; names of functions do not count."""
    return frozenset(item.name for item in walk(node) if isinstance(item, Name))


def calls_in(node: Node) -> tuple[Call, ...]:
    """Return the calls in *node*, in the order of their sites."""
    calls = (item for item in walk(node) if isinstance(item, Call))
    return tuple(sorted(calls, key=lambda call: call.site))


def replace_node(tree: Node, target: Node, replacement: Node) -> Node:
    """Return *tree* with the very node *target* replaced, not others that are equal to it."""
    return replace_nodes(tree, lambda node: replacement if node is target else None)


def replace_nodes(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return *node* with each node replaced for which *change* returns another one, top down.

    A node below which nothing changes stays the very same node.

    >>> tree = Negation(Name("a"))
    >>> replace_nodes(tree, lambda node: NumberLiteral(2) if node == Name("a") else None)
    Negation(operand=NumberLiteral(value=2))
    """
    changed = change(node)
    if changed is not None:
        return changed
    before = get_children(node)
    below = tuple([replace_nodes(child, change) for child in before])
    if all(map(operator.is_, before, below)):
        return node
    return _rebuild_node(node, below)


def _rebuild_node(node: Node, below: tuple[Node, ...]) -> Node:
    """Return *node* with other children."""
    match node:
        case Negation():
            return Negation(*below)
        case LogicalNot():
            return LogicalNot(*below)
        case BinaryOperation(symbol, _, _):
            return BinaryOperation(symbol, *below)
        case Comparison(_, rest):
            words = (word for word, _ in rest)
            return Comparison(below[0], tuple(zip(words, below[1:], strict=True)))
        case BooleanOperation(word, _):
            return BooleanOperation(word, below)
        case TupleLiteral():
            return TupleLiteral(below)
        case Conditional():
            return Conditional(*below)
        case Call(function, arguments, keywords, site):
            values = below[len(arguments) :]
            new_keywords = (
                (word, value) for (word, _), value in zip(keywords, values, strict=True)
            )
            return Call(function, below[: len(arguments)], tuple(new_keywords), site)
        case ItemAccess(_, index):
            return ItemAccess(below[0], index)
        case SliceAccess(_, ranges):
            return SliceAccess(below[0], ranges)
        case FieldAccess(_, name):
            return FieldAccess(below[0], name)
        case _:
            return node
