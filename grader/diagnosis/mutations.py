"""Mistakes in the arithmetic of a key: mutations of its expression tree, and of `let`.

A wrong version of a solver cannot show what goes wrong around its call: a term left out, a quotient
inverted. `enumerate_mutations` lists such changes of a tree; `grader.diagnosis.mutated_answers`
computes the answers to which they lead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import Problem
from grader.diagnosis.argument_mutations import (
    MAX_ARGUMENT_MUTATIONS,
    enumerate_argument_mutations,
    enumerate_index_mutations,
    replace_everywhere,
)
from grader.diagnosis.broad_mutations import (
    MAX_BROAD_MUTATIONS,
    enumerate_broad_mutations,
    enumerate_name_replacements,
    replace_with_each,
)
from grader.diagnosis.mutated_calls import calls_fit_signatures, find_sequence_call
from grader.diagnosis.sum_terms import (
    SUM_SIGNS,
    WHOLES,
    iterate_nested_sums,
    join_terms,
    split_terms,
)
from grader.expressions.parser import Expression
from grader.expressions.tree import (
    BinaryOperation,
    Call,
    Name,
    Negation,
    Node,
    NumberLiteral,
    names_in,
    replace_nodes,
    walk,
)
from grader.registry import Registry

MAX_MUTATIONS: Final = 64
"""Maximum number of mutations of a part."""
MAX_ITEM_MUTATIONS: Final = 24
"""Maximum number of mutations of a part that take another item of a list."""
MAX_EXCHANGED_NAMES: Final = 4
"""Number of names in a tree up to which each pair is exchanged."""
NOTABLE_ARGUMENTS: Final = frozenset({"padding", "stride", "dilation", "groups", "output_padding"})
"""Arguments that a question sets on purpose, because their defaults are common."""
CACHED_MUTATIONS: Final = 1024
MIN_TERMS: Final = 2
ROUNDINGS: Final = frozenset({"floor", "ceil", "round"})


@dataclass(frozen=True, slots=True)
class Mutation:
    """Mutated expression: that of *name*, in `let` or a part, or the key itself if it is empty.

    *part* is the part with the mutated key, None if the expression is one of `let`. It is built
    once for all variants, because copying a part costs as much as computing its key.
    *changed_argument* is the call that changes a list or an array, if the mutation does that.
    """

    mistake: str
    name: str
    tree: Node
    part: KeyedPart | None
    changed_argument: Call | None


@lru_cache(maxsize=CACHED_MUTATIONS)
def get_mutations(problem: Problem, part_id: str, registry: Registry) -> tuple[Mutation, ...]:
    """Return the mutations of the key of a part, and of the `let` values and parts that it uses.

    Calls that lack an argument, or have one too many, are left out: they have no value.
    """
    part = problem.get_part(part_id)
    if not isinstance(part, KeyedPart) or part.key is None:
        return ()
    return tuple(
        Mutation(
            mistake,
            name,
            tree,
            _replace_part_key(problem, name or part_id, tree),
            find_sequence_call(tree),
        )
        for mistake, name, tree in _choose_mutations(problem, part, part.key)
        if calls_fit_signatures(tree, registry)
    )


def _choose_mutations(
    problem: Problem, part: KeyedPart, key: Expression
) -> tuple[tuple[str, str, Node], ...]:
    """Return the mistake, the name and the tree of each mutation, within the limits."""
    trees = _collect_key_trees(problem, key)
    others = (*sorted(part.key_variables), *problem.params, *problem.let)
    arithmetic = (
        (mistake, name, mutated)
        for name, tree in trees.items()
        for mistake, mutated in (
            *enumerate_mutations(tree),
            *_enumerate_variable_replacements(tree, sorted(part.key_variables)),
        )
    )
    items = (
        (mistake, name, mutated)
        for name, tree in trees.items()
        for mistake, mutated in enumerate_index_mutations(tree)
    )
    arguments = (
        (mistake, name, mutated)
        for name, tree in trees.items()
        for mistake, mutated in enumerate_argument_mutations(tree, others)
    )
    broad = (
        (mistake, name, mutated)
        for name, tree in trees.items()
        for mistake, mutated in (
            *enumerate_broad_mutations(tree, of_result=not name),
            *(enumerate_name_replacements(tree, others) if not name else ()),
        )
    )
    return (
        *islice(arithmetic, MAX_MUTATIONS),
        *islice(arguments, MAX_ARGUMENT_MUTATIONS),
        *islice(items, MAX_ITEM_MUTATIONS),
        *islice(broad, MAX_BROAD_MUTATIONS),
    )


def _replace_part_key(problem: Problem, name: str, tree: Node) -> KeyedPart | None:
    """Return the part *name* with *tree* as its key, None if *name* is a value of `let`."""
    part = None if name in problem.let else problem.get_part(name)
    if not isinstance(part, KeyedPart):
        return None
    return part.model_copy(update={"key": Expression("", tree)})


@lru_cache(maxsize=CACHED_MUTATIONS)
def get_argument_omission_mistakes(problem: Problem, part_id: str) -> frozenset[str]:
    """Return the mistakes about arguments that the key of a part sets: ``padding_left_out``.

    They explain an answer better than a mistake about something that every such key has, such as
    the 1 in the formula of a size.
    """
    part = problem.get_part(part_id)
    if not isinstance(part, KeyedPart) or part.key is None:
        return frozenset()
    return frozenset(
        f"{keyword}_left_out"
        for tree in _collect_key_trees(problem, part.key).values()
        for node in walk(tree)
        if isinstance(node, Call)
        for keyword, _ in node.keywords
        if keyword in NOTABLE_ARGUMENTS
    )


def _collect_key_trees(problem: Problem, key: Expression) -> dict[str, Node]:
    """Return the trees of *key* (by ""), and of the parts and the `let` values that it uses."""
    trees = {"": key.tree}
    used = set(key.names)
    for earlier in problem.parts:
        if earlier.id in used and isinstance(earlier, KeyedPart) and earlier.key is not None:
            trees[earlier.id] = earlier.key.tree
    for name, expression in reversed(problem.let.items()):
        if name in used:
            used |= expression.names
            trees[name] = expression.tree
    return trees


def enumerate_mutations(tree: Node) -> Iterator[tuple[str, Node]]:
    """Yield the id of a mistake and the tree of a student who makes it, at most `MAX_MUTATIONS`.

    >>> from grader.expressions.parser import parse
    >>> next(enumerate_mutations(parse("1 - a").tree))
    ('complement_taken', Name(name='a'))
    """
    yield from islice(_enumerate_unlimited_mutations(tree), MAX_MUTATIONS)


def _enumerate_unlimited_mutations(tree: Node) -> Iterator[tuple[str, Node]]:
    yield from _enumerate_complements(tree)
    seen_sums: set[int] = set()
    for node in walk(tree):
        if isinstance(node, BinaryOperation) and node.operator in SUM_SIGNS:
            if id(node) not in seen_sums:
                seen_sums.update(map(id, iterate_nested_sums(node)))
                yield from replace_with_each(tree, node, _mutate_sum(node))
        elif isinstance(node, BinaryOperation):
            yield from replace_with_each(tree, node, _mutate_operation(node))
        elif isinstance(node, Call):
            yield from replace_with_each(tree, node, _mutate_call(node))
    used = sorted(names_in(tree))
    if len(used) <= MAX_EXCHANGED_NAMES:
        for pair in combinations(used, 2):
            yield "operands_exchanged", _exchange_names(tree, *pair)


def _enumerate_variable_replacements(
    tree: Node, variables: Sequence[str]
) -> Iterator[tuple[str, Node]]:
    """Yield a formula with each variable replaced by another one that it does not have."""
    used = [name for name in variables if name in names_in(tree)]
    for name in used:
        for other in variables:
            if other not in used:
                yield "other_value_used", replace_everywhere(tree, Name(name), Name(other))


def _exchange_names(tree: Node, first: str, second: str) -> Node:
    exchanged = {first: Name(second), second: Name(first)}
    return replace_nodes(
        tree, lambda node: exchanged.get(node.name) if isinstance(node, Name) else None
    )


def _enumerate_complements(tree: Node) -> Iterator[tuple[str, Node]]:
    """Yield the rest for a share: x for ``1 - x``, and ``1 - x`` and ``100 - x`` for x."""
    if isinstance(tree, BinaryOperation) and tree.operator == "-" and tree.left in WHOLES:
        yield "complement_taken", tree.right
    elif isinstance(tree, (BinaryOperation, Call)):
        for whole in WHOLES:
            yield "complement_taken", BinaryOperation("-", whole, tree)


def _mutate_sum(node: BinaryOperation) -> Iterator[tuple[str, Node]]:
    terms = list(split_terms(node, sign=1))
    for index in range(len(terms)):
        yield "summand_left_out", join_terms(terms[:index] + terms[index + 1 :])
    if len(terms) > MIN_TERMS:
        for sign, term in terms:
            if not isinstance(term, NumberLiteral):
                yield "single_summand", term if sign > 0 else Negation(term)
    for index in range(1, len(terms)):
        flipped = (-terms[index][0], terms[index][1])
        yield "sign_flipped", join_terms([*terms[:index], flipped, *terms[index + 1 :]])
    if len(terms) > MIN_TERMS:
        return
    if node.operator == "-":
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
        yield "rounded_otherwise", argument
        for other in ("floor", "ceil"):
            if other != node.function:
                yield "rounded_otherwise", Call(other, (argument,), site=node.site)
    elif node.function == "sqrt":
        yield "exponent_left_out", argument
