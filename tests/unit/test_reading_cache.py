"""Tests of the cache of readings: variants share a reading that their numbers cannot change."""

from typing import Any

import pytest
from call_count import count_calls
from factories import BOOK, ask, marked, original, problem

from api.services.engine.keyless_reading import KeylessQuestion, read_answer
from grader.grading.context import build_part_context
from grader.variants.variant import solve_variant

CELL = ask(key=160, prompt="At which position is the field of cell {{n}} centered?")
STEP = ask("number", key="0.4", prompt="What is the rate after step {{n}}?")
LIST = ask("vector", key="[10, 7, 3]", prompt="What is row {{n}}?")
CACHED_CALLS = 20
"""More calls than the cache takes, and fewer than any reading."""


def count_second_reading(part: dict[str, Any], typed: str) -> int:
    """Return the calls of reading *typed* for a variant after another variant read it."""
    stated = problem(part, params={"n": {"integers": [13, 99], "original": 12}})
    one, two = (
        build_part_context(solve_variant(stated, seed, BOOK), "a", BOOK) for seed in (None, 1)
    )
    one.read_answer(typed, None)
    return count_calls(lambda: two.read_answer(typed, None))


@pytest.mark.parametrize(
    ("part", "number", "typed", "readable"),
    [
        (CELL, 12, "cell twelve: 160", True),
        (CELL, 12, "cell eleven: 160", False),
        (CELL, 12, "160 (cell eleven)", False),
        (CELL, 12, "In cell 11 it is, in total, 160", False),
        (STEP, 2, "step 2: .4", True),
        (STEP, 2, "step 3: .4", False),
        (STEP, 2, "step three: 0.4", False),
        (STEP, 2, "rate(3) = .4", False),
        (STEP, 2, "f(3) = .4", False),
    ],
)
def test_grading_checks_displayed_numbers_in_words_like_the_preview(
    part: dict[str, Any], number: int, typed: str, *, readable: bool
) -> None:
    variant = original(part, let={"n": str(number)})
    question = KeylessQuestion.from_part(variant.problem.parts[0], variant.student_scope(BOOK))
    assert read_answer(question, typed).readable == readable
    assert (marked(variant, a=typed)["a"].status == "correct") == readable


@pytest.mark.parametrize("typed", ["[10, 7, 3]", "10, 7, 3", "10 7 3"])
def test_variants_share_cached_readings_of_text_without_words(typed: str) -> None:
    assert count_second_reading(LIST, typed) < CACHED_CALLS


def test_variants_share_cached_readings_of_words_if_the_prompt_has_no_number() -> None:
    part = ask(key=160, prompt="At which position is the field centered?")
    assert count_second_reading(part, "64 + 96 = 160 in total") < CACHED_CALLS


def test_variants_do_not_share_readings_of_words_if_the_prompt_has_a_number() -> None:
    assert count_second_reading(CELL, "the position is 160") > CACHED_CALLS
