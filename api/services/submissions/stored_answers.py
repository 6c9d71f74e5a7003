"""The stored form of answers: as sent, except that long unreadable ones are truncated."""

import hashlib
from collections.abc import Mapping
from typing import Final

from api.core.json_text import serialize_json
from api.services.submissions.grading import AnswerResult
from grader.json_values import to_json
from grader.reading import RawAnswer, TruncatedAnswer

MAX_UNREADABLE_BYTES: Final = 2 * 1024
"""Maximum stored size of an unreadable answer; such an answer costs no attempt."""


def serialize_answers(
    answers: Mapping[str, RawAnswer], answer_results: Mapping[str, AnswerResult]
) -> dict[str, object]:
    """Return *answers* by part as JSON data, in their stored form.

    An unreadable answer is truncated and stored with the digest of the whole. A readable answer of
    any size is stored whole: a regrade may find it right.
    """
    return {part: _serialize_answer(typed, answer_results[part]) for part, typed in answers.items()}


def _serialize_answer(typed: RawAnswer, result: AnswerResult) -> object:
    data = to_json(typed)
    if result.status != "unreadable" or result.form_mismatch:
        return data
    encoded = (data if isinstance(data, str) else serialize_json(data)).encode()
    if len(encoded) <= MAX_UNREADABLE_BYTES:
        return data
    start = encoded[:MAX_UNREADABLE_BYTES].decode("utf-8", "ignore")  # no partial character
    return to_json(TruncatedAnswer(start, len(encoded), hashlib.sha256(encoded).hexdigest()))


def is_truncated(stored: object) -> bool:
    """Tell whether a *stored* answer was truncated."""
    return isinstance(stored, dict) and "truncated" in stored
