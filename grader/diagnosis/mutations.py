"""Mistakes in the arithmetic of a key: mutations of its expression tree, and of `let`.

A wrong version of a solver cannot show what goes wrong around its call: a term left out, a quotient
inverted. `enumerate_mutations` lists such changes of a tree, `find_mutated_answers` the answers to
which they lead. They are the last resort: only an answer without another name is compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart, Problem
from grader.diagnosis.mistaken_answers import Keys, build_scope, solve_key_or_none
from grader.diagnosis.mistakes import KnownMistakes, MistakeCandidate, build_candidate
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate
from grader.expressions.parser import Expression
from grader.expressions.tree import (
    BinaryOperation,
    Call,
    Name,
    Negation,
    Node,
    NumberLiteral,
    children,
    names_in,
    replace_nodes,
    walk,
)
from grader.registry import Registry
from grader.values import Value, is_number, magnitude

MAX_MUTATIONS: Final = 64
"""Maximum number of mutations of a part."""
MAX_EXCHANGED_NAMES: Final = 4
"""Number of names in a tree up to which each pair is exchanged."""
MIN_DISTINCTIVE_NUMBER: Final = 30
"""Smallest whole number that is evidence of a mutation; a slip gives smaller ones by chance."""
CACHED_MUTATIONS: Final = 1024
MIN_TERMS: Final = 2
SUM_SIGNS: Final = frozenset({"+", "-"})
WHOLES: Final = (NumberLiteral(1), NumberLiteral(100))
"""Wholes of which a share is taken."""
ROUNDINGS: Final = ("floor", "ceil")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A mutated expression: that of *name* in `let`, or the key itself if *name* is empty."""

    mistake: str
    name: str
    tree: Node


def find_mutated_answers(
    problem: Problem, part: AnyPart, names: Mapping[str, Value], keys: Keys, registry: Registry
) -> KnownMistakes:
    """Return the answers to *part* that follow from mutations of its key and of `let`.

    *names* are the parameters and derived values, *keys* the right answers. Answers that equal the
    key are left out, and whole numbers that a slip gives by chance.
    """
    if not isinstance(part, KeyedPart) or part.key is None:
        return KnownMistakes()
    key = keys.get(part.id)
    scope = build_scope(names, keys, registry)
    candidates: dict[tuple[str, str], MistakeCandidate] = {}
    for mutation in get_mutations(problem, part.id):
        if mutation.mistake in part.ignore or mutation.mistake not in registry.mistakes:
            continue
        value = _compute_answer(problem, part, mutation, scope)
        if value is None or value == key or not _is_distinctive(value):
            continue
        if mutation.mistake != "complement_taken" or (is_number(value) and value > 0):
            candidate = build_candidate((mutation.mistake,), value, registry)
            candidates.setdefault((mutation.mistake, repr(value)), candidate)
    return KnownMistakes(tuple(sorted(candidates.values(), key=lambda candidate: -candidate.rank)))


@lru_cache(maxsize=CACHED_MUTATIONS)
def get_mutations(problem: Problem, part_id: str) -> tuple[Mutation, ...]:
    """Return the mutations of the key of a part and of the `let` values that it uses."""
    part = problem.get_part(part_id)
    if not isinstance(part, KeyedPart) or part.key is None:
        return ()
    mutations = [
        Mutation(mistake, "", tree) for mistake, tree in enumerate_mutations(part.key.tree)
    ]
    used = set(part.key.names)
    for name, expression in reversed(problem.let.items()):
        if name in used:
            used |= expression.names
            mutations += [
                Mutation(mistake, name, tree)
                for mistake, tree in enumerate_mutations(expression.tree)
            ]
    return tuple(mutations[:MAX_MUTATIONS])


def enumerate_mutations(tree: Node) -> Iterator[tuple[str, Node]]:
    """Yield the id of a mistake and the tree of a student who makes it, at most `MAX_MUTATIONS`.

    >>> from grader.expressions.parser import parse
    >>> next(enumerate_mutations(parse("1 - a").tree))
    ('complement_taken', Name(name='a'))
    """
    yield from islice(_enumerate_all(tree), MAX_MUTATIONS)


def _enumerate_all(tree: Node) -> Iterator[tuple[str, Node]]:
    yield from _take_complements(tree)
    seen_sums: set[int] = set()
    for node in walk(tree):
        if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
            if id(node) not in seen_sums:
                seen_sums.update(map(id, _sums_below(node)))
                yield from _mutate(tree, node, _mutate_sum(node))
        elif isinstance(node, BinaryOperation):
            yield from _mutate(tree, node, _mutate_operation(node))
        elif isinstance(node, Call):
            yield from _mutate(tree, node, _mutate_call(node))
    used = sorted(names_in(tree))
    if len(used) <= MAX_EXCHANGED_NAMES:
        for pair in combinations(used, 2):
            yield "operands_exchanged", _exchange_names(tree, *pair)


def _exchange_names(tree: Node, first: str, second: str) -> Node:
    exchanged = {first: Name(second), second: Name(first)}
    return replace_nodes(
        tree, lambda node: exchanged.get(node.name) if isinstance(node, Name) else None
    )


