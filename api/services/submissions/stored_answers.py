"""The stored form of answers: as sent, except that long unreadable ones are truncated."""

import hashlib
from collections.abc import Mapping
from typing import Final

from api.core.json_text import written
from api.services.submissions.grading import Judged
from grader.json_values import to_json
from grader.reading import TruncatedAnswer, Typed

__all__ = ["MAX_UNREADABLE_BYTES", "is_truncated", "stored_answers"]

MAX_UNREADABLE_BYTES: Final = 2 * 1024
"""How much of an unreadable answer is stored: such an answer costs no attempt."""


def stored_answers(answers: Mapping[str, Typed], judged: Mapping[str, Judged]) -> dict[str, object]:
    """Return *answers* by part as JSON data, in their stored form.

    An unreadable answer is truncated and stored with the digest of the whole. A readable answer of
    any size is stored whole: a regrade may find it right.
    """
    return {part: _stored(typed, judged[part]) for part, typed in answers.items()}


def _stored(typed: Typed, judged: Judged) -> object:
    data = to_json(typed)
    if judged.status != "unreadable" or judged.misfit:
        return data
    whole = (data if isinstance(data, str) else written(data)).encode()
    if len(whole) <= MAX_UNREADABLE_BYTES:
        return data
    start = whole[:MAX_UNREADABLE_BYTES].decode("utf-8", "ignore")  # no partial character
    return to_json(TruncatedAnswer(start, len(whole), hashlib.sha256(whole).hexdigest()))


def is_truncated(stored: object) -> bool:
    """Tell whether a *stored* answer was truncated."""
    return isinstance(stored, dict) and "truncated" in stored
