"""Storage of admitted submissions, with the progress and grades that follow."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.core.json_text import serialize_json
from api.db.models import Grade, GradeChange, ProblemProgress
from api.db.upserts import RowBatch, RowValues, write_batches
from api.services.grades import (
    GradeCause,
    GradingContext,
    ProblemTotal,
    build_grade_change_row,
    build_grade_row,
    build_progress_row,
    compute_problem_total,
    compute_problem_totals,
    join_part_members,
    load_stored_progress,
    serialize_part_progress_member,
)
from api.services.submissions.admission import AdmittedSubmission
from api.services.submissions.cache.submission_cache import (
    CachedGrade,
    ChangeCounters,
    PartProgressSnapshot,
    StudentProblemState,
)
from api.services.submissions.cache.transaction import CacheTransaction
from api.services.submissions.pending_submissions import StoredSubmission
from api.services.submissions.replies import ScoreSummary, build_reply
from api.services.submissions.writer.locks import lock_grades
from api.services.submissions.writer.lookup_statements import Pair
from api.services.submissions.writer.rows import build_row_batches
from grader.json_values import from_json
from grader.policy import PartProgress, StoredAnswer, evaluate_part_progress
from grader.values import Value


@dataclass(frozen=True, slots=True)
class _ProgressUpdate:
    """An admitted submission with the student's state and total in the problem after it."""

    admitted: AdmittedSubmission
    state: StudentProblemState
    grading_context: GradingContext
    part_progress: Mapping[str, PartProgress]
    total: ProblemTotal

    @property
    def grade_key(self) -> Pair:
        """The key of the grade: assignment and student."""
        return self.admitted.entry.ids.grade_key

    @property
    def progress_row(self) -> RowValues:
        """The row of the progress in the problem."""
        entry = self.admitted.entry
        parts = join_part_members(
            serialize_part_progress_member(name, one) for name, one in self.part_progress.items()
        )
        last = self.state.answers[next(iter(entry.answer_results))][-1]
        return build_progress_row(entry.progress_key, parts, self.total, last)

    @property
    def change_counters(self) -> ChangeCounters | None:
        """The change counters that validate it in the cache, None if it must not be cached."""
        return self.admitted.context.change_counters


def store_with_grades(
    session: Session,
    admitted: Mapping[int, AdmittedSubmission],
    cache_transaction: CacheTransaction,
    *,
    now: datetime,
) -> dict[int, StoredSubmission]:
    """Store admitted submissions with their progress and grades; return the replies by index."""
    if not admitted:
        return {}
    updates = [_build_progress_update(one) for one in admitted.values()]
    replies = {
        update.admitted.id: serialize_json(build_reply(update.admitted, _summarize_score(update)))
        for update in updates
    }
    # Before the grades: the ids follow this order.
    rows, sizes = build_row_batches(list(admitted.values()), replies, now=now)
    progress_rows = [update.progress_row for update in updates]
    grades, changes = _build_grade_rows(session, updates, cache_transaction, now=now)
    write_batches(
        session,
        [
            *rows,
            RowBatch(ProblemProgress, progress_rows, "counted"),
            RowBatch(Grade, grades, "counted"),
            RowBatch(GradeChange, changes),
        ],
    )
    for update in updates:
        cache_transaction.put_state(
            update.admitted.entry.ids.progress_key,
            None if update.change_counters is None else update.state,
        )
    return {
        at: StoredSubmission(one.id, replies[one.id], stored_bytes=sizes[one.id])
        for at, one in admitted.items()
    }


def _build_progress_update(admitted: AdmittedSubmission) -> _ProgressUpdate:
    student, problem = admitted.entry.student_id, admitted.context.problem
    grading_context = admitted.context.grading_context.with_rules(student, admitted.rules)
    answers, carried_values = _merge_answers(admitted), _merge_carried_values(admitted)
    part_progress = _compute_part_progress(admitted, answers)
    return _ProgressUpdate(
        admitted,
        StudentProblemState(
            admitted.entry.variant_assignment,
            has_stored_draw=True,
            sequence=admitted.sequence,
            version=admitted.state.version + 1,
            answers=answers,
            carried_values=carried_values,
            # Without counters it is not cached.
            change_counters=admitted.context.change_counters or {},
            part_progress=PartProgressSnapshot(
                admitted.rules,
                {part: one for part, one in part_progress.items() if part in answers},
            ),
        ),
        grading_context,
        part_progress,
        compute_problem_total(grading_context, problem, student, part_progress),
    )


def _compute_part_progress(
    admitted: AdmittedSubmission, answers: Mapping[str, Sequence[StoredAnswer]]
) -> dict[str, PartProgress]:
    """Return the progress in each part; under unchanged rules, compute only answered parts."""
    rules, snapshot = admitted.rules, admitted.state.part_progress
    cached = snapshot.parts if snapshot is not None and snapshot.rules is rules else {}
    answered_now = admitted.entry.answer_results
    return {
        part.id: cached[part.id]
        if part.id in cached and part.id not in answered_now
        else evaluate_part_progress(rules, answers.get(part.id, ()), text=part.is_text)
        for part in admitted.context.problem.parts
    }


