"""Mistakes in the arguments of the calls in a key, and of those in `let`.

A student forgets an argument, so that the default counts; takes another number of the question;
drops an item of a list, such as the last layer; or exchanges the two entries of a pair. The mutated
trees call the functions of `grader.diagnosis.mutated_calls`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.tree import (
    BooleanOperation,
    Call,
    Comparison,
    ItemAccess,
    LogicalNot,
    Name,
    Node,
    NumberLiteral,
    TextLiteral,
    TupleLiteral,
    get_children,
    names_in,
    replace_node,
    replace_nodes,
    walk,
)

MAX_ARGUMENT_MUTATIONS: Final = 96
"""Maximum number of mutated trees of one expression."""
MAX_DROPPED_ITEMS: Final = 8
"""Number of items of a list of which each one is left out."""
PAIR: Final = 2
MAX_OTHER_ITEMS: Final = 4
"""Number of items of a list, from the first, that may be taken for another."""
ENTRY_DEFAULTS: Final[Mapping[str, int]] = {"stride": 1, "padding": 0, "dilation": 1}
"""Defaults of arguments that may be pairs, for one of their entries."""
Mutations = Iterator[tuple[str, Node]]


def enumerate_argument_mutations(tree: Node, others: Sequence[str] = ()) -> Mutations:
    """Yield the id of a mistake and the mutated tree, the likeliest first.

    *others* are the names of further numbers of the question, which a student could take.
    """
    calls = [node for node in walk(tree) if isinstance(node, Call)]
    yield from islice(_mutate_calls(tree, calls, others), MAX_ARGUMENT_MUTATIONS)


def _mutate_calls(tree: Node, all_calls: Sequence[Call], others: Sequence[str]) -> Mutations:
    calls = [call for call in all_calls if call.function not in FUNCTIONS]
    for keyword in sorted({word for call in calls for word, _ in call.keywords}):
        yield "argument_left_out", _drop_keyword_everywhere(tree, keyword)
    for call in calls:
        if len(calls) > 1:
            for keyword, _ in call.keywords:
                yield "argument_left_out", replace_node(tree, call, _without_keyword(call, keyword))
        if len(call.keywords) > 1:
            yield (
                "argument_left_out",
                replace_node(tree, call, replace(call, keywords=())),
            )
    for call in calls:
        yield from _reset_pair_entries(tree, call)
    for call in all_calls:
        yield from _drop_arguments(tree, call)
        yield from _mutate_sequences(tree, call)
    for call in calls:
        yield from _exchange_arguments(tree, call)
        yield from _rotate_or_transpose_arrays(tree, call)
    for call in calls:
        yield from _enumerate_argument_replacements(tree, call, others)


def _drop_keyword_everywhere(tree: Node, keyword: str) -> Node:
    def drop_from_call(node: Node) -> Node | None:
        if not isinstance(node, Call) or all(word != keyword for word, _ in node.keywords):
            return None
        reduced = _without_keyword(node, keyword)
        below = (_drop_keyword_everywhere(item, keyword) for item in reduced.arguments)
        return replace(reduced, arguments=tuple(below))

    return replace_nodes(tree, drop_from_call)


def _without_keyword(call: Call, keyword: str) -> Call:
    return replace(call, keywords=tuple(pair for pair in call.keywords if pair[0] != keyword))


def _reset_pair_entries(tree: Node, call: Call) -> Mutations:
    """Yield the call with one entry of a pair at its default: the stride of one axis forgotten."""
    for keyword, value in call.keywords:
        if keyword in ENTRY_DEFAULTS and isinstance(value, TupleLiteral):
            default = NumberLiteral(ENTRY_DEFAULTS[keyword])
            for entry in value.items:
                if entry != default:
                    yield "argument_left_out", replace_node(tree, entry, default)


def _rotate_or_transpose_arrays(tree: Node, call: Call) -> Mutations:
    """Yield the call with an array turned by half or transposed; a number cannot be turned."""
    for argument in _get_value_arguments(call):
        if isinstance(argument, (Name, Call)):
            for function in ("_turn", "_transpose"):
                yield (
                    "array_turned",
                    replace_node(tree, argument, Call(function, (argument,))),
                )


def enumerate_index_mutations(tree: Node) -> Mutations:
    """Yield the tree with another item of a list: one index replaced, everywhere or once."""
    accesses = [node for node in walk(tree) if isinstance(node, ItemAccess) and node.index >= 0]
    for index in sorted({node.index for node in accesses}):
        for other in range(MAX_OTHER_ITEMS):
            if other != index:
                yield "other_item_used", _replace_index(tree, index, other)
    for node in accesses if len(accesses) > 1 else ():
        for other in range(MAX_OTHER_ITEMS):
            if other != node.index:
                replacement = ItemAccess(node.value, other)
                yield "other_item_used", replace_node(tree, node, replacement)


def _replace_index(tree: Node, index: int, other: int) -> Node:
    def replace_item_index(node: Node) -> Node | None:
        if isinstance(node, ItemAccess) and node.index == index:
            return ItemAccess(_replace_index(node.value, index, other), other)
        return None

    return replace_nodes(tree, replace_item_index)


def _drop_arguments(tree: Node, call: Call) -> Mutations:
    """Yield the call without one of three or more arguments, such as the layers of a network."""
    arguments = call.arguments
    for index in reversed(range(len(arguments)) if len(arguments) > PAIR else ()):
        reduced = (*arguments[:index], *arguments[index + 1 :])
        mistake = "stopped_early" if index == len(arguments) - 1 else "item_left_out"
        yield (
            mistake,
            replace_node(tree, call, replace(call, arguments=reduced)),
        )


def _mutate_sequences(tree: Node, call: Call) -> Mutations:
    """Yield mutations of each argument that is, or may be, a pair or a list."""
    for argument in _get_value_arguments(call):
        if isinstance(argument, TupleLiteral):
            count = len(argument.items)
        elif isinstance(argument, Name):
            count = MAX_DROPPED_ITEMS  # unknown here: a number has no items, and nothing comes out
        else:
            continue

        def apply_to_argument(function: str, *details: Node, target: Node = argument) -> Node:
            return replace_node(tree, target, Call(function, (target, *details)))

        if count >= PAIR:
            yield "entries_exchanged", apply_to_argument("_swap")
            yield "single_entry_used", apply_to_argument("_repeat", NumberLiteral(0))
            yield "single_entry_used", apply_to_argument("_repeat", NumberLiteral(1))
            yield "stopped_early", apply_to_argument("_drop", NumberLiteral(-1))
        for index in range(min(count - 1, MAX_DROPPED_ITEMS)):
            yield "item_left_out", apply_to_argument("_drop", NumberLiteral(index))


def _exchange_arguments(tree: Node, call: Call) -> Mutations:
    """Yield the call with two neighboring arguments exchanged."""
    arguments = call.arguments
    for index in range(len(arguments) - 1):
        exchanged = list(arguments)
        exchanged[index : index + 2] = arguments[index + 1], arguments[index]
        yield (
            "entries_exchanged",
            replace_node(tree, call, replace(call, arguments=tuple(exchanged))),
        )


def _enumerate_argument_replacements(tree: Node, call: Call, others: Sequence[str]) -> Mutations:
    """Yield the call with one argument replaced by another number of the tree or the question."""
    leaves = [leaf for argument in _get_value_arguments(call) for leaf in _walk_numbers(argument)]
    numbers = dict.fromkeys(_walk_numbers(tree))
    candidates = [*numbers, *(Name(name) for name in others if name not in names_in(tree))]
    repeated = [leaf for leaf in dict.fromkeys(leaves) if leaves.count(leaf) > 1]
    for leaf in repeated:
        if isinstance(leaf, Name):
            for other in candidates:
                if other != leaf:
                    yield "other_value_used", replace_everywhere(tree, leaf, other)
    for leaf in leaves:
        for other in candidates:
            if other != leaf:
                yield "other_value_used", replace_node(tree, leaf, other)


def replace_everywhere(tree: Node, leaf: Node, other: Node) -> Node:
    """Return *tree* with *other* in the place of each node that equals *leaf*."""
    return replace_nodes(tree, lambda node: other if node == leaf else None)


def _walk_numbers(node: Node) -> Iterator[Name | NumberLiteral]:
    """Yield the names and numbers in *node*, except those of conditions such as ``bias=False``."""
    if isinstance(node, (Name, NumberLiteral)):
        yield node
    elif not isinstance(node, (Comparison, BooleanOperation, LogicalNot)):
        for child in get_children(node):
            yield from _walk_numbers(child)


def _get_value_arguments(call: Call) -> tuple[Node, ...]:
    values = (*call.arguments, *(value for _, value in call.keywords))
    return tuple(value for value in values if not isinstance(value, TextLiteral))
