"""Follow-through: the key that follows from a student's own earlier answers."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from grader.grading.carried_answers import collect_carried_values
from grader.grading.context import PartContext
from grader.values import Value


class FollowThrough(NamedTuple):
    """Answers that a student carries to a part (*carried_values*), and the *key* from them.

    *credit* is the share of the credit that an answer equal to that key can earn.
    """

    carried_values: Mapping[str, Value]
    key: Value | None
    credit: Fraction


NO_FOLLOW_THROUGH: Final = FollowThrough({}, None, Fraction(0))


def compute_follow_through(
    context: PartContext, student_values: Mapping[str, Value]
) -> FollowThrough:
    """Return what a student with the answers *student_values* carries to the part of *context*.

    The key is None if it cannot be computed, or if it only repeats a carried answer while the true
    keys of the two parts differ: that would be a shortcut.
    """
    if not student_values or context.keyed is None or context.key_names.isdisjoint(student_values):
        return NO_FOLLOW_THROUGH
    carried_values = collect_carried_values(
        context.variant, context.keyed, student_values, registry=context.registry
    )
    if not carried_values:
        return NO_FOLLOW_THROUGH
    key = context.solve_with_carried(carried_values)
    keys = context.variant.keys
    if any(
        key == value and context.key != keys.get(name) for name, value in carried_values.items()
    ):
        key = None
    return FollowThrough(carried_values, key, Fraction(context.keyed.follow_through))
