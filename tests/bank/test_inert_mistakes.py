"""Tests that running only some mistakes finds the same hidden ones as running all."""

import pytest
from bank_catalog import CATALOG

from grader.diagnosis.mistakes import find_hidden_mistakes
from grader.variants.variant import solve_variant
from problems.publish import DRAWS_FOR_INERT, publish_problem
from problems.registry import REGISTRY

DRAWN = [name for name in CATALOG.ids if CATALOG.get(name).has_drawn_params]


@pytest.mark.parametrize("name", DRAWN)
def test_hidden_mistakes_found_among_some_match_those_found_among_all(name):
    problem = CATALOG.get(name)
    for seed in (None, 0, 1):
        variant = solve_variant(problem, seed, REGISTRY)
        every = {part: known.hidden for part, known in variant.mistakes.items()}
        shown = {
            part: {one.ids[0] for one in known.candidates}
            for part, known in variant.mistakes.items()
        }
        for among in (every, {part: every[part] | shown[part] for part in every}):
            found = find_hidden_mistakes(
                problem, variant.names, variant.keys, REGISTRY, among=among
            )
            assert found == every


@pytest.mark.parametrize("name", ["kv-cache-memory", "conv-layer-macs", "conv-output-shape"])
def test_requested_seed_count_does_not_change_inert_mistakes(name):
    problem = CATALOG.get(name)
    few, many = (
        publish_problem(problem, REGISTRY, limit=limit).report for limit in (3, DRAWS_FOR_INERT)
    )
    assert few.inert == many.inert
    assert few.seeds == many.seeds[:3]
