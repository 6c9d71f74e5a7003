"""Wrong values with causes, written from the pages of the problems alone, and how they are named.

`blind_wrong_values.jsonl` has one object per line: the answer to a part of a variant, the cause in
words, and whether a teacher could name it. The authors saw statements and right answers, but
neither solvers nor mistakes. `fits` lists the mistakes that a reader of statement, cause and hint
found right or equally good. `blind_wrong_values_second.jsonl` is a later collection of the same
form, for one seed of 41 problems, and `blind_wrong_values_third.jsonl` one for 40 problems.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

from bank_catalog import CATALOG

from grader.definitions.parts import KeyedPart
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY

__all__ = ["COLLECTIONS", "count_named_without_authors", "count_outcomes", "outcome_of"]

FOLDER = Path(__file__).parent


def _load(name: str) -> list[dict]:
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


COLLECTIONS = {
    "first": _load("blind_wrong_values"),
    "second": _load("blind_wrong_values_second"),
    "third": _load("blind_wrong_values_third"),
}


@cache
def _variant(problem: str, seed: int) -> Variant:
    return solve_variant(CATALOG.get(problem), seed, REGISTRY)


@cache
def _variant_without_authors(problem_id: str, seed: int) -> Variant:
    """Return a variant of the problem without the mistakes that its author lists."""
    problem = CATALOG.get(problem_id)
    parts = tuple(
        part.model_copy(update={"mistakes": ()}) if isinstance(part, KeyedPart) else part
        for part in problem.parts
    )
    return solve_variant(problem.model_copy(update={"parts": parts}), seed, REGISTRY)


def _grade_value(value: dict, variant: Variant) -> PartResult:
    results = grade(variant, {value["part"]: value["typed"]}, registry=REGISTRY)
    return next(result for result in results if result.part == value["part"])


@cache
def count_named_without_authors() -> tuple[int, int]:
    """Return how many nameable values the engine alone names, and how many there are."""
    values = [value for values in COLLECTIONS.values() for value in values if value["nameable"]]
    named = sum(
        bool(
            _grade_value(value, _variant_without_authors(value["problem"], value["seed"])).mistakes
        )
        for value in values
    )
    return named, len(values)


def outcome_of(value: dict) -> str:
    """Return ``fitting``, ``misleading`` or ``unnamed``; ``accepted`` if the answer is right."""
    result = _grade_value(value, _variant(value["problem"], value["seed"]))
    if result.status in {"correct", "follow_through"}:
        return "accepted"
    if not result.mistakes:
        return "unnamed"
    return "fitting" if set(result.mistakes) <= set(value["fits"]) else "misleading"


@cache
def count_outcomes(collection: str) -> Counter[tuple[bool, str]]:
    """Return how often each outcome occurs in a collection, for nameable values and others."""
    return Counter((value["nameable"], outcome_of(value)) for value in COLLECTIONS[collection])
