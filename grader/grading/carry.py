"""Carried answers: the earlier answers of a student that a later part may compute with."""

from collections.abc import Mapping

from grader.book import Book, functions_of
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate, truth
from grader.kinds import KINDS
from grader.values import Value
from grader.variants.plan import plan_of
from grader.variants.variant import Variant

__all__ = ["carried_names"]


def carried_names(
    variant: Variant, part: KeyedPart, own: Mapping[str, Value], *, book: Book
) -> dict[str, Value]:
    """Return the student's values of the earlier parts that the key of *part* names.

    Only values that differ from the key and pass their guard are included; if there are none, there
    is nothing to follow through.
    """
    named = plan_of(variant.problem, book).named[part.id]
    return {
        earlier.id: own[earlier.id]
        for earlier in variant.problem.parts
        if earlier.id in named and _may_carry(variant, earlier, own, book)
    }


def _may_carry(variant: Variant, part: AnyPart, own: Mapping[str, Value], book: Book) -> bool:
    true = variant.keys.get(part.id)
    if part.id not in own or true is None or own[part.id] == true:
        return False
    value = own[part.id]
    if not (isinstance(part, KeyedPart) and KINDS[part.kind].may_carry(value, true)):
        return False
    if part.carry is None:
        return True
    keys = {name: key for name, key in variant.keys.items() if key is not None}
    names = {**variant.names, **keys, **own, part.id: value}
    try:
        return truth(evaluate(part.carry.tree, Scope(names, functions_of(book))))
    except SolverError:
        return False