def _merge_answers(admitted: AdmittedSubmission) -> Mapping[str, tuple[StoredAnswer, ...]]:
    """Return all answers of the student by part, those of this submission included."""
    answers = dict(admitted.state.answers)
    for part in admitted.entry.answer_results:
        answers[part] = (*answers.get(part, ()), _build_policy_answer(admitted, part))
    return answers


def _merge_carried_values(admitted: AdmittedSubmission) -> Mapping[int, Mapping[str, Value]]:
    """Return the last readable values by draw, those of this submission included."""
    before, entry = admitted.state.carried_values, admitted.entry
    new_values = {
        part: from_json(result.carries["value"])
        for part, result in entry.answer_results.items()
        if result.carries is not None
    }
    number = entry.variant_assignment.number
    return {**before, number: {**before.get(number, {}), **new_values}} if new_values else before


def _build_policy_answer(admitted: AdmittedSubmission, part: str) -> StoredAnswer:
    result = admitted.entry.answer_results[part]
    return StoredAnswer(
        submission=admitted.id_text,
        sequence=admitted.sequence,
        submitted_at=to_micros(admitted.entry.received_at),
        attempt=admitted.admission.attempts.get(part),
        value=result.value,
        status=result.status,
        credit=result.credit,
        admitted_late=admitted.admission.late,
    )


def _summarize_score(update: _ProgressUpdate) -> ScoreSummary:
    graded, parts = update.total.graded, update.part_progress
    used_attempts = {part: progress.attempts_used for part, progress in parts.items()}
    return ScoreSummary(used_attempts, graded.score, graded.possible, waiting=graded.waiting)


def _build_grade_rows(
    session: Session,
    updates: Sequence[_ProgressUpdate],
    cache_transaction: CacheTransaction,
    *,
    now: datetime,
) -> tuple[list[RowValues], list[RowValues]]:
    """Lock the grades; return their new rows and, for each changed score, a row with its cause."""
    updates_by_key: defaultdict[Pair, list[_ProgressUpdate]] = defaultdict(list)
    for update in updates:
        updates_by_key[update.grade_key].append(update)
    grades = _lock_and_load_grades(session, updates_by_key, cache_transaction, now=now)
    rows: list[RowValues] = []
    changes: list[RowValues] = []
    for grade_key, group in updates_by_key.items():
        before, last = grades[grade_key], group[-1]
        new_totals = {one.admitted.entry.problem_id: one.total for one in group}
        totals = {**before.problem_totals, **new_totals}
        row = build_grade_row(
            last.grading_context, last.admitted.entry.student_id, totals, updated_at=now
        )
        rows.append(row)
        if row["score"] != before.score:
            cause = GradeCause("submission", last.admitted.id, last.admitted.entry.author_id, now)
            changes.append(build_grade_change_row(row, before.score, cause))
        if last.change_counters is not None:
            cache_transaction.put_grade(
                grade_key,
                CachedGrade(before.version + 1, row["score"], totals, last.change_counters),
            )
    return rows, changes


def _lock_and_load_grades(
    session: Session,
    updates_by_key: Mapping[Pair, Sequence[_ProgressUpdate]],
    cache_transaction: CacheTransaction,
    *,
    now: datetime,
) -> dict[Pair, CachedGrade]:
    """Lock the grades and return them as they were; those not in the cache are read."""
    locked = lock_grades(session, updates_by_key.keys(), now=now)
    grades: dict[Pair, CachedGrade] = {}
    uncached: list[_ProgressUpdate] = []
    for grade_key, (version, _) in locked.items():
        last, grade = updates_by_key[grade_key][-1], None
        if last.change_counters is not None:
            grade = cache_transaction.get_grade(grade_key, version, last.change_counters)
        if grade is None:
            uncached.append(last)
        else:
            grades[grade_key] = grade
    for update, totals in _load_problem_totals(session, uncached):
        grades[update.grade_key] = CachedGrade(*locked[update.grade_key], totals, {})
    return grades


def _load_problem_totals(
    session: Session, updates: Sequence[_ProgressUpdate]
) -> Iterator[tuple[_ProgressUpdate, Mapping[UUID, ProblemTotal]]]:
    """Yield the stored totals of each student in the problems of their assignment."""
    by_assignment: defaultdict[str, list[_ProgressUpdate]] = defaultdict(list)
    for update in updates:
        by_assignment[update.grade_key[0]].append(update)
    for group in by_assignment.values():
        students = [one.admitted.entry.student_id for one in group]
        progress_rows = load_stored_progress(session, group[0].grading_context, students)
        for update, student in zip(group, students, strict=True):
            yield update, compute_problem_totals(update.grading_context, student, progress_rows)
