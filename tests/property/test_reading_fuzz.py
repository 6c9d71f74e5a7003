"""Tests of readers on random tokens: a reading or an `AnswerError` within a second.

The test runs for `GRADER_FUZZ_SECONDS` (default 2). A long run prints its figures:

    PYTHONPATH=tests .venv/bin/python tests/property/test_reading_fuzz.py --seconds 3600 --seed 1

Text number n of a seed is always the same; a failure names the seed, the number and the
text.
"""

import os
import time
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from fuzz_options import fuzz_options
from readers import PIECES, READERS, STYLED, meaning

from grader.errors import AnswerError
from grader.reading import RawAnswer, Reading, find_ambiguous_thousands

SECONDS = float(os.environ.get("GRADER_FUZZ_SECONDS", "2"))
LIMIT = 1.0
"""Processor seconds per reading, to detect hangs."""
LENGTHS = (1, 2, 3, 5, 8, 13, 40)
ROWS = ("1 2", "1, 2", "[1, 2]", "1\t2", "1 & 2", "| 1 | 2 |", "1;2", "(1 2)", "- 1 2")


class Run(NamedTuple):
    """Counts of texts, readings and refusals, and the slowest text with its seconds."""

    texts: int
    readings: int
    refusals: int
    slowest: float
    text: str


def text_of(seed: int, number: int) -> str:
    """Return text *number* of *seed*: pieces in a line or among the rows of an array."""
    random = Random(f"{seed}:{number}")  # noqa: S311 (no secret is drawn)
    pieces = random.choices(PIECES, k=random.choice(LENGTHS))
    if random.random() < 1 / 4:
        row, mark = random.choice(ROWS), random.choice(("\n", ";", " \\\\ ", ", ", "@"))
        pieces[:0] = mark.join([row] * random.randint(1, 4)), random.choice(("", "\n", "]"))
    if random.random() < 1 / 8:
        pieces *= random.randint(2, 30)
    return random.choice(("", " ")).join(pieces)


def check_shown(reader: Callable[[RawAnswer], Any], reading: Reading[Any]) -> None:
    """Check that the text of a reading is read back as the same value.

    The brackets that the text needs may exceed the nesting limit.
    """
    try:
        assert meaning(reader(reading.text).value) == meaning(reading.value)
    except AnswerError as refused:
        assert "nested deeper" in refused.message  # noqa: PT017 (the message is the claim)


def tried(text: str) -> tuple[int, int]:
    """Return how many readers read *text* and how many refuse it; check each reading."""
    readings = refusals = 0
    for name, reader in (READERS | STYLED | {"thousands": find_ambiguous_thousands}).items():
        start = time.thread_time()
        try:
            reading = reader(text)
        except AnswerError as refused:
            refusals += 1
            assert refused.message, name  # noqa: PT017 (the message is the claim)
            assert refused.position is None or 0 <= refused.position <= len(text), name  # noqa: PT017
        else:
            readings += 1
            if name in READERS:
                check_shown(reader, reading)
        assert time.thread_time() - start < LIMIT, name
    return readings, refusals


def run(seed: int, seconds: float) -> Run:
    """Try texts of *seed* for *seconds*."""
    readings = refusals = number = 0
    slowest, text = 0.0, ""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        typed = text_of(seed, number)
        start = time.thread_time()
        try:
            read, refused = tried(typed)
        except Exception as error:
            error.add_note(f"seed {seed}, text {number}: {typed!r}")
            raise
        slowest, text = max((slowest, text), (time.thread_time() - start, typed))
        readings, refusals, number = readings + read, refusals + refused, number + 1
    return Run(number, readings, refusals, slowest, text)


def test_random_tokens_are_read_or_refused():
    done = run(seed=1, seconds=SECONDS)
    assert done.readings
    assert done.refusals


def test_seed_reproduces_same_texts():
    assert [text_of(1, number) for number in range(9)] == [text_of(1, n) for n in range(9)]
    assert text_of(1, 0) != text_of(2, 0)


if __name__ == "__main__":
    options = fuzz_options()
    result = run(options.seed, options.seconds)
    print(  # noqa: T201 (what a long run is for)
        f"seed {options.seed}: {result.texts:,} texts, {result.readings:,} readings, "
        f"{result.refusals:,} refusals, slowest {result.slowest:.3f} s for {result.text[:60]!r}"
    )
