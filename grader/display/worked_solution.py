"""Worked solutions: the steps to the key of a part.

The steps are those of every solver call in the key, in the order of computation, then the key
itself in symbols, in numbers, and its value. For a table, this is done for every cell.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.display.solver_steps import (
    build_formula_steps,
    evaluate_to_literal,
    is_solver_call,
    is_value_or_solver_call,
    resolve_conditionals,
    trace_solver_calls,
)
from grader.display.steps import (
    Formula,
    Rows,
    SolutionStep,
    TextStep,
    build_value_step,
    format_items,
    substitute_values,
    to_literal,
)
from grader.display.text import is_shape, to_text
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.expressions.parser import Expression
from grader.expressions.tree import (
    BinaryOperation,
    Call,
    Conditional,
    Node,
    replace_nodes,
    walk,
)
from grader.kinds import KINDS
from grader.kinds.arrays import MatrixPart, TensorPart, VectorPart
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.comparison.arrays import require_tensor_key
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import NumberPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.tables.part import TableKey, TablePart
from grader.kinds.texts import TextPart
from grader.registry import Registry
from grader.values import Record, Value, is_number
from grader.variants.variant import Variant

ARRAY_PARTS: Final = (VectorPart, MatrixPart, TensorPart)
MAX_STEPS: Final = 200
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
            return (TextStep(f"One correct answer: {sample}."),)
        case TablePart():
            return _trace_table(part, key, registry)
        case FormulaPart(key=Expression(tree=tree)) if part.variables:
            return tuple(_trace_formula_key(part, tree, scope, registry))
        case NumberPart() if part.key is None:
            return (_build_limits_step(part),)
        case _:
            return (
                *_trace_derived_values(variant.problem, part, scope, registry),
                *_trace_key(part, scope, registry),
            )


def _trace_formula_key(
    part: FormulaPart, tree: Node, scope: Scope, registry: Registry
) -> Iterator[SolutionStep]:
    """Yield a key that is a formula; if it calls solvers, their steps at one point of the domains.

    The call of a solver says nothing to a student, and its steps have the formula in symbols.
    """
    names = {name: one for name, one in scope.names.items() if name not in part.variables}
    if not any(map(is_solver_call, walk(tree))):
        yield Formula(part.id, tree, substitute_values(tree, names), None)
        return
    points = part.comparison_points
    point = points[len(points) // 2]
    numbers = ", ".join(f"{name} = {to_text(value)}" for name, value in point.items())
    yield TextStep(f"For example with {numbers}:")
    at_point = Scope({**names, **point}, scope.functions)
    yield from trace_solver_calls(tree, at_point, registry)
    yield from build_formula_steps(part.id, tree, at_point, registry)


def _trace_derived_values(
    problem: Problem, part: AnyPart, scope: Scope, registry: Registry
) -> Iterator[SolutionStep]:
    """Yield the steps to the values of `let` that the key uses, and no earlier key.

    Only numbers and shapes are worked out.
    """
    used = _find_derived_names(problem, part)
    for earlier in takewhile(lambda other: other is not part, problem.parts):
        used -= _find_derived_names(problem, earlier)
    for name, expression in problem.let.items():
        value = scope.names[name]
        if name not in used or not (is_number(value) or _is_shape(value)):
            continue
        if not isinstance(expression.tree, (Call, BinaryOperation, Conditional)):
            continue
        tree = resolve_conditionals(expression.tree, scope)
        steps = [*trace_solver_calls(tree, scope, registry)]
        steps += build_formula_steps(name, tree, scope, registry)
        yield from steps
        if not isinstance(steps[-1], Formula) or steps[-1].name != name:
            yield build_value_step(name, value)


def _find_derived_names(problem: Problem, part: AnyPart) -> set[str]:
    """Return the names of `let` that the key of *part* uses, directly or not."""
    if isinstance(part, (ChoicePart, ChoicesPart)) or part.key_expression is None:
        return set()
    used = set(part.key_expression.names)
    for name, expression in reversed(problem.let.items()):
        used |= expression.names if name in used else set()
    return used & problem.let.keys()


def _is_shape(value: Value) -> bool:
    return isinstance(value, tuple) and is_shape(value)


def _trace_key(part: AnyPart, scope: Scope, registry: Registry) -> Iterator[SolutionStep]:
    """Yield the steps of the solver calls in the key, then those of the key itself."""
    if part.key_expression is not None:
        tree = resolve_conditionals(part.key_expression.tree, scope)
        yield from trace_solver_calls(tree, scope, registry)
        for step in build_formula_steps(part.id, tree, scope, registry):
            yield _with_array_value(step) if isinstance(part, ARRAY_PARTS) else step


def _with_array_value(step: SolutionStep) -> SolutionStep:
    """Return *step* with its value as an array, which is how the answer is displayed."""
    if not isinstance(step, Formula) or not isinstance(step.value, tuple):
        return step
    literal_node, value = to_literal(step.value), require_tensor_key(step.value)
    if step.tree == literal_node:
        return build_value_step(step.name, value)
    return Formula(
        step.name, step.tree, step.tree if step.numbers == literal_node else step.numbers, value
    )


def _drop_repeated_sentences(steps: Iterable[SolutionStep]) -> Iterator[SolutionStep]:
    """Yield *steps* without repeated sentences."""
    sentences: set[SolutionStep] = set()
    for step in steps:
        if not isinstance(step, TextStep):
            yield step
        elif step not in sentences:
            sentences.add(step)
            yield step


def _trace_choice_conditions(
    part: KeyedPart, scope: Scope, registry: Registry
) -> Iterator[SolutionStep]:
    """Yield the steps of the solver calls in a choice, and the value of each condition."""
    if part.key is None:
        return
    tree = part.key.tree
    yield from trace_solver_calls(tree, scope, registry)
    for node in walk(tree):
        if isinstance(node, Conditional):
            test = replace_nodes(
                node.test,
                lambda item: (
                    evaluate_to_literal(item, scope) if is_value_or_solver_call(item) else None
                ),
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
        return TextStep(f"Any number from {to_text(low)} to {to_text(high)} is correct.")
    least = f"at least {to_text(low)}" if low is not None else f"at most {to_text(high or 0)}"
    return TextStep(f"Any number that is {least} is correct.")
