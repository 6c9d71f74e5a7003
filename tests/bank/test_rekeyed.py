"""Tests that variants keep their numbers when the grading of a problem changes."""

import json
from copy import deepcopy

import pytest
from bank_at_hand import CATALOGUE

from grader.definitions.problem import Problem
from grader.variants.variant import solve_variant
from problems.files.yaml_document import load_document
from problems.registry import REGISTRY
from problems.variant_serialization import dump_variant, rekey_variant

TOLERANT = {"number", "percent"}


def remarked(name: str) -> Problem:
    """Return the problem with other points and, for numbers, another tolerance."""
    data = deepcopy(load_document(CATALOGUE.path(name).read_text(), file=name).data)
    data["title"] = f"{data['title']}, marked otherwise"
    for part in data["parts"]:
        if part["kind"] != "text":
            part["points"] = part.get("points", 1) + 1
        if part["kind"] in TOLERANT and "key" in part:
            part["tolerance"] = {"abs": 10}
    return Problem.model_validate(data)


@pytest.mark.parametrize("name", CATALOGUE.ids)
def test_under_another_marking_the_numbers_stay_and_the_keys_are_those_of_a_fresh_solve(name):
    before, after = CATALOGUE.get(name), remarked(name)
    assert before.marking_hash != after.marking_hash
    for seed in (None, 0)[: 1 + before.has_drawn_params]:
        stored = json.loads(
            json.dumps(dump_variant(solve_variant(before, seed, REGISTRY), REGISTRY))
        )
        given, fresh = rekey_variant(stored, after, REGISTRY), solve_variant(after, seed, REGISTRY)
        told = dump_variant(given, REGISTRY)
        assert (told["seed"], told["params"]) == (seed, stored["params"])
        assert told == dump_variant(fresh, REGISTRY)
        assert {part: str(key) for part, key in given.keys.items()} == {
            part: str(key) for part, key in fresh.keys.items()
        }
