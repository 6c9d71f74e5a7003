"""Follow-through: the key that a student's own earlier answers lead to."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from grader.grading.carry import carried_names
from grader.grading.context import PartContext
from grader.values import Value

__all__ = ["FollowThrough", "follow_through"]


class FollowThrough(NamedTuple):
    """What a student carries on to a part: earlier answers by *names*, and the *key* from them.

    *credit* is the share of the credit that an answer to that key can have.
    """

    names: Mapping[str, Value]
    key: Value | None
    credit: Fraction


NONE: Final = FollowThrough({}, None, Fraction(0))


def follow_through(context: PartContext, own: Mapping[str, Value]) -> FollowThrough:
    """Return what a student with the answers *own* carries on to the part of *context*.

    There is no key where the answers lead to none, or by a shortcut: a key that merely repeats a
    carried answer, where the true ones differ.
    """
    if not own or context.keyed is None or context.earlier.isdisjoint(own):
        return NONE
    names = carried_names(context.variant, context.keyed, own, book=context.book)
    if not names:
        return NONE
    key = context.solve(names)
    keys = context.variant.keys
    if any(key == value and context.key != keys.get(name) for name, value in names.items()):
        key = None
    return FollowThrough(names, key, Fraction(context.keyed.follow_through))
