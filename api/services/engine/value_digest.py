"""Digests of readings: equal for answers that are read alike."""

import hashlib
import json
from typing import Final

from grader.grading.result import PartResult
from grader.json_values import NotSerializableError, to_json

SORTED_ENCODER: Final = json.JSONEncoder(sort_keys=True)
ATTACHED_SUFFIX: Final = "#file"


def compute_value_digest(result: PartResult, *, draw: int = 0) -> str:
    """Return a digest that is equal for answers with equal readings, "" if nothing was read.

    The digest depends on *draw*: equal answers to other numbers are different answers.
    """
    if result.value is None:
        return ""
    try:
        text = SORTED_ENCODER.encode(to_json(result.value))
    except NotSerializableError:
        text = result.read_as
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{digest}#{draw}" if draw else digest


def attached_value_digest(value: str, attachment: str) -> str:
    """Return the digest of an answer with an attachment; *attachment* is the SHA-256 of its file.

    >>> attached_value_digest("", "ab12").endswith(ATTACHED_SUFFIX)
    True
    """
    digest, separator, draw = value.partition("#")
    digest = hashlib.sha256(f"{digest}|{attachment}".encode()).hexdigest()
    return f"{digest}{separator}{draw}{ATTACHED_SUFFIX}"


def is_attached(value: str) -> bool:
    """Return whether *value* is the digest of an answer with an attachment."""
    return value.endswith(ATTACHED_SUFFIX)
