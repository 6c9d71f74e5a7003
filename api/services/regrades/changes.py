"""Changes by another version: answer by answer, and counted."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from api.core.ids import new_id
from api.core.json_text import JsonText, to_json_column
from api.services.grades.answers import PartAnswer
from api.services.regrades.execution.chunk_data import AnswerWithGrading, StoredResult
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
EMPTY_JSON: Final = JsonText("{}")


@dataclass(frozen=True, slots=True)
class ResultDifference:
    """Difference between the result of an answer and the one that another version gives.

    *is_visible*: staff and students see it; otherwise only the record differs. *row* holds the
    columns of `RegradeChange` that depend on these results alone.
    """

    old: StoredResult
    new: AnswerResult
    direction: str
    is_visible: bool
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """An answer whose grading differs under another version, with the new grading."""

    old: AnswerWithGrading
    difference: ResultDifference
    flag: str = ""

    @property
    def new(self) -> AnswerResult:
        """The new result."""
        return self.difference.new

    @property
    def lowers_credit(self) -> bool:
        """Whether the answer would lose credit, or would have to wait for a person."""
        return self.difference.direction in LOWERING_DIRECTIONS

    def to_row(self, regrade: UUID, chunk: int) -> dict[str, Any]:
        """Return the change as a row of `RegradeChange`."""
        old = self.old
        return {
            "id": new_id(),
            "regrade_id": regrade,
            "chunk": chunk,
            "answer_id": old.id,
            "student_id": old.student,
            "old_grading": old.grading,
            "flag": self.flag,
            **self.difference.row,
        }


class ResultComparison:
    """Comparison of stored and new results, made once for each pair of objects.

    Most answers of a chunk share one of a few pairs. Valid while the results exist.
    """

    def __init__(self) -> None:
        self._cache: dict[tuple[int, int], ResultDifference | None] = {}

    def compare(self, old: StoredResult, new: AnswerResult) -> ResultDifference | None:
        """Return the difference between two results, None if there is none."""
        pair = id(old), id(new)
        if pair not in self._cache:
            self._cache[pair] = _find_difference(old, new)
        return self._cache[pair]


def build_difference(old: StoredResult, new: AnswerResult) -> ResultDifference:
    """Return the difference between two results, which may be equal."""
    is_visible = _get_displayed_fields(old) != _get_displayed_fields(new)
    direction = classify_credit_change(old.credit, new.credit)
    row = {
        "new_grading": None,
        "old_status": old.status,
        "new_status": new.status,
        "old_credit": old.credit,
        "new_credit": new.credit,
        "direction": direction,
        "is_shown": is_visible,
        "result": JsonText(to_json_column(serialize_result(new))),
        "before": EMPTY_JSON,
    }
    return ResultDifference(old, new, direction, is_visible, row)


def _find_difference(old: StoredResult, new: AnswerResult) -> ResultDifference | None:
    is_same = (
        _get_displayed_fields(old) == _get_displayed_fields(new)
        and (old.value, old.carries) == (new.value, new.carries)
        and _drop_ignored_fields(old.record) == _drop_ignored_fields(new.record)
    )
    return None if is_same else build_difference(old, new)


def _get_displayed_fields(result: StoredResult | AnswerResult) -> tuple[Any, ...]:
    """Return what staff and students see of a result."""
    return result.status, result.credit, result.mistakes, result.rendered_value, result.feedback


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
    comparison = ResultComparison()
    for old in stored:
        new = results.get(old.submission, {}).get(old.result.part)
        if new is None or old.result.part in manual_parts:
            continue
        if old.manual:
            if new.credit not in {None, old.result.credit}:
                changed.append(AnswerChange(old, build_difference(old.result, new), MANUAL))
        elif (difference := comparison.compare(old.result, new)) is not None:
            changed.append(AnswerChange(old, difference))
    return changed


def _drop_ignored_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in IGNORED_RECORD_FIELDS}


def project_answers_by_student(
    stored: Iterable[AnswerWithGrading], changes: Iterable[AnswerChange]
) -> dict[UUID, list[PartAnswer]]:
    """Return the answers of each student as the grading policy sees them after *changes*."""
    answers: defaultdict[UUID, list[PartAnswer]] = defaultdict(list)
    # By identity: hashing the ids took most of the time.
    new = {id(change.old): change.new for change in changes}
    for old in stored:
        graded = new.get(id(old)) or old.result
        answered = StoredAnswer(
            old.submission,
            old.sequence,
            old.submitted_at,
            old.attempt,
            graded.value,
            graded.status,
            graded.credit,
            old.late,
            old.manual,
        )
        answers[old.student].append((old.result.part, answered))
    return answers


def classify_credit_change(before: Fraction | None, after: Fraction | None) -> str:
    """Return the direction of a credit: up, down, same, or review by a person.

    An answer that waited for a person has no credit to lose.
    """
    if after is None:
        return "same" if before is None else "review"
    old = before or Fraction(0)
    return "up" if after > old else "down" if after < old else "same"


def is_credit_lowered(before: Fraction | None, after: Fraction | None) -> bool:
    """Return whether an answer would lose credit, or would have to wait for a person."""
    return classify_credit_change(before, after) in LOWERING_DIRECTIONS


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
        difference = change.difference
        counts[MANUAL if change.flag == MANUAL else difference.direction] += 1
        counts["answers_changed"] += difference.is_visible
        newly = difference.old.status == UNREADABLE != difference.new.status
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
