"""Tests that published problems grade the same after a round trip through storage.

All problems would take minutes. The sample below covers each kind and each option of a
part that the bank uses, so that the tests find a kind or option that does not survive
storage.
"""

from collections.abc import Iterator
from functools import cache

import pytest
from bank_catalog import CATALOG
from reloaded_variants import differences

from grader.definitions.parts import Part
from grader.definitions.problem import AnyPart
from grader.kinds import KINDS
from grader.variants.variant import solve_variant
from problems.registry import REGISTRY

Option = tuple[str, str, str]


def options_of(part: AnyPart) -> Iterator[Option]:
    """Yield (kind, field, value) of each option of a part.

    The value is "" for a field that is not a choice.
    """
    yield part.kind, "kind", ""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if name in Part.model_fields or value == field.get_default(call_default_factory=True):
            continue
        chosen = isinstance(value, (bool, str)) and name != "reason"
        yield part.kind, name, str(value) if chosen else ""
    each = getattr(part, "tolerance", ())
    for tolerance in each if isinstance(each, tuple) else (each,):
        yield from ((part.kind, "tolerance", rule) for rule in tolerance.model_fields_set)


@cache
def options() -> dict[str, frozenset[Option]]:
    """Return the options that each problem uses."""
    return {
        name: frozenset(option for part in CATALOG.get(name).parts for option in options_of(part))
        for name in CATALOG.ids
    }


def covering_sample() -> list[str]:
    """Return a small set of problems that uses every option, by greedy set cover."""
    left, sample = set[Option]().union(*options().values()), []
    while left:
        best = max(options(), key=lambda name: len(options()[name] & left))
        sample.append(best)
        left -= options()[best]
    return sample


def test_bank_uses_every_kind():
    used = {kind for found in options().values() for kind, *_ in found}
    assert used == KINDS.keys()


@pytest.mark.parametrize("name", covering_sample())
@pytest.mark.parametrize("seed", [None, 1])
def test_stored_bank_problem_grades_like_solved_one(name, seed):
    problem = CATALOG.get(name)
    if seed is None or problem.has_drawn_params:
        assert differences(solve_variant(problem, seed, REGISTRY), REGISTRY) == []
