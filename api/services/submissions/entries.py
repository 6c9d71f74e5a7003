"""One submission on its way: what was judged, and what becomes of it."""

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
    """A submission that was judged, with the sequence number of the last one that was seen then.

    *author_id* sent it, *student_id* it is for: they differ for the test student. *known* are the
    rules by which it was taken in; *recalled* says that they came from memory, and may be old.
    *carried* are the earlier values of its student that it was judged with.
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
        """The ids that it tells, as their digits."""
        if self.known is not None:
            return self.known.ids
        return Ids.of(self.problem_id, self.student_id, self.author_id, self.assignment_id)

    @property
    def standing(self) -> Key:
        """Whose standing the submission changes."""
        return Key(self.problem_id, self.student_id)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission that is stored: its id, and in JSON what its author is told.

    *stored_bytes* is the size of its rows.
    """

    id: UUID
    reply: JsonText
    replayed: bool = False
    stored_bytes: int = 0


def fingerprint(problem_id: UUID, student_id: UUID, answers: Mapping[str, Typed]) -> str:
    """Return the digest of a request, by which a key that is used for another one is noticed."""
    pairs = [f"{_quoted(part)}: {_written(typed)}" for part, typed in sorted(answers.items())]
    told = f'["{problem_id}", "{student_id}", {{{", ".join(pairs)}}}]'
    return hashlib.sha256(told.encode()).hexdigest()


def _written(typed: Typed) -> str:
    """Return an answer as `SORTED` writes it, a text at once."""
    return _quoted(typed) if type(typed) is str else SORTED.encode(typed)


def receipt_digest(
    submission_id: UUID | str,
    key: tuple[UUID, UUID] | tuple[str, str],
    sequence: int,
    received_at: datetime,
    answers: object,
) -> str:
    """Return the SHA-256 of a receipt: of what was handed in, by whom, to what and when.

    *key* are the problem and the student.
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
