"""Abstract syntax tree of expressions and formulas, for authors and students alike.

One set of nodes serves keys, conditions and typed formulas, so that a formula is displayed, graded
and computed from the same tree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from grader.values import Number

__all__ = [
    "Binary",
    "Call",
    "Choose",
    "Compare",
    "Field",
    "Item",
    "Logic",
    "Name",
    "Negate",
    "Node",
    "Not",
    "Num",
    "Sequence",
    "Text",
    "calls_in",
    "children",
    "names_in",
    "rebuilt",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Num:
    """An exact number."""

    value: Number


@dataclass(frozen=True, slots=True)
class Text:
    """A string; only solvers take them, as arguments."""

    value: str


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, an earlier part, or a variable of a formula."""

    name: str


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """Binary operation with one of ``+ - * / // % **``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain of comparisons, each with one of ``== != < <= > >=``."""

    first: "Node"
    rest: tuple[tuple[str, "Node"], ...]


@dataclass(frozen=True, slots=True)
class Logic:
    """Items joined by ``and`` or ``or``."""

    operator: str
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choose:
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
class Sequence:
    """A tuple or a list; both mean the same."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Item:
    """``value[index]`` with a constant index."""

    value: "Node"
    index: int


@dataclass(frozen=True, slots=True)
class Field:
    """``value.name`` of a record or an opaque value."""

    value: "Node"
    name: str


Node: TypeAlias = (
    Num
    | Text
    | Name
    | Negate
    | Not
    | Binary
    | Compare
    | Logic
    | Choose
    | Call
    | Sequence
    | Item
    | Field
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below *node*, left to right."""
    match node:
        case Negate(operand) | Not(operand):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Compare(first, rest):
            return (first, *(item for _, item in rest))
        case Logic(_, items) | Sequence(items):
            return items
        case Choose(test, then, otherwise):
            return (test, then, otherwise)
        case Call(_, arguments, keywords, _):
            return (*arguments, *(item for _, item in keywords))
        case Item(value, _) | Field(value, _):
            return (value,)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield *node* and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def names_in(node: Node) -> frozenset[str]:
    """Return the names in *node*; names of functions do not count."""
    return frozenset(item.name for item in walk(node) if isinstance(item, Name))


def calls_in(node: Node) -> tuple[Call, ...]:
    """Return the calls in *node*, in the order of their sites."""
    found = (item for item in walk(node) if isinstance(item, Call))
    return tuple(sorted(found, key=lambda call: call.site))


def rebuilt(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """Return *node* with each node replaced for which *change* returns another one, top down.

    >>> rebuilt(Negate(Name("a")), lambda one: Num(2) if one == Name("a") else None)
    Negate(operand=Num(value=2))
    """
    changed = change(node)
    if changed is not None:
        return changed
    below = tuple(rebuilt(child, change) for child in children(node))
    match node:
        case Negate():
            return Negate(*below)
        case Not():
            return Not(*below)
        case Binary(symbol, _, _):
            return Binary(symbol, *below)
        case Compare(_, rest):
            words = (word for word, _ in rest)
            return Compare(below[0], tuple(zip(words, below[1:], strict=True)))
        case Logic(word, _):
            return Logic(word, below)
        case Sequence():
            return Sequence(below)
        case Choose():
            return Choose(*below)
        case Call(function, arguments, keywords, site):
            values = below[len(arguments) :]
            named = ((word, value) for (word, _), value in zip(keywords, values, strict=True))
            return Call(function, below[: len(arguments)], tuple(named), site)
        case Item(_, index):
            return Item(below[0], index)
        case Field(_, name):
            return Field(below[0], name)
        case _:
            return node
