"""Graded submissions on their way to the writer, and stored ones."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring_ascii as _quoted
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from api.core.json_text import JsonText
from api.services.grades import Key
from api.services.submissions.cache.memory import Ids, Known
from api.services.submissions.drawn import Drawn
from api.services.submissions.grading import Judged
from grader.reading import Typed
from grader.reading.grammar.number_styles import Style
from grader.values import Value

__all__ = ["Accepted", "Entry", "fingerprint", "receipt_digest"]

SORTED: Final = json.JSONEncoder(sort_keys=True, default=str)


class Entry(NamedTuple):
    """A graded submission that is not stored yet.

    *author_id* sent it, *student_id* owns it: they differ for the test student. *key* is the
    idempotency key. *seen* is the sequence number of the latest submission, and *carried* the
    earlier values of the student, at the time of grading. *known* is the identity under which the
    request was accepted; *recalled*: it came from the cache and may be stale.
    """

    author_id: UUID
    student_id: UUID
    course_id: UUID
    assignment_id: UUID
    problem_id: UUID
    problem: str
    token_id: UUID | None
    drawn: Drawn
    received_at: datetime
    answers: Mapping[str, Typed]
    key: str | None
    judged: Mapping[str, Judged]
    seen: int
    numbers: Style | None
    print: str
    known: Known | None = None
    recalled: bool = False
    carried: Mapping[str, Value] = MappingProxyType({})

    @property
    def ids(self) -> Ids:
        """The ids of the submission as text."""
        if self.known is not None:
            return self.known.ids
        return Ids.of(self.problem_id, self.student_id, self.author_id, self.assignment_id)

    @property
    def standing(self) -> Key:
        """The key of the standing that the submission changes."""
        return Key(self.problem_id, self.student_id)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored submission: its id and the JSON reply to its author.

    *replayed*: an earlier request with the same idempotency key stored it. *stored_bytes* is the
    size of its rows.
    """

    id: UUID
    reply: JsonText
    replayed: bool = False
    stored_bytes: int = 0


def fingerprint(problem_id: UUID, student_id: UUID, answers: Mapping[str, Typed]) -> str:
    """Return the digest of a request; it reveals an idempotency key reused for another request."""
    pairs = [f"{_quoted(part)}: {_written(typed)}" for part, typed in sorted(answers.items())]
    told = f'["{problem_id}", "{student_id}", {{{", ".join(pairs)}}}]'
    return hashlib.sha256(told.encode()).hexdigest()


def _written(typed: Typed) -> str:
    """Return an answer as `SORTED` encodes it, with a shortcut for plain text."""
    return _quoted(typed) if type(typed) is str else SORTED.encode(typed)


def receipt_digest(
    submission_id: UUID | str,
    key: tuple[UUID, UUID] | tuple[str, str],
    sequence: int,
    received_at: datetime,
    answers: object,
) -> str:
    """Return the SHA-256 of a receipt: ids, sequence number, time of receipt and answers.

    *key* holds the ids of the problem and the student.
    """
    told = SORTED.encode(
        [
            str(submission_id),
            str(key[0]),
            str(key[1]),
            sequence,
            received_at.isoformat(),
            answers,
        ]
    )
    return hashlib.sha256(told.encode()).hexdigest()
