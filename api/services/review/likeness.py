"""Which answers say the same: equal words, or an equal value, about the same numbers."""

import hashlib
import json
import unicodedata
from typing import Final
from uuid import UUID

from api.services.review.places import Asked
from api.tables import Answer, Submission

__all__ = ["likeness"]

ENDS: Final = " .,;:!?"


def likeness(asked: Asked, answer: Answer, submission: Submission, draw_hash: str) -> UUID:
    """Return an id that is equal for answers to a part which say the same.

    Words are compared without regard to case, spaces and the last full stop. Words with digits, and
    values, say the same only where they answer the same numbers.
    """
    typed = submission.answers.get(answer.part)
    said = answer.value.split("#")[0] if asked.kind != "text" else ""
    if not said:
        said = _words(typed if isinstance(typed, str) else json.dumps(typed, sort_keys=True))
    numbers = asked.kind != "text" or any(sign.isdigit() for sign in said)
    about = [draw_hash, submission.position] if numbers else []
    told = json.dumps([str(asked.posed.problem.id), asked.part, said, about])
    return UUID(bytes=hashlib.sha256(told.encode()).digest()[:16])


def _words(text: str) -> str:
    """Return a text in the form in which it is compared.

    >>> _words("Fewer  parameters.") == _words("fewer parameters")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(ENDS)
