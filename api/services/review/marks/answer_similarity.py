"""Answer similarity: equal words, or an equal value, for the same variant."""

import hashlib
import json
import unicodedata
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from api.db.models import Answer, Submission
from api.services.engine.variant_identity import Numbers
from api.services.review.locations import Asked

__all__ = ["alike", "likeness"]

ENDS: Final = " .,;:!?"
TEXT: Final = "text"
KEPT: Final = 4096


def likeness(asked: Asked, answer: Answer, submission: Submission, numbers: Numbers) -> UUID:
    """Return an id that is equal for equivalent answers to a part.

    Words are compared without regard to case, spacing and punctuation at the ends. Words with
    digits, and values, are equivalent only for the same variant.
    """
    typed = submission.answers.get(answer.part)
    return alike(asked, typed, answer.value, numbers=numbers)


def alike(asked: Asked, typed: Any, value: str, *, numbers: Numbers) -> UUID:
    """Return the `likeness` of a typed answer to a variant; *value* starts with its digest."""
    said = value.split("#", maxsplit=1)[0] if asked.kind != TEXT else ""
    if not said:
        said = _words(typed if isinstance(typed, str) else json.dumps(typed, sort_keys=True))
    # "seed" distinguishes these ids from older ones, which had a list position instead.
    about = ("seed", *numbers) if asked.kind != TEXT or any(map(str.isdigit, said)) else ()
    return _id(asked.posed.problem.id, asked.part, said, about)


@lru_cache(maxsize=KEPT)
def _id(problem_id: UUID, part: str, said: str, about: tuple[str | int, ...]) -> UUID:
    told = json.dumps([str(problem_id), part, said, about])
    return UUID(bytes=hashlib.sha256(told.encode()).digest()[:16])


@lru_cache(maxsize=KEPT)
def _words(text: str) -> str:
    """Return the normalized form of a text for comparison.

    >>> _words("Fewer  parameters.") == _words("fewer parameters")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(ENDS)
