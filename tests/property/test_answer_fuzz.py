"""Tests of random answers to parts of every kind: graded or refused by `AnswerError`.

The test runs for `GRADER_FUZZ_SECONDS` (default 2). A long run prints its figures:

    PYTHONPATH=tests .venv/bin/python tests/property/test_answer_fuzz.py --seconds 3600 --seed 1

Answer number n of a seed is always the same; a failure names the seed, the number and
the answer.
"""

import os
import re
import time
from typing import Any, NamedTuple

import pytest
from factories import BOOK
from fuzz_options import fuzz_options
from random_answers import RandomAnswer, full_width, random_answer

from grader.errors import AnswerError
from grader.grading.grade import grade
from grader.kinds import numbers
from grader.reading import (
    NumberStyle,
    RawAnswer,
    Reading,
    find_ambiguous_thousands,
    normalize_number_style,
    read_number,
    sets,
)
from grader.reading.grammar import number_styles

SECONDS = float(os.environ.get("GRADER_FUZZ_SECONDS", "2"))
LIMIT = 1.0
"""Processor seconds per answer, to detect hangs."""
PLANTED_SECONDS = 60
"""Longest search for an injected bug."""
POINTED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?!\d)")


class Run(NamedTuple):
    """Counts of answers, readings and refusals, and the slowest answer with its seconds."""

    answers: int
    readings: int
    refusals: int
    slowest: float
    typed: Any


def read(answer: RandomAnswer) -> Reading[Any] | None:
    """Return the reading, or None if the answer is refused.

    A refusal has a message, and its position lies in the answer.
    """
    context = answer.part.context
    try:
        return context.read_answer(answer.typed, answer.style)
    except AnswerError as refused:
        assert refused.message  # noqa: PT017 (the message is the claim)
        if isinstance(answer.typed, str) and refused.position is not None:
            assert 0 <= refused.position <= len(answer.typed)  # noqa: PT017
        return None


def check(answer: RandomAnswer) -> bool:
    """Read, render and grade an answer; return whether it was read."""
    part, typed, style = answer
    reading = read(answer)
    grade(part.variant, {part.context.part.id: typed}, registry=BOOK, numbers=style)
    if reading is not None:
        part.context.kind.render(reading, part.context.part, part.context.student_scope)
    if not part.context.kind.by_person:
        wide = read(answer._replace(typed=full_width(typed)))
        assert (wide and wide.text) == (reading and reading.text), "full-width digits differ"
    return reading is not None


def run(seed: int, seconds: float) -> Run:
    """Check the answers of *seed* for *seconds*."""
    readings = number = 0
    slowest: tuple[float, Any] = (0.0, "")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = random_answer(seed, number)
        start = time.thread_time()
        try:
            readings += check(answer)
            took = time.thread_time() - start
            assert took < LIMIT, f"took {took:.2f} s"
        except Exception as error:
            named = f"{answer.part.name}, numbers={answer.style}"
            error.add_note(f"seed {seed}, answer {number} to {named}: {answer.typed!r}")
            raise
        slowest = max(slowest, (took, answer.typed), key=lambda timed: timed[0])
        number += 1
    return Run(number, readings, number - readings, *slowest)


def test_random_answers_to_every_kind_are_graded_or_refused():
    done = run(seed=1, seconds=SECONDS)
    assert done.readings
    assert done.refusals


def test_seed_reproduces_same_answers():
    assert [random_answer(1, n)[1:] for n in range(9)] == [
        random_answer(1, n)[1:] for n in range(9)
    ]
    assert random_answer(1, 0)[1:] != random_answer(2, 0)[1:]


def _names_with_empty_words(item: RawAnswer, spelled: dict[str, str]) -> list[str]:
    """Read names as before the fix: a lone punctuation mark is looked up as an empty name."""
    text = str(item).strip("()[]{}'\"`* ")
    words = [text] if text.casefold() in spelled else [word.strip("`*") for word in text.split()]
    unknown = next((word for word in words if word.casefold() not in spelled), "")
    if unknown or not words:
        raise AnswerError("This is not a name.")
    return [spelled[word.casefold()] for word in words]


def _count_of_unfolded_text(typed: RawAnswer) -> Reading[Any]:
    """Read a count as before the fix: digits are searched for before the text is folded."""
    if isinstance(typed, str) and find_ambiguous_thousands(typed):
        raise AnswerError(f"{POINTED.findall(typed)[-1]} can be read in two ways.")
    return read_number(typed)


def _read_unfolded(
    kind: numbers.IntegerKind, typed: RawAnswer, style: NumberStyle | None, part: Any, scope: Any
) -> Reading[Any]:
    return kind.read(typed if style is None else normalize_number_style(typed, style), part, scope)


LONE_MARK = ((sets, "_read_names", _names_with_empty_words),)
FULL_WIDTH_DIGIT = (
    (numbers, "read_count", _count_of_unfolded_text),
    (numbers.IntegerKind, "normalize_and_read", _read_unfolded),
)
NOTHING_FOLDED = ((number_styles, "fold_lookalikes", str),)


@pytest.mark.parametrize(
    ("planted", "error"),
    [(LONE_MARK, KeyError), (FULL_WIDTH_DIGIT, IndexError), (NOTHING_FOLDED, AssertionError)],
)
def test_planted_fault_is_detected_within_a_minute(monkeypatch, planted, error):
    for place, name, fault in planted:
        monkeypatch.setattr(place, name, fault)
    with pytest.raises(error) as found:
        run(seed=2, seconds=PLANTED_SECONDS)
    assert "answer" in found.value.__notes__[0]


if __name__ == "__main__":
    options = fuzz_options()
    result = run(options.seed, options.seconds)
    print(  # noqa: T201 (what a long run is for)
        f"seed {options.seed}: {result.answers:,} answers, {result.readings:,} readings, "
        f"{result.refusals:,} refusals, slowest {result.slowest:.3f} s for {result.typed!r:.60}"
    )
