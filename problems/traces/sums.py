"""Sums, means and dot products of many numbers, as formulas that show each term."""

from collections.abc import Iterable
from fractions import Fraction

from grader.display.steps import Formula
from grader.expressions.tree import BinaryOperation, NumberLiteral
from grader.values import Number, simplify_number, to_exact_number
from problems.traces.tracing import join_nodes


def mean_formula(name: str, terms: Iterable[object]) -> Formula:
    """Return the formula of the mean of *terms*, of which there is at least one.

    >>> mean_formula("m", (1, 2, 6)).value
    3
    """
    numbers = [to_exact_number(term) for term in terms]
    total = _exact_sum(numbers)
    top = join_nodes("+", [NumberLiteral(number) for number in numbers], total)
    tree = top if len(numbers) == 1 else BinaryOperation("/", top, NumberLiteral(len(numbers)))
    return Formula(name, tree, tree, simplify_number(Fraction(total) / len(numbers)))


def dot_product_formula(name: str, left: Iterable[object], right: Iterable[object]) -> Formula:
    """Return the formula of the dot product of *left* and *right*, term by term.

    >>> dot_product_formula("s", (1, 2), (10, 100)).value
    210
    """
    pairs = [
        (to_exact_number(one), to_exact_number(two)) for one, two in zip(left, right, strict=True)
    ]
    value = _exact_sum(pair * two for pair, two in pairs)
    tree = join_nodes(
        "+",
        [BinaryOperation("*", NumberLiteral(pair), NumberLiteral(two)) for pair, two in pairs],
        value,
    )
    return Formula(name, tree, tree, value)


def _exact_sum(numbers: Iterable[Number]) -> Number:
    return simplify_number(sum(map(Fraction, numbers), Fraction(0)))
