"""Tests that variants keep their numbers when the grading of a problem changes."""

import json
from copy import deepcopy

import pytest
from bank_catalog import CATALOG

from grader.definitions.problem import Problem
from grader.variants.variant import solve_variant
from problems.files.yaml_document import load_document
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant, rekey_variant

TOLERANT = {"number", "percent"}
ORIGINALS = 4
"""Of every fourth drawn problem, the original is rekeyed instead of a seed."""


def remarked(name: str) -> Problem:
    """Return the problem with other points and, for numbers, another tolerance."""
    data = deepcopy(load_document(CATALOG.path(name).read_text(), file=name).data)
    data["title"] = f"{data['title']}, marked otherwise"
    for part in data["parts"]:
        if part["kind"] != "text":
            part["points"] = part.get("points", 1) + 1
        if part["kind"] in TOLERANT and "key" in part:
            part["tolerance"] = {"abs": 10}
    return Problem.model_validate(data)


@pytest.mark.parametrize("name", CATALOG.ids)
def test_changed_marking_keeps_numbers_and_matches_keys_of_fresh_solve(name):
    before, after = CATALOG.get(name), remarked(name)
    assert before.marking_hash != after.marking_hash
    is_drawn = before.has_drawn_params and CATALOG.ids.index(name) % ORIGINALS > 0
    variant = solve_variant(before, 0 if is_drawn else None, REGISTRY)
    stored = json.loads(json.dumps(dump_variant(variant, REGISTRY)))
    rekeyed = rekey_variant(stored, after, REGISTRY)
    fresh = solve_variant(after, variant.seed, REGISTRY)
    dumped = dump_variant(rekeyed, REGISTRY)
    assert (dumped["seed"], dumped["params"]) == (variant.seed, stored["params"])
    assert dumped == dump_variant(fresh, REGISTRY)
    assert {part: str(key) for part, key in rekeyed.keys.items()} == {
        part: str(key) for part, key in fresh.keys.items()
    }
