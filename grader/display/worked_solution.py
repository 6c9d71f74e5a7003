"""Worked solutions: the steps to the key of a part.

The steps are those of every solver call in the key, in the order of computation, then the key
itself in symbols, in numbers, and its value. For a table, this is done for every cell.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.display.steps import (
    Formula,
    PooledWindow,
    Rows,
    SolutionStep,
    TextStep,
    Window,
    build_value_step,
    format_items,
    substitute_values,
    to_literal,
)
from grader.display.text import to_text
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.parser import Expression
from grader.expressions.tree import (
    Call,
    Conditional,
    FieldAccess,
    ItemAccess,
    Name,
    Node,
    children,
    replace_nodes,
    walk,
)
from grader.kinds import KINDS
from grader.kinds.array_comparison import as_tensor
from grader.kinds.arrays import MatrixPart, TensorPart, VectorPart
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import NumberPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.tables.part import TableKey, TablePart
from grader.kinds.texts import TextPart
from grader.registry import Registry
from grader.values import Record, Tensor, Value
from grader.variants.variant import Variant

ARRAY_PARTS: Final = (VectorPart, MatrixPart, TensorPart)
MAX_STEPS: Final = 200
MAX_INLINE_VECTOR_LENGTH: Final = 40
"""Maximum length of the text of a vector that is written into a formula."""
OMITTED_ROWS_SENTENCE: Final = "The other rows follow in the same way."


def build_worked_solution(
    variant: Variant, part: AnyPart, registry: Registry
) -> tuple[SolutionStep, ...]:
    """Return the steps to the key of *part*, or the reason if the key cannot be computed."""
    return tuple(_drop_repeated_sentences(_build_steps(variant, part, registry)))


def _build_steps(variant: Variant, part: AnyPart, registry: Registry) -> tuple[SolutionStep, ...]:
    """Return the steps, including repeated sentences."""
    failure = variant.failures.get(part.id)
    if failure is not None:
        return (TextStep(f"The answer could not be computed: {failure}."),)
    student_scope, scope = variant.student_scope(registry), variant.solution_scope(registry)
    key = variant.keys.get(part.id)
    match part:
        case TextPart():
            return (TextStep(part.model.fill(student_scope).strip()),)
        case ChoicePart() | ChoicesPart():
            return (
                *_trace_choice_conditions(part, scope, registry),
                *_describe_right_options(part, key, student_scope),
            )
        case PredicatePart():
            sample = KINDS["predicate"].build_samples(part, None).right[0]
            return (TextStep(f"One of the right answers: {sample}."),)
        case TablePart():
            return _trace_table(part, key, registry)
        case FormulaPart(key=Expression(tree=tree)) if part.variables:
            names = {name: one for name, one in scope.names.items() if name not in part.variables}
            return (Formula(part.id, tree, substitute_values(tree, names), None),)
        case NumberPart() if part.key is None:
            return (_build_limits_step(part),)
        case _:
            return tuple(_trace_key(part, scope, registry))


def _trace_key(part: AnyPart, scope: Scope, registry: Registry) -> Iterator[SolutionStep]:
    """Yield the steps of the solver calls in the key, then those of the key itself."""
    if part.key_expression is not None:
        tree = _resolve_conditionals(part.key_expression.tree, scope)
        yield from _trace_solver_calls(tree, scope, registry)
        for step in _build_key_formula_steps(part.id, tree, scope, registry):
            yield _with_array_value(step) if isinstance(part, ARRAY_PARTS) else step


def _with_array_value(step: SolutionStep) -> SolutionStep:
    """Return *step* with its value as an array, which is how the answer is displayed."""
    if not isinstance(step, Formula) or not isinstance(step.value, tuple):
        return step
    literal_node, value = to_literal(step.value), as_tensor(step.value)
    if step.tree == literal_node:
        return build_value_step(step.name, value)
    return Formula(
        step.name, step.tree, step.tree if step.numbers == literal_node else step.numbers, value
    )


def _trace_solver_calls(tree: Node, scope: Scope, registry: Registry) -> Iterator[SolutionStep]:
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


def _drop_repeated_sentences(steps: Iterable[SolutionStep]) -> Iterator[SolutionStep]:
    """Yield *steps* without repeated sentences."""
    sentences: set[SolutionStep] = set()
    for step in steps:
        if not isinstance(step, TextStep):
            yield step
        elif step not in sentences:
            sentences.add(step)
            yield step


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


def _resolve_conditionals(tree: Node, scope: Scope) -> Node:
    """Return *tree* with each ``a if c else b`` replaced by the branch taken."""

    def take_branch(node: Node) -> Node | None:
        if not isinstance(node, Conditional):
            return None
        side = node.then if require_boolean(evaluate(node.test, scope)) else node.otherwise
        return _resolve_conditionals(side, scope)

    return replace_nodes(tree, take_branch)


def _iterate_solver_calls(
    node: Node, index: tuple[int, ...] = ()
) -> Iterator[tuple[Call, tuple[int, ...]]]:
    """Yield the solver calls in *node*, inner first, with the *index* applied to each result."""
    below = (node.index, *index) if isinstance(node, ItemAccess) else ()
    for child in children(node):
        yield from _iterate_solver_calls(child, below)
    if _is_solver_call(node):
        yield node, index  # type: ignore[misc] # a call, as `_is_solver_call` says


def _is_solver_call(node: Node) -> bool:
    """Return whether *node* calls a solver."""
    return isinstance(node, Call) and node.function not in FUNCTIONS


def _build_key_formula_steps(
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
        tree, lambda node: _evaluate_to_literal(node, scope) if _is_solver_result(node) else None
    )
    numbers = replace_nodes(
        tree, lambda node: _evaluate_to_literal(node, scope) if _has_known_value(node) else None
    )
    if any(map(_is_solver_call, walk(numbers))):
        yield build_value_step(name, value)
    else:
        yield Formula(name, symbols, numbers, value)


def _is_solver_result(node: Node) -> bool:
    """Return whether *node* calls a solver, or indexes the result of a call."""
    return _is_solver_result(node.value) if isinstance(node, ItemAccess) else _is_solver_call(node)


def _has_known_value(node: Node) -> bool:
    """Return whether *node* is a value of the problem, or calls a solver."""
    return isinstance(node, (Name, FieldAccess, ItemAccess)) or _is_solver_call(node)


def _evaluate_to_literal(node: Node, scope: Scope) -> Node | None:
    """Return the value of *node* as a formula holds it; None for matrices and long arrays."""
    value = evaluate(node, scope)
    if (
        isinstance(value, Tensor)
        and len(value.shape) == 1
        and len(to_text(value)) <= MAX_INLINE_VECTOR_LENGTH
    ):
        return to_literal(value.cells)
    return to_literal(value)


def _trace_choice_conditions(
    part: KeyedPart, scope: Scope, registry: Registry
) -> Iterator[SolutionStep]:
    """Yield the steps of the solver calls in a choice, and the value of each condition."""
    if part.key is None:
        return
    tree = part.key.tree
    yield from _trace_solver_calls(tree, scope, registry)
    for node in walk(tree):
        if isinstance(node, Conditional):
            test = replace_nodes(
                node.test,
                lambda item: _evaluate_to_literal(item, scope) if _has_known_value(item) else None,
            )
            holds = require_boolean(evaluate(node.test, scope))
            yield TextStep(
                f"{to_text(node.test)}: {to_text(test)} is {'true' if holds else 'false'}."
            )


def _describe_right_options(
    part: ChoicePart | ChoicesPart, key: Value | None, student_scope: Scope
) -> Iterator[SolutionStep]:
    """Yield the texts of the right options."""
    for option in key if isinstance(key, tuple) else (key,):
        if isinstance(option, str):
            yield TextStep(f"{option}: {part.options[option].fill(student_scope).strip()}")


def _trace_table(
    part: TablePart, key: Value | None, registry: Registry
) -> tuple[SolutionStep, ...]:
    """Return the steps of each row, as far as the limit allows, then the whole table."""
    if not isinstance(key, TableKey):
        return ()
    labels = (
        f"{number}: {_format_row_item(item)}" if isinstance(item, tuple) else to_text(item)
        for number, item in enumerate(key.items, start=1)
    )
    rows = tuple((label, *row.values()) for label, row in zip(labels, key.rows, strict=True))
    steps: list[SolutionStep] = []
    previous = key.start
    for number, (item, row) in enumerate(zip(key.items, key.rows, strict=True), start=1):
        row_steps = [*_trace_table_row(part, _row_scope(key, item, previous), registry)]
        if len(steps) + len(row_steps) + 2 >= MAX_STEPS:
            steps.append(TextStep(OMITTED_ROWS_SENTENCE))
            break
        steps += (
            [TextStep(f"Row {number}: {_format_row_item(item)}."), *row_steps] if row_steps else []
        )
        previous = row
    return (*steps, Rows(("", *part.columns), rows))


def _format_row_item(item: Value) -> str:
    """Return the item of a row as text; a tuple here is kernel and stride, not a shape."""
    return f"({format_items(item)})" if isinstance(item, tuple) else to_text(item)


def _trace_table_row(part: TablePart, scope: Scope, registry: Registry) -> Iterator[SolutionStep]:
    """Yield the steps of each cell of one row."""
    for column in part.columns.values():
        yield from _trace_key(column, scope, registry)


def _row_scope(key: TableKey, item: Value, previous: Mapping[str, Value]) -> Scope:
    """Return the scope in which the columns of the row of *item* are computed."""
    names = {**key.scope.names, "layer": item, "prev": Record(previous)}
    return Scope(names, key.scope.functions, key.scope.swaps)


def _build_limits_step(part: NumberPart) -> TextStep:
    low, high = part.limits
    if low is not None and high is not None:
        return TextStep(f"Any number from {to_text(low)} to {to_text(high)} is right.")
    least = f"at least {to_text(low)}" if low is not None else f"at most {to_text(high or 0)}"
    return TextStep(f"Any number of {least} is right.")
