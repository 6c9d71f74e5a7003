"""Tests of the maximum answer length, which holds for every kind and JSON shape."""

from fractions import Fraction

import pytest
from factories import mark
from kind_examples import EXAMPLES, PARAMS

from grader.errors import AnswerError
from grader.kinds import KINDS, text_reading
from grader.reading.lengths import check_text_length, total_length_of_texts_and_long_numbers

LIMITS = {
    **dict.fromkeys(KINDS, 2_000),
    **dict.fromkeys(("vector", "matrix", "tensor"), 65_536),
    **dict.fromkeys(("table", "text", "set"), 20_000),
    "choice": 500,
    "choices": 10_000,
}


def too_long(limit: int) -> dict[str, object]:
    """Return answers of more than *limit* characters: text, lists and nested lists."""
    piece = "1" * 499
    pieces = [piece] * (limit // len(piece) + 1)
    number = 10**300 + 1
    return {
        "text": "1 " * (limit // 2 + 1),
        "list": pieces,
        "lists": [[one] for one in pieces],
        "deep": [[[pieces]]],
        "numbers": [number] * (limit // 300 + 1),
        "fractions": [[Fraction(1, number)] * (limit // 300 + 1)],
    }


def test_each_kind_has_its_documented_length_limit():
    assert {name: kind.max_characters for name, kind in KINDS.items()} == LIMITS


@pytest.mark.parametrize("shape", ["text", "list", "lists", "deep", "numbers", "fractions"])
@pytest.mark.parametrize("kind", KINDS)
def test_too_long_answer_is_unreadable_in_every_form(kind, shape):
    result = mark(EXAMPLES[kind][0], too_long(LIMITS[kind])[shape], params=PARAMS)
    assert result.status == "unreadable"


@pytest.mark.parametrize("shape", ["text", "list"])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "text"])
def test_too_long_answer_is_refused_before_any_other_check(kind, shape, monkeypatch):
    def fail(*_):
        raise AssertionError("the text was read")

    monkeypatch.setattr(text_reading, "normalize_number_style", fail)
    result = mark(EXAMPLES[kind][0], too_long(LIMITS[kind])[shape], params=PARAMS)
    assert f"at most {LIMITS[kind]:,} characters" in result.hint


@pytest.mark.parametrize("kind", KINDS)
def test_list_length_message_states_the_limit(kind):
    pieces = too_long(LIMITS[kind])["list"]
    with pytest.raises(AnswerError, match=f"at most {LIMITS[kind]:,} characters"):
        check_text_length(pieces, KINDS[kind].max_characters)


def test_array_of_full_precision_floats_is_within_limit():
    numbers = [[Fraction(repr(1e-9 / (7 + at))) for at in range(64)] for _ in range(64)]
    assert total_length_of_texts_and_long_numbers([numbers]) == 0
