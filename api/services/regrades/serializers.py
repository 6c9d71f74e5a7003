"""Serializers of regrades for staff: one, all of a problem, and their changes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from api.db.models import (
    Answer,
    AssignmentProblem,
    Grading,
    ProblemVersion,
    Regrade,
    RegradeChange,
    RegradeStudent,
    Submission,
    User,
)
from api.http.pagination import Cursor, apply_keyset
from api.schemas.grading.regrade_changes import ChangeOut, Side, StudentOut, Turn
from api.schemas.grading.regrades import Counts, Progress, RegradeOut, VersionRef
from api.services.engine.single_answer import read_points
from api.services.problems.versions import space_kind
from api.services.regrades.draft_versions import load_titles_using_undone_versions

ALLOWED_ACTIONS: Final = {
    "judging": ("cancel",),
    "ready": ("apply", "cancel"),
    "applying": ("cancel",),
    "stopped": ("apply", "undo"),
    "applied": ("undo",),
}
BATCH_SIZE: Final = 25
ChangeRow: TypeAlias = tuple[RegradeChange, Answer, Grading]
"""A change, its answer, and the grading that counted before it."""


def serialize_regrades(
    session: Session, runs: Sequence[Regrade], problem: AssignmentProblem
) -> list[RegradeOut]:
    """Serialize *runs* of a problem for staff, with at most three queries for all."""
    ids = {version for run in runs for version in (run.from_version, run.to_version)}
    version_rows = session.scalars(select(ProblemVersion).where(ProblemVersion.id.in_(ids)))
    versions = {
        row.id: VersionRef(id=row.id, number=row.number, space=space_kind(row))
        for row in version_rows
    }
    titles_by_version = load_titles_using_undone_versions(session, runs)
    counts = _load_counts(session, runs)
    return [
        _serialize_regrade(
            run, problem, versions, titles_by_version.get(run.to_version, ()), counts[run.id]
        )
        for run in runs
    ]


def _load_counts(session: Session, runs: Sequence[Regrade]) -> dict[UUID, Counts]:
    """Return the counts of *runs*. With *never_lower*, students are counted by the kept scores.

    The database counts them: many students move, but in few different ways.
    """
    counts_by_run = {run.id: run.counts for run in runs}
    never_lowering = [run.id for run in runs if run.never_lower and run.counts]
    if not never_lowering:
        return {run: Counts(**counts) for run, counts in counts_by_run.items()}
    student = RegradeStudent
    rows = session.execute(
        select(student.regrade_id, student.score_before, student.score_kept, func.count())
        .where(
            student.regrade_id.in_(never_lowering),
            student.counted,
            student.score_before.is_distinct_from(student.score_kept),
        )
        .group_by(student.regrade_id, student.score_before, student.score_kept)
    )
    moved = {run: {"students_up": 0, "students_down": 0} for run in never_lowering}
    for run, before, after, students in rows:
        moved[run]["students_up"] += students * ((after or 0) > (before or 0))
        moved[run]["students_down"] += students * ((after or 0) < (before or 0))
    return {run: Counts(**counts | moved.get(run, {})) for run, counts in counts_by_run.items()}


def _serialize_regrade(
    run: Regrade,
    problem: AssignmentProblem,
    versions: dict[UUID, VersionRef],
    titles: Iterable[str],
    counts: Counts,
) -> RegradeOut:
    values: dict[str, Any] = {
        name: getattr(run, name)
        for name in RegradeOut.model_fields
        if name in Regrade.__table__.columns
    }
    return RegradeOut(
        **values
        | {
            "assignment": problem.assignment_id,
            "problem": problem.slug,
            "from_version": versions[run.from_version],
            "to_version": versions[run.to_version],
            "progress": _serialize_progress(run),
            "counts": counts,
            "warnings": tuple(
                _describe_remaining_use(versions[run.to_version], title) for title in titles
            ),
            "may": ALLOWED_ACTIONS.get(run.status, ()),
        }
    )


def _describe_remaining_use(version: VersionRef, title: str) -> str:
    return (
        f"Version {version.number} of the {version.space} stays published: {title} "
        "uses it. Regrade it too, or give it another version."
    )


def _serialize_progress(run: Regrade) -> Progress:
    seconds = 0.0
    if run.stepped_at is not None and run.began_at is not None:
        seconds = (run.stepped_at - run.began_at).total_seconds()
    rate = round(run.done / seconds, 1) if seconds > 0 else None
    return Progress(done=run.done, total=run.total, rate=rate)


def load_regrades(
    session: Session,
    problem_id: UUID,
    *,
    after: Cursor | None,
    limit: int,
    status: str | None = None,
) -> Sequence[Regrade]:
    """Return a page of the regrades of a problem, latest first."""
    query = select(Regrade).where(Regrade.problem_id == problem_id)
    if status is not None:
        query = query.where(Regrade.status == status)
    query = apply_keyset(query, Regrade.created_at, Regrade.id, after=after, order="descending")
    return session.scalars(query.limit(limit)).all()


def iter_changes(
    session: Session,
    run: Regrade,
    *,
    after: Cursor | None,
    limit: int,
    direction: str | None = None,
    flag: str | None = None,
    student: UUID | None = None,
) -> Iterator[ChangeRow]:
    """Yield the visible changes, chunk by chunk, limited by the given filters.

    Rows are read in small batches: the records of a change may take hundreds of KiB.
    """
    query = (
        select(RegradeChange, Answer, Grading)
        .join(Answer, Answer.id == RegradeChange.answer_id)
        .join(Grading, Grading.id == RegradeChange.old_grading)
        .where(RegradeChange.regrade_id == run.id, RegradeChange.is_shown)
    )
    filters = {"direction": direction, "flag": flag, "student_id": student}
    for name, value in filters.items():
        if value is not None:
            query = query.where(getattr(RegradeChange, name) == value)
    query = apply_keyset(query, RegradeChange.chunk, RegradeChange.id, after=after)
    rows = session.execute(query.limit(limit), execution_options={"yield_per": BATCH_SIZE})
    yield from ((row[0], row[1], row[2]) for row in rows)


def serialize_change(row: ChangeRow) -> ChangeOut:
    """Serialize a change for staff."""
    change, answer, grading = row
    before = change.before or {"shown": answer.shown, "mistakes": answer.mistakes}
    return ChangeOut(
        id=change.id,
        answer=answer.id,
        submission=answer.submission_id,
        student=change.student_id,
        part=answer.part,
        sequence=answer.sequence,
        direction=change.direction,  # type: ignore[arg-type]  # pydantic checks it
        flag=change.flag,  # type: ignore[arg-type]
        is_applied=change.new_grading is not None and change.new_grading == answer.grading_id,
        before=_serialize_old_or_new_result(
            change.old_status,
            change.old_credit,
            {**before, "record": grading.record, "said": grading.said},
        ),
        after=_serialize_old_or_new_result(change.new_status, change.new_credit, change.result),
    )


def _serialize_old_or_new_result(status: str, credit: Any, result: dict[str, Any]) -> Side:
    points = read_points(result["record"], result["said"])
    return Side(
        status=status,
        credit=credit,
        points=points,
        score=None if credit is None else credit * points,
        read_as=result["shown"],
        mistakes=tuple(one for one in result["mistakes"].split("|") if one),
        feedback=result["said"].get("feedback", ""),
    )


def load_students(
    session: Session,
    run: Regrade,
    *,
    after: Cursor | None,
    limit: int,
    changed: bool | None = None,
) -> list[tuple[RegradeStudent, User]]:
    """Return a page of the students of a regrade, by family name.

    *changed*: True for only those whose score or grade changes, False for only the others.
    """
    query = (
        select(RegradeStudent, User)
        .join(User, User.id == RegradeStudent.student_id)
        .where(RegradeStudent.regrade_id == run.id)
    )
    if changed is not None:
        query = query.where(
            _student_changed_condition(run) if changed else ~_student_changed_condition(run)
        )
    query = apply_keyset(query, User.sort_name, User.id, after=after)
    return [(row[0], row[1]) for row in session.execute(query.limit(limit))]


def count_unchanged_students(session: Session, run: UUID) -> int:
    """Return the number of students with submissions who keep their score and grade."""
    regrade = session.get_one(Regrade, run)
    return (
        session.scalar(_submitter_count_query(run).where(~_student_changed_condition(regrade))) or 0
    )


def count_submitters(session: Session, run: UUID) -> int:
    """Return the number of students of a regrade who count and have submissions to the problem.

    An applied regrade may also have students for whom only the grade is recomputed.
    """
    return session.scalar(_submitter_count_query(run).where(RegradeStudent.counted)) or 0


def _submitter_count_query(run: UUID) -> Select[int]:
    has_submission = exists().where(
        Submission.problem_id == Regrade.problem_id,
        Submission.student_id == RegradeStudent.student_id,
    )
    return (
        select(func.count())
        .select_from(RegradeStudent)
        .join(Regrade, Regrade.id == RegradeStudent.regrade_id)
        .where(Regrade.id == run, has_submission)
    )


def _student_changed_condition(run: Regrade) -> ColumnElement[bool]:
    """Return the condition that a *run* changes the score or grade of a student."""
    student = RegradeStudent
    score, grade = (
        (student.score_kept, student.grade_kept)
        if run.never_lower
        else (student.score_after, student.grade_after)
    )
    return or_(
        student.score_before.is_distinct_from(score), student.grade_before.is_distinct_from(grade)
    )


def serialize_student(row: tuple[RegradeStudent, User]) -> StudentOut:
    """Serialize the effect of a regrade on a student for staff."""
    student, user = row
    return StudentOut(
        student=student.student_id,
        name=user.name,
        counts=student.counted,
        score=Turn(
            before=student.score_before, after=student.score_after, never_lower=student.score_kept
        ),
        grade=Turn(
            before=student.grade_before, after=student.grade_after, never_lower=student.grade_kept
        ),
    )
