"""Mutations that hold in all like places of a tree, or for its result as a whole.

A student who forgets a root forgets it in each of the terms; one who doubts the definition gives
the root of the result, or its negative. `grader.diagnosis.mutations` changes one place at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, islice
from typing import Final

from grader.diagnosis.sum_terms import (
    SUM_SIGNS,
    WHOLES,
    iterate_nested_sums,
    join_terms,
    split_terms,
)
from grader.expressions.arithmetic import FUNCTIONS
from grader.expressions.tree import (
    BinaryOperation,
    BooleanOperation,
    Call,
    Comparison,
    Name,
    Negation,
    Node,
    NumberLiteral,
    TupleLiteral,
    get_children,
    names_in,
    replace_node,
    replace_nodes,
    walk,
)

MAX_BROAD_MUTATIONS: Final = 32
"""Maximum number of these mutations of a part."""
MAX_OTHER_NAMES: Final = 32
"""Maximum number of trees with another number of the question."""
MAX_PAIRED_TERMS: Final = 6
"""Number of terms of a sum up to which each pair is left out."""
MIN_PAIRED_TERMS: Final = 4
MIN_AVERAGED_TERMS: Final = 3
MIN_COUNT: Final = 3
"""Smallest number in a product or below a line that may be one too large or too small."""
TWO: Final = NumberLiteral(2)
UNIT: Final = NumberLiteral(1)
OTHER_LOGARITHMS: Final = {
    "ln": (("log_base_two", "log2"), ("log_base_ten", "log10")),
    "log2": (("natural_log", "ln"), ("log_base_ten", "log10")),
    "log10": (("natural_log", "ln"), ("log_base_two", "log2")),
}
Mutations = Iterator[tuple[str, Node]]


def enumerate_broad_mutations(tree: Node, *, of_result: bool = True) -> Mutations:
    """Yield the id of a mistake and the mutated tree, the likeliest first.

    *of_result* says whether *tree* is what the question asks for.

    >>> from grader.expressions.parser import parse
    >>> next(enumerate_broad_mutations(parse("n*(1 - p)").tree))[0]
    'complement_taken'
    """
    yield from _drop_everywhere(tree)
    if of_result:
        yield from enumerate_result_mutations(tree)
    yield from _mutate_sums(tree)
    for node in _walk_arithmetic(tree):
        if isinstance(node, BinaryOperation):
            yield from replace_with_each(tree, node, _replace_operator(node))
        elif isinstance(node, Call):
            for mistake, function in OTHER_LOGARITHMS.get(node.function, ()):
                yield mistake, replace_node(tree, node, Call(function, node.arguments))
    yield from _shift_counts_by_one(tree)


def enumerate_name_replacements(tree: Node, others: Sequence[str]) -> Mutations:
    """Yield the tree with one name of its arithmetic replaced by another name of the question.

    Arguments of solvers are left alone: `grader.diagnosis.argument_mutations` replaces those.
    """
    used = sorted({node.name for node in _walk_arithmetic(tree) if isinstance(node, Name)})
    trees = (
        ("other_value_used", _replace_all(tree, Name(name), Name(other)))
        for name in used
        for other in others
        if other not in names_in(tree)
    )
    yield from islice(trees, MAX_OTHER_NAMES)


def _walk_arithmetic(node: Node) -> Iterator[Node]:
    """Yield the nodes outside the arguments of solvers and outside conditions."""
    yield node
    if isinstance(node, (Comparison, BooleanOperation)) or (
        isinstance(node, Call) and node.function not in FUNCTIONS
    ):
        return
    for child in get_children(node):
        yield from _walk_arithmetic(child)


def replace_with_each(tree: Node, target: Node, replacements: Mutations) -> Mutations:
    """Yield *tree* with *target* replaced by each of *replacements*."""
    for mistake, replacement in replacements:
        yield mistake, replace_node(tree, target, replacement)


def _replace_all(tree: Node, leaf: Node, other: Node) -> Node:
    return replace_nodes(tree, lambda node: other if node == leaf else None)


def _drop_everywhere(tree: Node) -> Mutations:
    """Yield the tree with a change at all places where it fits.

    All complements are undone, or all square roots, all squares, or equal divisors are left out.
    """
    yield from _change_everywhere(
        tree, "complement_taken", _undo_complement, min_places=1, nested_only=True
    )
    yield from _change_everywhere(tree, "exponent_left_out", _drop_square_root)
    yield from _change_everywhere(tree, "exponent_left_out", _drop_square)
    divisors = (_find_literal_divisor(node) for node in walk(tree))
    for divisor in dict.fromkeys(divisors):
        if divisor is not None:
            change = partial(_drop_divisor, divisor=divisor)
            yield from _change_everywhere(tree, "divisor_left_out", change)


def _change_everywhere(
    tree: Node,
    mistake: str,
    change: Callable[[Node], Node | None],
    *,
    min_places: int = 2,
    nested_only: bool = False,
) -> Mutations:
    """Yield the tree with *change* made in all places, if there are at least *min_places*.

    With *nested_only*, the root of the tree must not be one of them.
    """
    places = [node for node in walk(tree) if change(node) is not None]
    if len(places) >= min_places and not (nested_only and places[0] is tree):

        def change_below(node: Node) -> Node | None:
            changed = change(node)
            return None if changed is None else replace_nodes(changed, change_below)

        yield mistake, replace_nodes(tree, change_below)


def _undo_complement(node: Node) -> Node | None:
    match node:
        case BinaryOperation("-", left, right) if left in WHOLES:
            return right
        case _:
            return None


def _drop_square_root(node: Node) -> Node | None:
    match node:
        case Call("sqrt", (argument,)):
            return argument
        case _:
            return None


def _drop_square(node: Node) -> Node | None:
    match node:
        case BinaryOperation("**", left, right) if right == TWO:
            return left
        case _:
            return None


def _drop_divisor(node: Node, divisor: Node) -> Node | None:
    match node:
        case BinaryOperation("/", left, right) if right == divisor:
            return left
        case _:
            return None


def _find_literal_divisor(node: Node) -> NumberLiteral | None:
    match node:
        case BinaryOperation("/", _, NumberLiteral() as divisor):
            return divisor
        case _:
            return None


def enumerate_result_mutations(tree: Node) -> Mutations:
    """Yield the negative of the result, its root, its square, its double and its half.

    Of a percentage from a quotient, the percentage from the inverted quotient comes first.
    """
    if isinstance(tree, BinaryOperation) and tree.operator == "/":
        match tree.left:
            case BinaryOperation("*", NumberLiteral(100), numerator):
                inverted = BinaryOperation("/", tree.right, numerator)
                yield "quotient_inverted", BinaryOperation("*", NumberLiteral(100), inverted)
    for mistake, change in (
        ("sign_of_result", _negate),
        ("exponent_left_out", lambda node: Call("sqrt", (node,))),
        ("exponent_left_out", lambda node: BinaryOperation("**", node, TWO)),
        ("halved_for_doubled", lambda node: BinaryOperation("*", node, TWO)),
        ("halved_for_doubled", lambda node: BinaryOperation("/", node, TWO)),
    ):
        if isinstance(tree, TupleLiteral):
            yield mistake, TupleLiteral(tuple(map(change, tree.items)))
        else:
            yield mistake, change(tree)


def _negate(node: Node) -> Node:
    return node.operand if isinstance(node, Negation) else Negation(node)


def _mutate_sums(tree: Node) -> Mutations:
    """Yield the tree with a mistake in one of its sums: a term counted twice, two left out."""
    seen: set[int] = set()
    for node in _walk_arithmetic(tree):
        if not isinstance(node, BinaryOperation) or node.operator not in SUM_SIGNS:
            continue
        if id(node) not in seen:
            seen.update(map(id, iterate_nested_sums(node)))
            yield from replace_with_each(tree, node, _mutate_terms(list(split_terms(node))))


def _mutate_terms(terms: list[tuple[int, Node]]) -> Mutations:
    if MIN_PAIRED_TERMS <= len(terms) <= MAX_PAIRED_TERMS:
        for combination in combinations(terms, len(terms) - 2):
            yield "summand_left_out", join_terms(list(combination))
    (sign, first), *others = terms
    if sign > 0 and not isinstance(first, NumberLiteral):
        yield "sign_flipped", join_terms([(-1, first), *others])
    for term in terms:
        if not isinstance(term[1], NumberLiteral):
            yield "summand_counted_twice", join_terms([*terms, term])
    if len(terms) >= MIN_AVERAGED_TERMS and all(sign > 0 for sign, _ in terms):
        yield "mean_for_sum", BinaryOperation("/", join_terms(terms), NumberLiteral(len(terms)))


def _replace_operator(node: BinaryOperation) -> Mutations:
    """Yield a product for a quotient or a power, a quotient for a product, and a lower power."""
    left, right = node.left, node.right
    match node.operator:
        case "/" if right != TWO:
            yield "multiplied_or_divided", BinaryOperation("*", left, right)
        case "*" if not isinstance(left, NumberLiteral) and not isinstance(right, TupleLiteral):
            yield "multiplied_or_divided", BinaryOperation("/", left, right)
        case "**":
            yield "multiplied_or_raised", BinaryOperation("*", left, right)
            yield "multiplied_or_raised", BinaryOperation("**", right, left)
            if isinstance(right, NumberLiteral) and right.value > TWO.value:
                lower = NumberLiteral(right.value - 1)
                yield "exponent_left_out", BinaryOperation("**", left, lower)


def _shift_counts_by_one(tree: Node) -> Mutations:
    """Yield the tree with a factor or a divisor that is one too small or too large."""
    counts: dict[Node, None] = {}
    for node in _walk_arithmetic(tree):
        match node:
            case BinaryOperation("*", left, right):
                counts.update(dict.fromkeys(side for side in (left, right) if _is_count(side)))
            case BinaryOperation("/", _, right) if _is_count(right) or isinstance(right, Name):
                counts[right] = None
    for count in counts:
        for sign in ("-", "+"):
            shifted = BinaryOperation(sign, count, UNIT)
            yield "count_off_by_one", _replace_all(tree, count, shifted)


def _is_count(node: Node) -> bool:
    match node:
        case NumberLiteral(int() as number):
            return number >= MIN_COUNT and node not in WHOLES
        case _:
            return False
