"""Answer similarity: equal words, or an equal value, for the same variant."""

import hashlib
import json
import unicodedata
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from api.db.models import Answer, Submission
from api.services.engine.value_digest import is_attached
from api.services.engine.variant_identity import VariantIdentity
from api.services.review.review_subjects import AssignedPart

STRIPPED_CHARACTERS: Final = " .,;:!?"
TEXT: Final = "text"
CACHE_SIZE: Final = 4096


def similarity_id(
    part: AssignedPart, answer: Answer, submission: Submission, identity: VariantIdentity
) -> UUID:
    """Return an id that is equal for equivalent answers to a part.

    Words are compared without regard to case, spacing and punctuation at the ends. Words with
    digits, and values, are equivalent only for the same variant. Answers with attachments are
    equivalent only if they have the same words and the same file.
    """
    typed = submission.answers.get(answer.part)
    return similarity_id_of_content(part, typed, answer.value, identity=identity)


def similarity_id_of_content(
    part: AssignedPart, typed: Any, value: str, *, identity: VariantIdentity
) -> UUID:
    """Return the `similarity_id` of a typed answer to a variant; *value* starts with its digest."""
    content = value.split("#", maxsplit=1)[0] if part.kind != TEXT or is_attached(value) else ""
    if not content:
        content = _normalize_text(
            typed if isinstance(typed, str) else json.dumps(typed, sort_keys=True)
        )
    # "seed" distinguishes these ids from older ones, which had a list position instead.
    variant = ("seed", *identity) if part.kind != TEXT or any(map(str.isdigit, content)) else ()
    return _hash_content(part.assigned_problem.problem.id, part.part_id, content, variant)


@lru_cache(maxsize=CACHE_SIZE)
def _hash_content(
    problem_id: UUID, part: str, content: str, variant: tuple[str | int, ...]
) -> UUID:
    payload = json.dumps([str(problem_id), part, content, variant])
    return UUID(bytes=hashlib.sha256(payload.encode()).digest()[:16])


@lru_cache(maxsize=CACHE_SIZE)
def _normalize_text(text: str) -> str:
    """Return the normalized form of a text for comparison.

    >>> _normalize_text("Fewer  parameters.") == _normalize_text("fewer parameters")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(
        STRIPPED_CHARACTERS
    )
