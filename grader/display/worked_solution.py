"""Worked solutions: the steps to the key of a part.

The steps are those of every solver call in the key, in the order of computation, then the key
itself in symbols, in numbers, and its value. For a table, this is done for every cell.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Final

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.display.steps import (
    Formula,
    Pooled,
    Rows,
    Said,
    Step,
    Window,
    filled,
    itemised,
    literal,
    stated,
)
from grader.display.text import show
from grader.errors import SolverError
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.evaluate import Scope, evaluate, truth
from grader.expressions.parser import Expression
from grader.expressions.tree import Call, Choose, Field, Item, Name, Node, children, rebuilt, walk
from grader.kinds import KINDS
from grader.kinds.arrays import MatrixPart, TensorPart, VectorPart
from grader.kinds.base import as_tensor
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import NumberPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.tables import TableKey, TablePart
from grader.kinds.texts import TextPart
from grader.values import Record, Tensor, Value
from grader.variants.variant import Variant

__all__ = ["worked"]

ARRAYS: Final = (VectorPart, MatrixPart, TensorPart)
MAX_STEPS: Final = 200
SHORT: Final = 40
"""The longest text of a vector that is written into a formula."""
LEFT_OUT: Final = "The other rows follow in the same way."


def worked(variant: Variant, part: AnyPart, book: Book) -> tuple[Step, ...]:
    """Return the steps to the key of *part*, or the reason if the key cannot be computed."""
    return tuple(_said_once(_way(variant, part, book)))


def _way(variant: Variant, part: AnyPart, book: Book) -> tuple[Step, ...]:
    """Return the steps, including repeated sentences."""
    failure = variant.failures.get(part.id)
    if failure is not None:
        return (Said(f"The answer could not be computed: {failure}."),)
    seen, scope = variant.scope(book), variant.solved(book)
    key = variant.keys.get(part.id)
    match part:
        case TextPart():
            return (Said(part.model.fill(seen).strip()),)
        case ChoicePart() | ChoicesPart():
            return (*_chosen(part, scope, book), *_options(part, key, seen))
        case PredicatePart():
            sample = KINDS["predicate"].samples(part, None).right[0]
            return (Said(f"One of the right answers: {sample}."),)
        case TablePart():
            return _table(part, key, book)
        case FormulaPart(key=Expression(tree=tree)) if part.variables:
            names = {name: one for name, one in scope.names.items() if name not in part.variables}
            return (Formula(part.id, tree, filled(tree, names), None),)
        case NumberPart() if part.key is None:
            return (_limits(part),)
        case _:
            return tuple(_computed(part, scope, book))


def _computed(part: AnyPart, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the steps of the solver calls in the key, then those of the key itself."""
    if part.key_expression is not None:
        tree = _taken(part.key_expression.tree, scope)
        yield from _calls(tree, scope, book)
        for step in _result(part.id, tree, scope, book):
            yield _arrayed(step) if isinstance(part, ARRAYS) else step


def _arrayed(step: Step) -> Step:
    """Return *step* with its value as an array, which is how the answer is displayed."""
    if not isinstance(step, Formula) or not isinstance(step.value, tuple):
        return step
    spelled, value = literal(step.value), as_tensor(step.value)
    if step.tree == spelled:
        return stated(step.name, value)
    return Formula(
        step.name, step.tree, step.tree if step.numbers == spelled else step.numbers, value
    )


