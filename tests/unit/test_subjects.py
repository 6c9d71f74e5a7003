"""Tests of the subject of a sentence with the value."""

import pytest
from factories import ask, mark

PART = ask(key=3640, prompt="How many parameters does the encoder have?")
STATEMENT = "An encoder and a decoder have a block each."


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("The encoder block has 3640", "correct"),
        ("The block has 3640", "correct"),
        ("The decoder block has 3640", "unreadable"),
        ("The decoder network has 3640", "unreadable"),
        ("The network of the decoder has 3640", "unreadable"),
        ("The whole block has 3640", "unreadable"),
        ("The encoder and decoder have 3640 parameters", "unreadable"),
        ("The encoded decoder has 3640", "unreadable"),
        ("The second block has 3640", "correct"),
    ],
)
def test_noun_before_a_general_noun_identifies_the_subject(typed: str, status: str) -> None:
    assert mark(PART, typed, statement=STATEMENT).status == status
