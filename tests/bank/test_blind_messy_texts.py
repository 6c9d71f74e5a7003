"""Tests of a second collection of messy texts, written before anyone looked at how readers work.

`blind_messy_texts.jsonl` has one object per line: the problem, the seed, the part, the text, and
what a fair teacher would do. "right": accept it. "refuse": ask the student. "wrong": count it as
wrong. "not right": either of the last two. "either": accept it or ask. Batch 1 guided the readers
afterwards; batches 2 and 3 were written when it had, and measured once before the last changes.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from bank_catalog import CATALOG

from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY

FILE = Path(__file__).with_name("blind_messy_texts.jsonl")
TEXTS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
OUTCOMES = {"unreadable": "refuse", "missing": "refuse", "correct": "right"}
BOUNDS = {1: (0.0013, 0.0025, 0.034), 2: (0.0066, 0.0, 0.027), 3: (0.0133, 0.0045, 0.0223)}
"""For each batch: shares of texts accepted wrongly, of attempts without reason, of refusals."""


@cache
def variant_of(problem: str, seed: int) -> Variant:
    return solve_variant(CATALOG.get(problem), seed, REGISTRY)


def result_of(row: dict) -> PartResult:
    variant = variant_of(row["problem"], row["seed"])
    results = grade(variant, {row["part"]: row["typed"]}, registry=REGISTRY)
    return next(result for result in results if result.part == row["part"])


@cache
def results() -> list[tuple[dict, PartResult]]:
    return [(row, result_of(row)) for row in TEXTS]


@cache
def outcomes(batch: int) -> Counter[tuple[str, str]]:
    return Counter(
        (row["expect"], OUTCOMES.get(result.status, "wrong"))
        for row, result in results()
        if row["batch"] == batch
    )


def test_collection_is_large_and_covers_kinds_and_problems():
    expected = Counter(row["expect"] for row in TEXTS if row["batch"] == 1)
    kinds = {
        variant_of(row["problem"], row["seed"]).problem.get_part(row["part"]).kind for row in TEXTS
    }
    assert expected.total() >= 1600
    assert expected["refuse"] + expected["not right"] + expected["wrong"] >= 540
    assert len({row["problem"] for row in TEXTS if row["batch"] == 1}) >= 60
    assert len(kinds) == 14


@pytest.mark.parametrize("batch", BOUNDS)
def test_hardly_any_wrong_or_contradictory_text_is_accepted(batch):
    counts = outcomes(batch)
    accepted = sum(counts[expected, "right"] for expected in ("refuse", "wrong", "not right"))
    assert accepted / counts.total() <= BOUNDS[batch][0]


@pytest.mark.parametrize("batch", BOUNDS)
def test_few_texts_cost_an_attempt_without_a_reason(batch):
    counts = outcomes(batch)
    spent = sum(counts[expected, "wrong"] for expected in ("right", "refuse", "either"))
    assert spent / counts.total() <= BOUNDS[batch][1]


@pytest.mark.parametrize("batch", BOUNDS)
def test_few_honest_texts_are_refused(batch):
    counts = outcomes(batch)
    honest = sum(number for (expected, _), number in counts.items() if expected == "right")
    assert counts["right", "refuse"] / honest <= BOUNDS[batch][2]


def test_every_refusal_says_what_to_write_instead():
    for row, result in results():
        if result.status == "unreadable":
            assert "Expected " in result.hint or result.form_mismatch, row["typed"]
