"""Tests of messy texts: no contradictory one is accepted, and few honest ones are refused.

`messy_texts.jsonl` was written from the pages of the problems alone, without reading the code: one
object per line with the problem, the part, the text, and what a fair teacher would do: accept it
("right"), count it as wrong ("wrong"), or ask the student ("refuse"). Half of the texts
contradict or qualify themselves.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from grader.grading.grade import grade
from grader.variants.variant import Variant, solve_variant
from problems.catalog import ProblemCatalog
from problems.registry import REGISTRY

TEXTS = [
    json.loads(line)
    for line in Path(__file__)
    .with_name("messy_texts.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]


@cache
def variant_of(problem: str) -> Variant:
    return solve_variant(ProblemCatalog().get(problem), None, REGISTRY)


def outcome_of(row: dict[str, str]) -> str:
    results = grade(variant_of(row["problem"]), {row["part"]: row["typed"]}, registry=REGISTRY)
    status = next(result.status for result in results if result.part == row["part"])
    return {"unreadable": "refuse", "missing": "refuse", "correct": "right"}.get(status, "wrong")


@pytest.fixture(scope="module")
def outcomes() -> Counter[tuple[str, str]]:
    return Counter((row["expect"], outcome_of(row)) for row in TEXTS)


def test_collection_is_large_and_half_contradictory() -> None:
    expected = Counter(row["expect"] for row in TEXTS)
    assert len(TEXTS) >= 650
    assert len({row["problem"] for row in TEXTS}) >= 130
    assert 0.4 <= expected["refuse"] / len(TEXTS) <= 0.6


def test_hardly_any_wrong_or_contradictory_text_is_accepted(
    outcomes: Counter[tuple[str, str]],
) -> None:
    accepted = outcomes["wrong", "right"] + outcomes["refuse", "right"]
    assert accepted / len(TEXTS) <= 0.0016


def test_few_texts_cost_an_attempt_without_a_reason(outcomes: Counter[tuple[str, str]]) -> None:
    spent = outcomes["right", "wrong"] + outcomes["refuse", "wrong"]
    assert spent / len(TEXTS) <= 0.0062


def test_most_honest_texts_are_read(outcomes: Counter[tuple[str, str]]) -> None:
    honest = sum(number for (expected, _), number in outcomes.items() if expected == "right")
    assert outcomes["right", "refuse"] / honest <= 0.076
