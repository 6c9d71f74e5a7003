"""Steps of the solver calls in an expression, and of the expression itself."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from grader.display.steps import (
    Formula,
    PooledWindow,
    SolutionStep,
    Window,
    build_value_step,
    to_literal,
)
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.tree import (
    Call,
    Conditional,
    FieldAccess,
    ItemAccess,
    Name,
    Node,
    SliceAccess,
    get_children,
    replace_nodes,
    walk,
)
from grader.registry import Registry
from grader.values import Tensor

MAX_INLINE_VECTOR_LENGTH: Final = 40
"""Maximum length of the text of a vector that is written into a formula."""


def trace_solver_calls(tree: Node, scope: Scope, registry: Registry) -> Iterator[SolutionStep]:
    """Yield the steps of the solver calls in *tree*, inner calls first, without duplicates."""
    emitted: list[tuple[SolutionStep, ...]] = []
    for call, index in _iterate_solver_calls(tree):
        steps = _select_cell_steps(_trace_solver_call(call, scope, registry), index)
        if steps not in emitted:
            emitted.append(steps)
            yield from steps


def _select_cell_steps(
    steps: tuple[SolutionStep, ...], index: tuple[int, ...]
) -> tuple[SolutionStep, ...]:
    """Return the steps to the cell at *index*, without the sizes; all *steps* if it has none.

    Steps before the first cell, such as the padded input, stay.
    """
    cell_steps = [
        step for step in steps if isinstance(step, Window | PooledWindow) and step.place == index
    ]
    if not cell_steps:
        return steps
    before = takewhile(lambda step: not isinstance(step, Window | PooledWindow), steps)
    return (*(step for step in before if not isinstance(step, Formula)), *cell_steps)


def _trace_solver_call(call: Call, scope: Scope, registry: Registry) -> tuple[SolutionStep, ...]:
    """Return the steps of one call; none if it has no tracer or the tracer fails."""
    tracer = registry.tracers.get(call.function)
    if tracer is None:
        return ()
    arguments = [evaluate(argument, scope) for argument in call.arguments]
    keywords = {word: evaluate(value, scope) for word, value in call.keywords}
    try:
        return tracer(*arguments, **keywords)
    except SolverError:
        return ()  # the key was computed; it is shown without these steps


def resolve_conditionals(tree: Node, scope: Scope) -> Node:
    """Return *tree* with each ``a if c else b`` replaced by the branch taken."""

    def take_branch(node: Node) -> Node | None:
        if not isinstance(node, Conditional):
            return None
        side = node.then if require_boolean(evaluate(node.test, scope)) else node.otherwise
        return resolve_conditionals(side, scope)

    return replace_nodes(tree, take_branch)


def _iterate_solver_calls(
    node: Node, index: tuple[int, ...] = ()
) -> Iterator[tuple[Call, tuple[int, ...]]]:
    """Yield the solver calls in *node*, inner first, with the *index* applied to each result."""
    below = (node.index, *index) if isinstance(node, ItemAccess) else ()
    for child in get_children(node):
        yield from _iterate_solver_calls(child, below)
    if is_solver_call(node):
        yield node, index  # type: ignore[misc] # a call, as `is_solver_call` says


def is_solver_call(node: Node) -> bool:
    """Return whether *node* calls a solver."""
    return isinstance(node, Call) and node.function not in FUNCTIONS


def build_formula_steps(
    name: str, tree: Node, scope: Scope, registry: Registry
) -> Iterator[SolutionStep]:
    """Yield the key in symbols and in numbers, unless its only call has been traced already.

    In the symbols, the result of a solver, or a cell of it, replaces its call. If that is a matrix
    or long, a formula cannot hold it, and the step only states the value of the key.
    """
    if (
        isinstance(tree, Call)
        and tree.function in registry.tracers
        and _trace_solver_call(tree, scope, registry)
    ):
        return
    value = evaluate(tree, scope)
    symbols = replace_nodes(
        tree, lambda node: evaluate_to_literal(node, scope) if _is_solver_result(node) else None
    )
    numbers = replace_nodes(
        tree,
        lambda node: evaluate_to_literal(node, scope) if is_value_or_solver_call(node) else None,
    )
    if any(map(is_solver_call, walk(numbers))):
        yield build_value_step(name, value)
    else:
        yield Formula(name, symbols, numbers, value)


def _is_solver_result(node: Node) -> bool:
    """Return whether *node* calls a solver, or indexes the result of a call."""
    if isinstance(node, (ItemAccess, SliceAccess)):
        return _is_solver_result(node.value)
    return is_solver_call(node)


def is_value_or_solver_call(node: Node) -> bool:
    """Return whether *node* is a value of the problem, or calls a solver."""
    return isinstance(node, (Name, FieldAccess, ItemAccess, SliceAccess)) or is_solver_call(node)


def evaluate_to_literal(node: Node, scope: Scope) -> Node | None:
    """Return the value of *node* as a formula holds it; None for matrices and long arrays."""
    value = evaluate(node, scope)
    if (
        isinstance(value, Tensor)
        and len(value.shape) == 1
        and len(to_text(value)) <= MAX_INLINE_VECTOR_LENGTH
    ):
        return to_literal(value.cells)
    return to_literal(value)