def _calls(tree: Node, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the steps of the solver calls in *tree*, inner calls first, without duplicates."""
    told: list[tuple[Step, ...]] = []
    for call, index in _inner_first(tree):
        steps = _to_cell(_traced(call, scope, book), index)
        if steps not in told:
            told.append(steps)
            yield from steps


def _to_cell(steps: tuple[Step, ...], index: tuple[int, ...]) -> tuple[Step, ...]:
    """Return the steps to the cell at *index*, without the sizes; all *steps* if it has none.

    Steps before the first cell, such as the padded input, stay.
    """
    asked = [step for step in steps if isinstance(step, Window | Pooled) and step.place == index]
    if not asked:
        return steps
    before = takewhile(lambda step: not isinstance(step, Window | Pooled), steps)
    return (*(step for step in before if not isinstance(step, Formula)), *asked)


def _said_once(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield *steps* without repeated sentences."""
    said: set[Step] = set()
    for step in steps:
        if not isinstance(step, Said):
            yield step
        elif step not in said:
            said.add(step)
            yield step


def _traced(call: Call, scope: Scope, book: Book) -> tuple[Step, ...]:
    """Return the steps of one call; none if it has no tracer or the tracer fails."""
    tracer = book.tracers.get(call.function)
    if tracer is None:
        return ()
    arguments = [evaluate(argument, scope) for argument in call.arguments]
    keywords = {word: evaluate(value, scope) for word, value in call.keywords}
    try:
        return tracer(*arguments, **keywords)
    except SolverError:
        return ()  # the key was computed; it is shown without these steps


def _taken(tree: Node, scope: Scope) -> Node:
    """Return *tree* with each ``a if c else b`` replaced by the branch taken."""

    def change(node: Node) -> Node | None:
        if not isinstance(node, Choose):
            return None
        side = node.then if truth(evaluate(node.test, scope)) else node.otherwise
        return _taken(side, scope)

    return rebuilt(tree, change)


def _inner_first(node: Node, index: tuple[int, ...] = ()) -> Iterator[tuple[Call, tuple[int, ...]]]:
    """Yield the solver calls in *node*, inner first, with the *index* applied to each result."""
    below = (node.index, *index) if isinstance(node, Item) else ()
    for child in children(node):
        yield from _inner_first(child, below)
    if _is_solver(node):
        yield node, index  # type: ignore[misc] # a call, as `_is_solver` says


def _is_solver(node: Node) -> bool:
    """Return whether *node* calls a solver."""
    return isinstance(node, Call) and node.function not in FUNCTIONS


def _result(name: str, tree: Node, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the key in symbols and in numbers, unless its only call has been traced already.

    In the symbols, the result of a solver, or a cell of it, replaces its call. If that is a matrix
    or long, a formula cannot hold it, and the step only states the value of the key.
    """
    if isinstance(tree, Call) and tree.function in book.tracers and _traced(tree, scope, book):
        return
    value = evaluate(tree, scope)
    symbols = rebuilt(tree, lambda node: _spelled(node, scope) if _is_given(node) else None)
    numbers = rebuilt(tree, lambda node: _spelled(node, scope) if _is_known(node) else None)
    if any(map(_is_solver, walk(numbers))):
        yield stated(name, value)
    else:
        yield Formula(name, symbols, numbers, value)


def _is_given(node: Node) -> bool:
    """Return whether *node* calls a solver, or indexes the result of a call."""
    return _is_given(node.value) if isinstance(node, Item) else _is_solver(node)


def _is_known(node: Node) -> bool:
    """Return whether *node* is a value of the problem, or calls a solver."""
    return isinstance(node, (Name, Field, Item)) or _is_solver(node)


def _spelled(node: Node, scope: Scope) -> Node | None:
    """Return the value of *node* as a formula holds it; None for matrices and long arrays."""
    value = evaluate(node, scope)
    if isinstance(value, Tensor) and len(value.shape) == 1 and len(show(value)) <= SHORT:
        return literal(value.cells)
    return literal(value)


def _chosen(part: KeyedPart, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the steps of the solver calls in a choice, and the value of each condition."""
    if part.key is None:
        return
    tree = part.key.tree
    yield from _calls(tree, scope, book)
    for node in walk(tree):
        if isinstance(node, Choose):
            test = rebuilt(node.test, lambda one: _spelled(one, scope) if _is_known(one) else None)
            holds = truth(evaluate(node.test, scope))
            yield Said(f"{show(node.test)}: {show(test)} is {'true' if holds else 'false'}.")


def _options(part: ChoicePart | ChoicesPart, key: Value | None, seen: Scope) -> Iterator[Step]:
    """Yield the texts of the right options."""
    for option in key if isinstance(key, tuple) else (key,):
        if isinstance(option, str):
            yield Said(f"{option}: {part.options[option].fill(seen).strip()}")


def _table(part: TablePart, key: Value | None, book: Book) -> tuple[Step, ...]:
    """Return the steps of each row, as far as the limit allows, then the whole table."""
    if not isinstance(key, TableKey):
        return ()
    labels = (
        f"{number}: {_named(item)}" if isinstance(item, tuple) else show(item)
        for number, item in enumerate(key.items, start=1)
    )
    rows = tuple((label, *row.values()) for label, row in zip(labels, key.rows, strict=True))
    steps: list[Step] = []
    previous = key.start
    for number, (item, row) in enumerate(zip(key.items, key.rows, strict=True), start=1):
        found = [*_row(part, _within_row(key, item, previous), book)]
        if len(steps) + len(found) + 2 >= MAX_STEPS:
            steps.append(Said(LEFT_OUT))
            break
        steps += [Said(f"Row {number}: {_named(item)}."), *found] if found else []
        previous = row
    return (*steps, Rows(("", *part.columns), rows))


def _named(item: Value) -> str:
    """Return the item of a row as text; a tuple here is kernel and stride, not a shape."""
    return f"({itemised(item)})" if isinstance(item, tuple) else show(item)


def _row(part: TablePart, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the steps of each cell of one row."""
    for column in part.columns.values():
        yield from _computed(column, scope, book)


def _within_row(key: TableKey, item: Value, previous: Mapping[str, Value]) -> Scope:
    """Return the scope in which the columns of the row of *item* are computed."""
    names = {**key.scope.names, "layer": item, "prev": Record(previous)}
    return Scope(names, key.scope.functions, key.scope.swaps)


def _limits(part: NumberPart) -> Said:
    low, high = part.limits
    if low is not None and high is not None:
        return Said(f"Any number from {show(low)} to {show(high)} is right.")
    least = f"at least {show(low)}" if low is not None else f"at most {show(high or 0)}"
    return Said(f"Any number of {least} is right.")
