"""Wrong values with causes, written from the pages of the problems alone, and how they are named.

`blind_wrong_values.jsonl` has one object per line: the answer to a part of a variant, the cause in
words, and whether a teacher could name it. The authors saw statements and right answers, but
neither solvers nor mistakes. `fits` lists the mistakes that a reader of statement, cause and hint
found right or equally good.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

from bank_at_hand import CATALOGUE

from grader.grading.grade import grade
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY

__all__ = ["VALUES", "count_outcomes", "outcome_of"]

FILE = Path(__file__).with_suffix(".jsonl")
VALUES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


@cache
def _variant(problem: str, seed: int) -> Variant:
    return solve_variant(CATALOGUE.get(problem), seed, REGISTRY)


def outcome_of(value: dict) -> str:
    """Return ``fitting``, ``misleading`` or ``unnamed``; ``accepted`` if the answer is right."""
    variant = _variant(value["problem"], value["seed"])
    results = grade(variant, {value["part"]: value["typed"]}, registry=REGISTRY)
    result = next(result for result in results if result.part == value["part"])
    if result.status in {"correct", "follow_through"}:
        return "accepted"
    if not result.mistakes:
        return "unnamed"
    return "fitting" if set(result.mistakes) <= set(value["fits"]) else "misleading"


@cache
def count_outcomes() -> Counter[tuple[bool, str]]:
    """Return how often each outcome occurs, for nameable values and others."""
    return Counter((value["nameable"], outcome_of(value)) for value in VALUES)
