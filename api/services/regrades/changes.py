"""Changes by another version: answer by answer, and counted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from api.core.clock import to_micros
from api.core.ids import new_id
from api.services.grades.answers import PartAnswer
from api.services.regrades.execution.chunk_data import AnswerWithGrading
from api.services.regrades.execution.grading_jobs import ResultsBySubmission
from api.services.submissions.grading import AnswerResult
from grader.policy import StoredAnswer

COUNT_NAMES: Final = (
    *("answers", "answers_changed", "up", "down", "same", "review", "manual", "newly_readable"),
    *("students", "students_up", "students_down"),
)
"""Names of the counts.

Every answer is one of up, down, same and review, unless it is manual.
"""
VERSION_FIELDS: Final = frozenset({"problem", "draw_hash", "marking_hash", "engine"})
IGNORED_RECORD_FIELDS: Final = VERSION_FIELDS | {"typed"}
"""Record fields that say nothing about the verdict.

Only older records have *typed*, the answer as it was sent.
"""
MANUAL: Final = "manual"
LOWERING_DIRECTIONS: Final = frozenset({"down", "review"})
UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """An answer whose grading differs under another version, with the new grading."""

    old: AnswerWithGrading
    new: AnswerResult
    direction: str
    flag: str = ""

    @property
    def lowers_credit(self) -> bool:
        """Whether the answer would lose credit, or would have to wait for a person."""
        return self.direction in LOWERING_DIRECTIONS

    @property
    def is_visible(self) -> bool:
        """Whether staff and students see a difference; otherwise only the record differs."""
        before, after = (
            (one.status, one.credit, one.mistakes, one.rendered_value, one.feedback)
            for one in (self.old, self.new)
        )
        return before != after

    def to_row(self, regrade: UUID, chunk: int) -> dict[str, Any]:
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
            "is_shown": self.is_visible,
            "result": serialize_result(self.new),
            "before": {},
            "flag": self.flag,
        }


def serialize_result(new: AnswerResult) -> dict[str, Any]:
    """Return the result of grading as JSON data, without status and credit."""
    return {
        "mistakes": new.mistakes,
        "value": new.value,
        "shown": new.rendered_value,
        "carries": new.carries,
        "said": new.feedback,
        "record": new.record,
        "engine": new.engine,
    }


def find_changes(
    stored: Iterable[AnswerWithGrading],
    results: ResultsBySubmission,
    *,
    manual_parts: Collection[str],
) -> list[AnswerChange]:
    """Return the answers whose grading changes.

    Answers to parts that a person grades stay as they are. If a person graded an answer that the
    engine could grade, the change is reported but not applied, and only if the engine's credit
    differs.
    """
    changed = []
    comparison = _RecordComparison()
    for old in stored:
        new = results.get(old.submission, {}).get(old.part)
        if new is None or old.part in manual_parts:
            continue
        if old.manual:
            if new.credit not in {None, old.credit}:
                changed.append(
                    AnswerChange(old, new, credit_direction(old.credit, new.credit), MANUAL)
                )
        elif _has_different_result(old, new) or not comparison.are_equal(old.record, new.record):
            changed.append(AnswerChange(old, new, credit_direction(old.credit, new.credit)))
    return changed


def _has_different_result(old: AnswerWithGrading, new: AnswerResult) -> bool:
    before = (
        old.status,
        old.credit,
        old.mistakes,
        old.value,
        old.rendered_value,
        old.carries,
        old.feedback,
    )
    after = (
        new.status,
        new.credit,
        new.mistakes,
        new.value,
        new.rendered_value,
        new.carries,
        new.feedback,
    )
    return before != after


class _RecordComparison:
    """Memoized comparison of records by object identity, valid while the records exist."""

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int], bool] = {}

    def are_equal(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Return whether two records are equal, apart from their versions."""
        pair = id(old), id(new)
        if pair not in self._cache:
            self._cache[pair] = _comparable_fields(old) == _comparable_fields(new)
        return self._cache[pair]


def _comparable_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in IGNORED_RECORD_FIELDS}


def project_answers_by_student(
    stored: Iterable[AnswerWithGrading], changes: Iterable[AnswerChange]
) -> dict[UUID, list[PartAnswer]]:
    """Return the answers of each student as the grading policy sees them after *changes*."""
    answers: defaultdict[UUID, list[PartAnswer]] = defaultdict(list)
    new = {change.old.id: change.new for change in changes}
    for old in stored:
        graded = new.get(old.id, old)
        answered = StoredAnswer(
            submission=str(old.submission),
            sequence=old.sequence,
            submitted_at=to_micros(old.received_at),
            attempt=old.attempt,
            value=graded.value,
            status=graded.status,
            credit=graded.credit,
            admitted_late=old.late,
            manual=old.manual,
        )
        answers[old.student].append((old.part, answered))
    return answers


def credit_direction(before: Fraction | None, after: Fraction | None) -> str:
    """Return the direction of a credit: up, down, same, or review by a person.

    An answer that waited for a person has no credit to lose.
    """
    if after is None:
        return "same" if before is None else "review"
    old = before or Fraction(0)
    return "up" if after > old else "down" if after < old else "same"


def is_credit_lowered(before: Fraction | None, after: Fraction | None) -> bool:
    """Return whether an answer would lose credit, or would have to wait for a person."""
    return credit_direction(before, after) in LOWERING_DIRECTIONS


def count_changes(
    stored: Collection[AnswerWithGrading],
    changes: Iterable[AnswerChange],
    totals: Mapping[UUID, Mapping[str, Any]],
) -> dict[str, int]:
    """Return the counts of a chunk. *totals* omits students who do not count in statistics."""
    counts = Counter(dict.fromkeys(COUNT_NAMES, 0))
    for change in changes:
        if change.old.student not in totals:
            continue
        counts[MANUAL if change.flag == MANUAL else change.direction] += 1
        counts["answers_changed"] += change.is_visible
        newly = change.old.status == UNREADABLE != change.new.status
        counts["newly_readable"] += newly and not change.flag
    counts["answers"] = sum(one.student in totals for one in stored)
    directions = ("up", "down", "review", MANUAL)
    counts["same"] = counts["answers"] - sum(counts[name] for name in directions)
    for figures in totals.values():
        before, after = figures["score_before"] or 0, figures["score_after"] or 0
        counts["students"] += 1
        counts["students_up"] += after > before
        counts["students_down"] += after < before
    return dict(counts)
