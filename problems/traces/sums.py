"""Sums, means and sums of products of many numbers, as formulas that say each term."""

from collections.abc import Iterable
from fractions import Fraction

from grader.display.steps import Formula
from grader.expressions.tree import Binary, Num
from grader.values import Number, exact, simplest
from problems.traces.tracing import joined

__all__ = ["averaged", "dotted"]


def averaged(name: str, terms: Iterable[object]) -> Formula:
    """Return the step that takes the mean of *terms*, of one or more.

    >>> averaged("m", (1, 2, 6)).value
    3
    """
    numbers = [exact(term) for term in terms]
    total = _sum(numbers)
    top = joined("+", [Num(number) for number in numbers], total)
    tree = top if len(numbers) == 1 else Binary("/", top, Num(len(numbers)))
    return Formula(name, tree, tree, simplest(Fraction(total) / len(numbers)))


def dotted(name: str, left: Iterable[object], right: Iterable[object]) -> Formula:
    """Return the step that adds up the products of *left* and *right*, term by term.

    >>> dotted("s", (1, 2), (10, 100)).value
    210
    """
    pairs = [(exact(one), exact(two)) for one, two in zip(left, right, strict=True)]
    value = _sum(one * two for one, two in pairs)
    tree = joined("+", [Binary("*", Num(one), Num(two)) for one, two in pairs], value)
    return Formula(name, tree, tree, value)


def _sum(numbers: Iterable[Number]) -> Number:
    return simplest(sum(map(Fraction, numbers), Fraction(0)))
