"""Tests of truncated answers: text that states what is missing and is never read.

They are stored as themselves.
"""

import copy
import pickle

import pytest
from factories import ask, mark

from grader.grading.grade import TRUNCATED_MESSAGE
from grader.json_values import from_json, to_json
from grader.reading import TruncatedAnswer

ANSWER = TruncatedAnswer("31", 59_700, "ab" * 32)


def test_truncated_answer_is_a_text_with_its_size_and_digest():
    assert f"31… (the first 2 of 59,700 bytes; SHA-256 {'ab' * 32})" == ANSWER


@pytest.mark.parametrize(
    "again",
    [
        lambda answer: from_json(to_json(answer)),
        lambda answer: pickle.loads(pickle.dumps(answer)),  # noqa: S301
        copy.deepcopy,
    ],
    ids=["json", "pickle", "copy"],
)
def test_truncated_answer_round_trips_through_json_pickle_and_copy(again):
    found = again(ANSWER)
    assert (type(found), found) == (TruncatedAnswer, ANSWER)
    assert (found.start, found.size_bytes, found.digest) == ("31", 59_700, "ab" * 32)


@pytest.mark.parametrize(
    "data", [{"truncated": "31"}, {"truncated": "31", "bytes": "2", "sha256": "ab"}]
)
def test_truncated_answer_without_size_and_digest_is_rejected(data):
    with pytest.raises(ValueError, match="the size and the digest"):
        from_json(data)


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_truncated_answer_is_unreadable_even_if_its_start_could_be_read(kind):
    rubric = {"rubric": [{"id": "why", "points": 1, "say": "Why."}]} if kind == "text" else {}
    part = ask(kind, **rubric) if rubric else ask("integer", key="31")
    result = mark(part, ANSWER)
    assert (result.status, result.carries) == ("unreadable", None)
    assert result.hint == TRUNCATED_MESSAGE
