"""Comparison of a ledger with the rows of a database: pure functions of values."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from api.durability_test.ledger import Entry, Mark, Receipt

__all__ = ["Findings", "Stored", "check"]


@dataclass(frozen=True, slots=True)
class Stored:
    """Stored submission.

    *digest* is recomputed from the row; *attempts* holds the attempt that the answer to each part
    used.
    """

    student: UUID
    problem: UUID
    answers: Mapping[str, str]
    attempts: Mapping[str, int | None]
    receipt: Receipt
    sequence: int
    digest: str

    @property
    def marks(self) -> Iterator[Mark]:
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

    def told(self, *, most: int = 3) -> str:
        """Return a line for each kind of finding, with its count and the first *most* examples."""
        lines = []
        for one in fields(self):
            found: tuple[str, ...] = getattr(self, one.name)
            if found:
                lines.append(f"{one.name}: {len(found)} ({'; '.join(found[:most])})")
        return "\n".join(lines)


def check(
    entries: Iterable[Entry],
    rows: Sequence[Stored],
    *,
    limits: Mapping[UUID, int | None],
    damaged: Sequence[str] = (),
) -> Findings:
    """Return the violations; *limits* are the attempts that each problem allows, None for any."""
    by_mark: dict[Mark, list[Stored]] = defaultdict(list)
    for row in rows:
        for mark in row.marks:
            by_mark[mark].append(row)
    known = {entry.request.mark: entry for entry in entries}
    groups: dict[tuple[UUID, UUID], list[Stored]] = defaultdict(list)
    for row in rows:
        groups[row.student, row.problem].append(row)
    return Findings(
        lost=tuple(_lost(known, by_mark)),
        doubled=tuple(_of(mark) for mark, found in by_mark.items() if len(found) > 1),
        changed=tuple(_changed(known, by_mark)),
        denied=tuple(_denied(known, by_mark)),
        unknown=tuple(_of(mark) for mark in by_mark if mark not in known),
        torn=tuple(row.receipt.id for row in rows if row.answers.keys() != row.attempts.keys()),
        gaps=tuple(_gaps(groups)),
        attempts=tuple(_attempts(groups, limits)),
        damaged=tuple(damaged),
    )


def _of(mark: Mark) -> str:
    student, problem, part, answer = mark
    return f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}, {part}={answer}"


def _lost(known: Mapping[Mark, Entry], by_mark: Mapping[Mark, Sequence[Stored]]) -> Iterator[str]:
    for mark, entry in known.items():
        stored = {row.receipt.id for row in by_mark.get(mark, ())}
        for receipt in entry.receipts:
            if receipt.id not in stored:
                yield f"{_of(mark)}, receipt {receipt.id}"


def _changed(
    known: Mapping[Mark, Entry], by_mark: Mapping[Mark, Sequence[Stored]]
) -> Iterator[str]:
    for mark, entry in known.items():
        if len(entry.receipts) > 1:
            yield f"{_of(mark)}: {len(entry.receipts)} different receipts"
        for row in by_mark.get(mark, ()):
            held = [one for one in entry.receipts if one.id == row.receipt.id]
            told = (row.receipt.sequence, row.receipt.digest)
            if told != (row.sequence, row.digest) or any(one != row.receipt for one in held):
                yield f"{_of(mark)}: differs from its receipt"


def _denied(known: Mapping[Mark, Entry], by_mark: Mapping[Mark, Sequence[Stored]]) -> Iterator[str]:
    for mark, entry in known.items():
        if entry.denied and by_mark.get(mark):
            yield _of(mark)


def _gaps(groups: Mapping[tuple[UUID, UUID], Sequence[Stored]]) -> Iterator[str]:
    for (student, problem), rows in groups.items():
        sequences = sorted(row.sequence for row in rows)
        if sequences != list(range(1, len(rows) + 1)):
            yield f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}: {sequences}"


def _attempts(
    groups: Mapping[tuple[UUID, UUID], Sequence[Stored]], limits: Mapping[UUID, int | None]
) -> Iterator[str]:
    for (student, problem), rows in groups.items():
        most = limits.get(problem)
        for part in sorted({part for row in rows for part in row.attempts}):
            used = sorted(row.attempts[part] or 0 for row in rows if row.attempts.get(part))
            if used != list(range(1, len(used) + 1)) or (most is not None and len(used) > most):
                yield f"student …{str(student)[-6:]}, problem …{str(problem)[-6:]}, {part}: {used}"
