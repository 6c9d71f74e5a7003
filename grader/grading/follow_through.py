"""Follow-through: the key that follows from a student's own earlier answers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from grader.grading.carry import carried_names
from grader.grading.context import PartContext
from grader.values import Value

__all__ = ["FollowThrough", "follow_through"]


class FollowThrough(NamedTuple):
    """The earlier answers that a student carries to a part, by *names*, and the *key* from them.

    *credit* is the share of the credit that an answer equal to that key can earn.
    """

    names: Mapping[str, Value]
    key: Value | None
    credit: Fraction


NONE: Final = FollowThrough({}, None, Fraction(0))


def follow_through(context: PartContext, own: Mapping[str, Value]) -> FollowThrough:
    """Return what a student with the answers *own* carries to the part of *context*.

    The key is None if it cannot be computed, or if it only repeats a carried answer while the true
    keys of the two parts differ: that would be a shortcut.
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
