"""Comparison of a ledger with the rows of a database: pure functions of values."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from api.durability_test.ledger import ClientReceipt, LedgerEntry, RequestIdentity


@dataclass(frozen=True, slots=True)
class SubmissionSnapshot:
    """Stored submission.

    *digest* is recomputed from the row; *attempts* holds the attempt that the answer to each part
    used.
    """

    student: UUID
    problem: UUID
    answers: Mapping[str, str]
    attempts: Mapping[str, int | None]
    receipt: ClientReceipt
    sequence: int
    digest: str

    @property
    def identities(self) -> Iterator[RequestIdentity]:
        """Marks of the requests that it may come from."""
        for part, answer in self.answers.items():
            yield self.student, self.problem, part, answer


@dataclass(frozen=True, slots=True)
class Findings:
    """Violations of the promises; each finding is a readable line.

    *lost*: a receipt without its submission; *doubled*: one request stored twice; *changed*: a
    submission that differs from its receipt; *denied*: stored, although the response said that it
    is not; *unknown*: a row that nobody sent; *torn*: a submission without its answers; *gaps*:
    sequences other than 1, 2, 3, …; *attempts*: attempt numbers that are wrong or beyond the limit;
    *damaged*: errors that the database reports itself.
    """

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    attempts: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) for one in fields(self))

    def to_text(self, *, max_examples: int = 3) -> str:
        """Return a line for each kind of finding: its count and at most *max_examples* examples."""
        lines = []
        for field in fields(self):
            examples: tuple[str, ...] = getattr(self, field.name)
            if examples:
                lines.append(
                    f"{field.name}: {len(examples)} ({'; '.join(examples[:max_examples])})"
                )
        return "\n".join(lines)


def find_violations(
    entries: Iterable[LedgerEntry],
    rows: Sequence[SubmissionSnapshot],
    *,
    limits: Mapping[UUID, int | None],
    damaged: Sequence[str] = (),
) -> Findings:
    """Return the violations; *limits* are the attempts that each problem allows, None for any."""
    rows_by_identity: dict[RequestIdentity, list[SubmissionSnapshot]] = defaultdict(list)
    for row in rows:
        for identity in row.identities:
            rows_by_identity[identity].append(row)
    entries_by_identity = {entry.request.identity: entry for entry in entries}
    groups: dict[tuple[UUID, UUID], list[SubmissionSnapshot]] = defaultdict(list)
    for row in rows:
        groups[row.student, row.problem].append(row)
    return Findings(
        lost=tuple(_find_lost_receipts(entries_by_identity, rows_by_identity)),
        doubled=tuple(
            _describe_identity(mark) for mark, found in rows_by_identity.items() if len(found) > 1
        ),
        changed=tuple(_find_changed_receipts(entries_by_identity, rows_by_identity)),
        denied=tuple(_find_stored_despite_denial(entries_by_identity, rows_by_identity)),
        unknown=tuple(
            _describe_identity(mark) for mark in rows_by_identity if mark not in entries_by_identity
        ),
        torn=tuple(row.receipt.id for row in rows if row.answers.keys() != row.attempts.keys()),
        gaps=tuple(_find_sequence_gaps(groups)),
        attempts=tuple(_find_wrong_attempt_numbers(groups, limits)),
        damaged=tuple(damaged),
    )


def _describe_identity(identity: RequestIdentity) -> str:
    student, problem, part, answer = identity
    return f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}, {part}={answer}"


def _find_lost_receipts(
    entries_by_identity: Mapping[RequestIdentity, LedgerEntry],
    rows_by_identity: Mapping[RequestIdentity, Sequence[SubmissionSnapshot]],
) -> Iterator[str]:
    for identity, entry in entries_by_identity.items():
        stored_ids = {row.receipt.id for row in rows_by_identity.get(identity, ())}
        for receipt in entry.receipts:
            if receipt.id not in stored_ids:
                yield f"{_describe_identity(identity)}, receipt {receipt.id}"


def _find_changed_receipts(
    entries_by_identity: Mapping[RequestIdentity, LedgerEntry],
    rows_by_identity: Mapping[RequestIdentity, Sequence[SubmissionSnapshot]],
) -> Iterator[str]:
    for identity, entry in entries_by_identity.items():
        if len(entry.receipts) > 1:
            yield f"{_describe_identity(identity)}: {len(entry.receipts)} different receipts"
        for row in rows_by_identity.get(identity, ()):
            matching_receipts = [
                receipt for receipt in entry.receipts if receipt.id == row.receipt.id
            ]
            receipt_values = (row.receipt.sequence, row.receipt.digest)
            if receipt_values != (row.sequence, row.digest) or any(
                receipt != row.receipt for receipt in matching_receipts
            ):
                yield f"{_describe_identity(identity)}: differs from its receipt"


def _find_stored_despite_denial(
    entries_by_identity: Mapping[RequestIdentity, LedgerEntry],
    rows_by_identity: Mapping[RequestIdentity, Sequence[SubmissionSnapshot]],
) -> Iterator[str]:
    for identity, entry in entries_by_identity.items():
        if entry.denied and rows_by_identity.get(identity):
            yield _describe_identity(identity)


def _find_sequence_gaps(
    groups: Mapping[tuple[UUID, UUID], Sequence[SubmissionSnapshot]],
) -> Iterator[str]:
    for (student, problem), rows in groups.items():
        sequences = sorted(row.sequence for row in rows)
        if sequences != list(range(1, len(rows) + 1)):
            yield f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}: {sequences}"


def _find_wrong_attempt_numbers(
    groups: Mapping[tuple[UUID, UUID], Sequence[SubmissionSnapshot]],
    limits: Mapping[UUID, int | None],
) -> Iterator[str]:
    for (student, problem), rows in groups.items():
        limit = limits.get(problem)
        for part in sorted({part for row in rows for part in row.attempts}):
            used = sorted(row.attempts[part] or 0 for row in rows if row.attempts.get(part))
            if used != list(range(1, len(used) + 1)) or (limit is not None and len(used) > limit):
                yield f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}, {part}: {used}"