def _mutate(
    tree: Node, target: Node, mutated: Iterator[tuple[str, Node]]
) -> Iterator[tuple[str, Node]]:
    """Yield *tree* with *target* replaced by each of its mutations."""
    for mistake, replacement in mutated:
        yield mistake, _replace(tree, target, replacement)


def _replace(tree: Node, target: Node, replacement: Node) -> Node:
    return replace_nodes(tree, lambda node: replacement if node is target else None)


def _take_complements(tree: Node) -> Iterator[tuple[str, Node]]:
    """Yield the rest for a share: x for ``1 - x``, and ``1 - x`` and ``100 - x`` for x."""
    if isinstance(tree, BinaryOperation) and tree.operator == "-" and tree.left in WHOLES:
        yield "complement_taken", tree.right
    elif isinstance(tree, BinaryOperation):
        for whole in WHOLES:
            yield "complement_taken", BinaryOperation("-", whole, tree)


def _mutate_sum(node: BinaryOperation) -> Iterator[tuple[str, Node]]:
    terms = list(_split_terms(node, sign=1))
    for index in range(len(terms)):
        yield "summand_left_out", _join_terms(terms[:index] + terms[index + 1 :])
    if len(terms) > MIN_TERMS:
        for sign, term in terms:
            if not isinstance(term, NumberLiteral):
                yield "single_summand", term if sign > 0 else Negation(term)
    elif node.operator == "-":
        yield "operands_exchanged", BinaryOperation("-", node.right, node.left)
    else:
        yield "added_for_multiplied", BinaryOperation("*", node.left, node.right)


def _mutate_operation(node: BinaryOperation) -> Iterator[tuple[str, Node]]:
    """Yield the mutations of a product, a quotient or a power."""
    left, right = node.left, node.right
    match node.operator:
        case "*":
            yield "product_factor_left_out", left
            yield "product_factor_left_out", right
            if NumberLiteral(2) in (left, right):
                other = right if left == NumberLiteral(2) else left
                yield "halved_for_doubled", BinaryOperation("/", other, NumberLiteral(2))
            elif not isinstance(left, NumberLiteral) and not isinstance(right, NumberLiteral):
                yield "added_for_multiplied", BinaryOperation("+", left, right)
        case "/":
            yield "divisor_left_out", left
            yield "quotient_inverted", BinaryOperation("/", right, left)
            if right == NumberLiteral(2):
                yield "halved_for_doubled", BinaryOperation("*", left, right)
        case "//":
            yield "divisor_left_out", left
            quotient = BinaryOperation("/", left, right)
            yield "rounded_otherwise", quotient
            yield "rounded_otherwise", Call("ceil", (quotient,))
        case "**":
            yield "exponent_left_out", left
        case _:
            return


def _mutate_call(node: Call) -> Iterator[tuple[str, Node]]:
    """Yield the mutations of a rounding, a root, or a built-in function of a list."""
    if len(node.arguments) != 1 or node.keywords:
        return
    argument = node.arguments[0]
    if node.function in ROUNDINGS:
        other = ROUNDINGS[1 - ROUNDINGS.index(node.function)]
        yield "rounded_otherwise", argument
        yield "rounded_otherwise", Call(other, (argument,), site=node.site)
    elif node.function == "sqrt":
        yield "exponent_left_out", argument


def _split_terms(node: Node, *, sign: int) -> Iterator[tuple[int, Node]]:
    """Yield the terms of a sum with their signs."""
    if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
        yield from _split_terms(node.left, sign=sign)
        yield from _split_terms(node.right, sign=sign if node.operator == "+" else -sign)
    else:
        yield sign, node


def _sums_below(node: Node) -> Iterator[Node]:
    """Yield *node* and the sums that are terms of it."""
    if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
        yield node
        for child in children(node):
            yield from _sums_below(child)


def _join_terms(terms: list[tuple[int, Node]]) -> Node:
    (sign, joined), *others = terms
    if sign < 0:
        joined = Negation(joined)
    for sign, term in others:
        joined = BinaryOperation("+" if sign > 0 else "-", joined, term)
    return joined


def _compute_answer(
    problem: Problem, part: KeyedPart, mutation: Mutation, scope: Scope
) -> Value | None:
    """Return the answer to *part* with *mutation*, or None if it cannot be computed."""
    if not mutation.name:
        mutated = part.model_copy(update={"key": Expression("", mutation.tree)})
        return solve_key_or_none(mutated, scope)
    names = dict(scope.names)
    changed = False
    try:
        for name, expression in problem.let.items():
            if name == mutation.name:
                names[name] = evaluate(mutation.tree, Scope(names, scope.functions))
                changed = True
            elif changed:
                names[name] = evaluate(expression.tree, Scope(names, scope.functions))
    except SolverError:
        return None
    return solve_key_or_none(part, Scope(names, scope.functions))


def _is_distinctive(value: Value) -> bool:
    """Return whether *value* is evidence of a mutation; a slip gives a small count by chance."""
    if not is_number(value):
        return True
    return not isinstance(value, int) or magnitude(value) >= MIN_DISTINCTIVE_NUMBER
