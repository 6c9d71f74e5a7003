"""Carried answers: the earlier answers of a student that a later part may compute with."""

from collections.abc import Mapping

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.errors import SolverError
from grader.expressions.evaluate import Scope, evaluate, require_boolean
from grader.kinds import KINDS
from grader.registry import Registry, available_functions
from grader.values import Value
from grader.variants.plan import get_problem_plan
from grader.variants.variant import Variant


def collect_carried_values(
    variant: Variant, part: KeyedPart, student_values: Mapping[str, Value], *, registry: Registry
) -> dict[str, Value]:
    """Return the student's values of the earlier parts that the key of *part* names.

    Only values that differ from the key and pass their guard are included; if there are none, there
    is nothing to follow through.
    """
    key_names = get_problem_plan(variant.problem, registry).key_names[part.id]
    return {
        earlier.id: student_values[earlier.id]
        for earlier in variant.problem.parts
        if earlier.id in key_names
        and _can_carry_forward(variant, earlier, student_values, registry)
    }


def _can_carry_forward(
    variant: Variant, part: AnyPart, student_values: Mapping[str, Value], registry: Registry
) -> bool:
    key = variant.keys.get(part.id)
    if part.id not in student_values or key is None or student_values[part.id] == key:
        return False
    value = student_values[part.id]
    if not (isinstance(part, KeyedPart) and KINDS[part.kind].can_carry_forward(value, key)):
        return False
    if part.carry is None:
        return True
    keys = {name: key for name, key in variant.keys.items() if key is not None}
    names = {**variant.names, **keys, **student_values, part.id: value}
    try:
        return require_boolean(
            evaluate(part.carry.tree, Scope(names, available_functions(registry)))
        )
    except SolverError:
        return False
