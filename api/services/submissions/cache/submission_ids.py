"""Ids of a submission as texts, which all entries of the submission cache share."""

import sys
from dataclasses import dataclass
from uuid import UUID

from api.services.submissions.writer.lookup_statements import Pair


def intern_hex_digits(uuid: UUID) -> str:
    """Return the hex digits of an id as one string for all entries: each id is in many of them."""
    return sys.intern(uuid.hex)


def _intern_id_text(uuid: UUID) -> str:
    return sys.intern(str(uuid))


@dataclass(frozen=True, slots=True)
class SubmissionIds:
    """Ids of a submission as hex digits, which compare faster than UUIDs.

    *id_texts* are the ids of the problem, the student and the assignment as responses show them.
    """

    problem: str
    student: str
    author: str
    assignment: str
    id_texts: tuple[str, str, str]

    @classmethod
    def from_uuids(
        cls, problem: UUID, student: UUID, author: UUID, assignment: UUID
    ) -> "SubmissionIds":
        """Return the ids in both text forms."""
        return cls(
            intern_hex_digits(problem),
            intern_hex_digits(student),
            intern_hex_digits(author),
            intern_hex_digits(assignment),
            (_intern_id_text(problem), str(student), _intern_id_text(assignment)),
        )

    @property
    def progress_key(self) -> Pair:
        """The key of the progress that the submission changes: problem and student."""
        return self.problem, self.student

    @property
    def grade_key(self) -> Pair:
        """The key of the grade that the submission changes: assignment and student."""
        return self.assignment, self.student
