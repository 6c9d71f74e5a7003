"""Steps of a worked solution, as data for text, MathML and pictures.

A tracer returns the steps of one solver; it takes the solver's arguments. `build_formula` is its
helper for a formula: once in symbols, once with the numbers, and the value.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import parse
from grader.expressions.tree import Name, Node, NumberLiteral, TupleLiteral, replace_nodes
from grader.values import Number, Tensor, Value, is_number

CACHED_FORMULAS: Final = 512


@dataclass(frozen=True, slots=True)
class TextStep:
    """A sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula: *name* = *tree* in symbols = *numbers*, the tree with numbers, = *value*.

    *value* is None if the formula itself is the answer.
    """

    name: str
    tree: Node
    numbers: Node
    value: Value | None

    @property
    def number(self) -> Number:
        """The value as a number; raises `SolverError` if it is not one."""
        if not is_number(self.value):
            raise SolverError(f"{self.name} is not a number")
        return self.value


@dataclass(frozen=True, slots=True)
class Array:
    """A named array, such as the padded input or a running sum."""

    name: str
    value: Tensor


@dataclass(frozen=True, slots=True)
class Window:
    """One cell of an output: *patch* times *kernel* cell by cell, summed, plus *bias*.

    *place* is the index of the cell in the output, *corner* that of the window in the padded input,
    along the axes that the kernel moves on; *dilation* is the distance between neighbors of the
    patch in the input. *patch* and *kernel* have one shape: that of the window, with channels
    before it if there are any.
    """

    place: tuple[int, ...]
    corner: tuple[int, ...]
    patch: Tensor
    kernel: Tensor
    bias: Number
    total: Number
    dilation: tuple[int, ...] = ()

    @property
    def products(self) -> Tensor:
        """The products of the sum."""
        return Tensor(self.patch.shape, _multiply_cells(self.patch, self.kernel))

    @property
    def channels(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """The patch and the kernel of each channel; without a channel axis, both as they are."""
        if len(self.patch.shape) == len(self.corner):
            return ((self.patch, self.kernel),)
        pairs = zip(self.patch.rows(), self.kernel.rows(), strict=True)
        return tuple(
            (patch, kernel)
            for patch, kernel in pairs
            if isinstance(patch, Tensor) and isinstance(kernel, Tensor)
        )

    @property
    def channel_sums(self) -> tuple[Number, ...]:
        """The sum of the products of each channel."""
        return tuple(sum(_multiply_cells(patch, kernel)) for patch, kernel in self.channels)


def _multiply_cells(left: Tensor, right: Tensor) -> tuple[Number, ...]:
    return tuple(first * second for first, second in zip(left.cells, right.cells, strict=True))


@dataclass(frozen=True, slots=True)
class PooledWindow:
    """One cell of a pooled output: the largest of the cells of *patch*, or their sum over *count*.

    *place* is the index of the cell in the output, *corner* that of the patch in the input along
    height and width, which is padded where the padding is counted.
    """

    place: tuple[int, ...]
    corner: tuple[int, ...]
    patch: Tensor
    mode: Literal["max", "mean"]
    count: int
    total: Number


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: the layers of a network, the steps of a recursion, the boxes that remain."""

    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


SolutionStep: TypeAlias = TextStep | Formula | Array | Window | PooledWindow | Rows
Tracer: TypeAlias = Callable[..., tuple[SolutionStep, ...]]


def build_formula(
    name: str, source: str, *, result: Value | None = None, **numbers: Value
) -> Formula:
    """Return the step *name* = *source*, an expression over the names in *numbers*.

    Without a *result* the value is computed. Pass the result of an expression that the expression
    language cannot compute, such as ``exp(-x)``.

    >>> build_formula("W_out", "floor((W - K)/S) + 1", W=28, K=5, S=2).value
    12
    """
    tree = _parse_tree(source)
    value = evaluate(tree, Scope(numbers, FUNCTIONS)) if result is None else result
    return Formula(name, tree, substitute_values(tree, numbers), value)


def build_value_step(name: str, value: Value) -> SolutionStep:
    """Return the step that states the value of *name*: a formula without symbols, or an array.

    >>> build_value_step("d", 4).value
    4
    """
    if isinstance(value, Tensor):
        return Array(name, value)
    literal_node = to_literal(value)
    return (
        TextStep(f"{name} = {to_text(value)}")
        if literal_node is None
        else Formula(name, literal_node, literal_node, value)
    )


@lru_cache(maxsize=CACHED_FORMULAS)
def _parse_tree(source: str) -> Node:
    return parse(source).tree


def substitute_values(tree: Node, numbers: Mapping[str, Value]) -> Node:
    """Return *tree* with each name in *numbers* replaced by its value."""

    def replace_name(node: Node) -> Node | None:
        if isinstance(node, Name) and node.name in numbers:
            return to_literal(numbers[node.name])
        return None

    return replace_nodes(tree, replace_name)


def format_items(value: Value) -> str:
    """Return *value* as text, a tuple as its items and not as a shape.

    >>> format_items((11, 4)), format_items(3)
    ('11, 4', '3')
    """
    literal_node = to_literal(value) if isinstance(value, tuple) else None
    return to_text(value) if literal_node is None else to_text(literal_node)[1:-1]


def to_literal(value: Value) -> Node | None:
    """Return *value* as a node: a number or a (nested) tuple of numbers; None for other values."""
    if is_number(value):
        return NumberLiteral(value)
    if not isinstance(value, tuple):
        return None
    items = [to_literal(item) for item in value]
    return TupleLiteral(tuple(item for item in items if item)) if all(items) else None
