"""Changes by another version: answer by answer, and counted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from api.core.clock import to_micros
from api.core.ids import new_id
from api.services.grades.answers import Given
from api.services.regrades.execution.judging import Verdicts
from api.services.regrades.execution.loading import Stored
from api.services.submissions.grading import Judged
from grader.policy import Answered

__all__ = [
    "COUNTED",
    "MANUAL",
    "Change",
    "changes_of",
    "counts_of",
    "direction",
    "found_in",
    "given_by",
    "is_lowered",
]

COUNTED: Final = (
    *("answers", "answers_changed", "up", "down", "same", "review", "manual", "newly_readable"),
    *("students", "students_up", "students_down"),
)
"""What is counted; every answer is one of up, down, same and review, unless it is manual."""
VERSION: Final = frozenset({"problem", "draw_hash", "marking_hash", "engine"})
NOT_COMPARED: Final = VERSION | {"typed"}
"""What says nothing of a verdict; *typed*, the answer as it was sent, is in older records alone."""
MANUAL: Final = "manual"
LOWERING: Final = frozenset({"down", "review"})
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class Change:
    """An answer whose grading differs under another version, with the new grading."""

    old: Stored
    new: Judged
    direction: str
    flag: str = ""

    @property
    def is_lowering(self) -> bool:
        """Whether the answer would lose credit, or would have to wait for a person."""
        return self.direction in LOWERING

    @property
    def is_shown(self) -> bool:
        """Whether staff and students see a difference; otherwise only the record differs."""
        before, after = (
            (one.status, one.credit, one.mistakes, one.shown, one.said)
            for one in (self.old, self.new)
        )
        return before != after

    def row(self, regrade: UUID, chunk: int) -> dict[str, Any]:
        """Return the change as a row of `RegradeChange`."""
        return {
            "id": new_id(),
            "regrade_id": regrade,
            "chunk": chunk,
            "answer_id": self.old.id,
            "student_id": self.old.student,
            "old_grading": self.old.grading,
            "new_grading": None,
            "old_status": self.old.status,
            "new_status": self.new.status,
            "old_credit": self.old.credit,
            "new_credit": self.new.credit,
            "direction": self.direction,
            "is_shown": self.is_shown,
            "result": found_in(self.new),
            "before": {},
            "flag": self.flag,
        }


def found_in(new: Judged) -> dict[str, Any]:
    """Return the result of grading as JSON data, without status and credit."""
    return {
        "mistakes": new.mistakes,
        "value": new.value,
        "shown": new.shown,
        "carries": new.carries,
        "said": new.said,
        "record": new.record,
        "engine": new.engine,
    }


def changes_of(
    stored: Iterable[Stored], verdicts: Verdicts, *, by_person: Collection[str]
) -> list[Change]:
    """Return the answers whose grading changes.

    Answers to parts that a person grades stay as they are. If a person graded an answer that the
    engine could grade, the change is reported but not applied, and only if the engine's credit
    differs.
    """
    changed = []
    same = _Same()
    for old in stored:
        new = verdicts.get(old.submission, {}).get(old.part)
        if new is None or old.part in by_person:
            continue
        if old.manual:
            if new.credit not in {None, old.credit}:
                changed.append(Change(old, new, direction(old.credit, new.credit), MANUAL))
        elif _differs(old, new) or not same.told(old.record, new.record):
            changed.append(Change(old, new, direction(old.credit, new.credit)))
    return changed


def _differs(old: Stored, new: Judged) -> bool:
    before = (old.status, old.credit, old.mistakes, old.value, old.shown, old.carries, old.said)
    after = (new.status, new.credit, new.mistakes, new.value, new.shown, new.carries, new.said)
    return before != after


class _Same:
    """Memoized comparison of records by object identity, valid while the records exist."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}

    def told(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Return whether two records are equal, apart from their versions."""
        pair = id(old), id(new)
        if pair not in self._known:
            self._known[pair] = _told(old) == _told(new)
        return self._known[pair]


def _told(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in NOT_COMPARED}


def given_by(stored: Iterable[Stored], changes: Iterable[Change]) -> dict[UUID, list[Given]]:
    """Return the answers of each student as the grading policy sees them after *changes*."""
    found: defaultdict[UUID, list[Given]] = defaultdict(list)
    new = {one.old.id: one.new for one in changes}
    for old in stored:
        marked = new.get(old.id, old)
        answered = Answered(
            submission=str(old.submission),
            sequence=old.sequence,
            at=to_micros(old.received_at),
            attempt=old.attempt,
            value=marked.value,
            status=marked.status,
            credit=marked.credit,
            admitted_late=old.late,
            manual=old.manual,
        )
        found[old.student].append((old.part, answered))
    return found


def direction(before: Fraction | None, after: Fraction | None) -> str:
    """Return the direction of a credit: up, down, same, or review by a person.

    An answer that waited for a person has no credit to lose.
    """
    if after is None:
        return "same" if before is None else "review"
    old = before or Fraction(0)
    return "up" if after > old else "down" if after < old else "same"


def is_lowered(before: Fraction | None, after: Fraction | None) -> bool:
    """Return whether an answer would lose credit, or would have to wait for a person."""
    return direction(before, after) in LOWERING


def counts_of(
    stored: Collection[Stored],
    changes: Iterable[Change],
    totals: Mapping[UUID, Mapping[str, Any]],
) -> dict[str, int]:
    """Return the counts of a chunk. *totals* omits students who do not count in statistics."""
    counts = Counter(dict.fromkeys(COUNTED, 0))
    for change in changes:
        if change.old.student not in totals:
            continue
        counts[MANUAL if change.flag == MANUAL else change.direction] += 1
        counts["answers_changed"] += change.is_shown
        newly = change.old.status == UNREADABLE != change.new.status
        counts["newly_readable"] += newly and not change.flag
    counts["answers"] = sum(one.student in totals for one in stored)
    told = ("up", "down", "review", MANUAL)
    counts["same"] = counts["answers"] - sum(counts[name] for name in told)
    for figures in totals.values():
        before, after = figures["score_before"] or 0, figures["score_after"] or 0
        counts["students"] += 1
        counts["students_up"] += after > before
        counts["students_down"] += after < before
    return dict(counts)
