"""Worked solutions: the way to the key of a part, step by step.

The steps are those of every solver call in the key, in the order in which they are computed, then
the key itself in symbols, in numbers, and its value.
"""

from collections.abc import Iterator

from grader.arithmetic import FUNCTIONS
from grader.book import Book
from grader.errors import SolverError
from grader.evaluate import Scope, evaluate, truth
from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.formulas import FormulaPart
from grader.kinds.numbers import NumberPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.tables import TableKey, TablePart
from grader.kinds.texts import TextPart
from grader.parts import KeyedPart
from grader.problem import AnyPart
from grader.show import show
from grader.steps import Formula, Rows, Said, Step, filled, literal
from grader.tree import Call, Choose, Name, Node, children, rebuilt
from grader.values import Value
from grader.variant import Variant

__all__ = ["worked"]


def worked(variant: Variant, part: AnyPart, book: Book) -> tuple[Step, ...]:
    """Return the way to the answer of *part*; of a key that cannot be computed, why not."""
    failure = variant.failures.get(part.id)
    if failure is not None:
        return (Said(f"The answer could not be computed: {failure}."),)
    seen = variant.scope(book)
    keys = {name: key for name, key in variant.keys.items() if key is not None}
    scope = Scope({**seen.names, **keys}, seen.functions)
    key = variant.keys.get(part.id)
    match part:
        case TextPart():
            return (Said(part.model.fill(seen).strip()),)
        case ChoicePart() | ChoicesPart():
            return (*_calls(part, scope, book), *_options(part, key, seen))
        case PredicatePart():
            sample = KINDS["predicate"].samples(part, None).right[0]
            return (Said(f"Right is what makes {part.accept_if.source} true, such as {sample}."),)
        case TablePart():
            return _table(part, key)
        case FormulaPart() if part.key is not None and part.variables:
            hidden = part.variables
            names = {name: value for name, value in scope.names.items() if name not in hidden}
            return (Formula(part.id, part.key.tree, filled(part.key.tree, names), None),)
        case NumberPart() if part.key is None:
            return (_limits(part),)
        case _:
            return (*_calls(part, scope, book), *_result(part, scope, book))


def _calls(part: KeyedPart, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the steps of the solvers that the key calls, each call once, inner calls first."""
    if part.key is None:
        return
    told: set[Node] = set()
    for call in _inner_first(_taken(part.key.tree, scope)):
        tracer = book.tracers.get(call.function)
        if tracer is None or call in told:
            continue
        told.add(call)
        arguments = [evaluate(argument, scope) for argument in call.arguments]
        keywords = {word: evaluate(value, scope) for word, value in call.keywords}
        try:
            yield from tracer(*arguments, **keywords)
        except SolverError:
            continue  # the key itself could be computed; it is shown without this way to it


def _taken(tree: Node, scope: Scope) -> Node:
    """Return *tree* with each ``a if c else b`` replaced by the side that was taken."""

    def change(node: Node) -> Node | None:
        if not isinstance(node, Choose):
            return None
        side = node.then if truth(evaluate(node.test, scope)) else node.otherwise
        return _taken(side, scope)

    return rebuilt(tree, change)


def _inner_first(node: Node) -> Iterator[Call]:
    for child in children(node):
        yield from _inner_first(child)
    if isinstance(node, Call) and node.function not in FUNCTIONS:
        yield node


def _result(part: KeyedPart, scope: Scope, book: Book) -> Iterator[Step]:
    """Yield the key in symbols and in numbers, unless its one call has been shown already."""
    if part.key is None:
        return
    tree = _taken(part.key.tree, scope)
    if isinstance(tree, Call) and tree.function in book.tracers:
        return

    def change(node: Node) -> Node | None:
        if isinstance(node, Name) or (isinstance(node, Call) and node.function not in FUNCTIONS):
            return literal(evaluate(node, scope))
        return None

    yield Formula(part.id, tree, rebuilt(tree, change), evaluate(tree, scope))


def _options(part: ChoicePart | ChoicesPart, key: Value | None, seen: Scope) -> Iterator[Step]:
    """Yield the texts of the right options."""
    for option in key if isinstance(key, tuple) else (key,):
        if isinstance(option, str):
            yield Said(f"{option}: {part.options[option].fill(seen).strip()}")


def _table(part: TablePart, key: Value | None) -> tuple[Step, ...]:
    if not isinstance(key, TableKey):
        return ()
    rows = tuple((show(item), *row.values()) for item, row in zip(key.items, key.rows, strict=True))
    return (Rows(("", *part.columns), rows),)


def _limits(part: NumberPart) -> Said:
    low, high = part.limits
    if low is not None and high is not None:
        return Said(f"Any number from {show(low)} to {show(high)} is right.")
    least = f"at least {show(low)}" if low is not None else f"at most {show(high or 0)}"
    return Said(f"Any number of {least} is right.")
