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
from api.services.grades import ProgressKey
from api.services.submissions.cache.submission_cache import CachedSubmitter
from api.services.submissions.cache.submission_ids import SubmissionIds
from api.services.submissions.grading import AnswerResult
from api.services.submissions.variant_assignment import VariantAssignment
from grader.reading import RawAnswer
from grader.reading.grammar.number_styles import NumberStyle
from grader.values import Value

SORTED_ENCODER: Final = json.JSONEncoder(sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class ReportSource:
    """Report from which a student confirmed answers: its id, the SHA-256 of its document.

    *quotes* has for each part the passage, as quoted, and its location in the document.
    """

    report_id: UUID
    digest: str
    quotes: Mapping[str, tuple[str, str]]


class AttachmentSource(NamedTuple):
    """Attachment that is submitted with an answer: its id, the SHA-256 of the uploaded file."""

    attachment_id: UUID
    digest: str


class PendingSubmission(NamedTuple):
    """A graded submission that is not stored yet.

    *author_id* sent it, *student_id* owns it: they differ for the test student. *last_sequence* is
    the sequence number of the latest submission, and *carried_values* the earlier values of the
    student, at the time of grading. *submitter* is the identity under which the request was
    accepted; *from_cache*: it came from the cache and may be stale. *source* is the report that the
    answers were confirmed from, None for typed answers; *attachments* are those of the parts.
    """

    author_id: UUID
    student_id: UUID
    course_id: UUID
    assignment_id: UUID
    problem_id: UUID
    problem_slug: str
    token_id: UUID | None
    variant_assignment: VariantAssignment
    received_at: datetime
    answers: Mapping[str, RawAnswer]
    idempotency_key: str | None
    answer_results: Mapping[str, AnswerResult]
    last_sequence: int
    number_style: NumberStyle | None
    fingerprint: str
    submitter: CachedSubmitter | None = None
    from_cache: bool = False
    carried_values: Mapping[str, Value] = MappingProxyType({})
    source: ReportSource | None = None
    attachments: Mapping[str, AttachmentSource] = MappingProxyType({})

    @property
    def attachment_digests(self) -> dict[str, str]:
        """The digests of the attachments by part."""
        return {part: attachment.digest for part, attachment in self.attachments.items()}

    @property
    def ids(self) -> SubmissionIds:
        """The ids of the submission as text."""
        if self.submitter is not None:
            return self.submitter.ids
        return SubmissionIds.from_uuids(
            self.problem_id, self.student_id, self.author_id, self.assignment_id
        )

    @property
    def progress_key(self) -> ProgressKey:
        """The key of the progress that the submission changes."""
        return ProgressKey(self.problem_id, self.student_id)


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """A stored submission: its id and the JSON reply to its author.

    *replayed*: an earlier request with the same idempotency key stored it. *stored_bytes* is the
    size of its rows.
    """

    id: UUID
    reply: JsonText
    replayed: bool = False
    stored_bytes: int = 0


def compute_fingerprint(
    problem_id: UUID,
    student_id: UUID,
    answers: Mapping[str, RawAnswer],
    attachments: Mapping[str, UUID] = MappingProxyType({}),
) -> str:
    """Return the digest of a request; it reveals an idempotency key reused for another request.

    *attachments* are the ids of attachments by part.
    """
    pairs = [f"{_quoted(part)}: {_encode_answer(typed)}" for part, typed in sorted(answers.items())]
    attached = "".join(f", {_quoted(part)}: {one}" for part, one in sorted(attachments.items()))
    text = f'["{problem_id}", "{student_id}", {{{", ".join(pairs)}}}{attached}]'
    return hashlib.sha256(text.encode()).hexdigest()


def _encode_answer(typed: RawAnswer) -> str:
    """Return an answer as `SORTED_ENCODER` encodes it, with a shortcut for plain text."""
    return _quoted(typed) if type(typed) is str else SORTED_ENCODER.encode(typed)


def compute_receipt_digest(
    submission_id: UUID | str,
    key: tuple[UUID, UUID] | tuple[str, str],
    sequence: int,
    received_at: datetime,
    answers: object,
    document: str | None = None,
    attachments: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the SHA-256 of a receipt: ids, sequence number, time of receipt and answers.

    *key* holds the ids of the problem and the student; *document* is the digest of the report that
    the answers were confirmed from, *attachments* are the digests of attachments by part.
    """
    text = SORTED_ENCODER.encode(
        [
            str(submission_id),
            str(key[0]),
            str(key[1]),
            sequence,
            received_at.isoformat(),
            answers,
            *((document,) if document else ()),
            *((dict(attachments),) if attachments else ()),
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()
