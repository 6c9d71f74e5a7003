"""Score sheet of an assignment: written, read back, and applied as overrides of parts.

A row is the answer of a student that counts for a part. New points become an override of the part
with the comment as its reason. A comment alone becomes a comment on the answer, which the student
sees. Either all changes apply or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import FieldError, InvalidInput
from api.core.ids import new_id
from api.db.models import Assignment, Comment, GradeChange, Override
from api.schemas.grades.exports import SheetChangeOut, SheetLine, SheetOut
from api.services.audit.change_context import ChangeContext, lock_and_refresh
from api.services.exports.formats import (
    SheetChange,
    SheetChanges,
    read_score_sheet,
    reject_mismatched_changes,
)
from api.services.gradebook.overrides import withdraw_replaced_overrides
from api.services.grades import recompute_student_grades
from api.services.score_sheets.sheet_rows import SheetRowWithIds, load_sheet_source
from grader.reading import NumberStyle

DEFAULT_REASON: Final = "score sheet"
"""Reason of an override without a comment."""
MAX_LISTED_CHANGES: Final = 200
STUDENTS_PER_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class _SheetPlan:
    """Sheet compared with the current grading, and the rows by submission and part."""

    sheet: SheetChanges
    rows: Mapping[tuple[str, str], SheetRowWithIds]

    def get_row(self, change: SheetChange) -> SheetRowWithIds:
        """Return the row of a change."""
        return self.rows[change.submission_id, change.part]


def apply_sheet(
    session: Session,
    act: ChangeContext,
    assignment: Assignment,
    source: bytes,
    *,
    style: NumberStyle,
) -> SheetOut:
    """Apply a sheet and return its changes; a dry run keeps nothing and also reports errors.

    Raises `InvalidInput` with the unusable lines, if there are any, and changes nothing. The
    assignment is locked, so no other change of its grades comes in between.
    """
    lock_and_refresh(session, assignment)
    plan = _plan_changes(session, assignment, source, style)
    if plan.sheet.problems and act.dry_run:
        return _serialize_sheet(plan, applied=False, grades=0)
    if plan.sheet.problems:
        raise _sheet_error(plan.sheet)
    with act.rollback_if_dry_run(session):
        grades = _apply_changes(session, act, assignment, plan)
        return _serialize_sheet(plan, applied=not act.dry_run, grades=grades)


def _apply_changes(
    session: Session, act: ChangeContext, assignment: Assignment, plan: _SheetPlan
) -> int:
    """Write the changes of a sheet; return how many grades they change."""
    upload = new_id()
    _write_changes(session, act, plan)
    students = sorted({plan.get_row(change).student.id for change in plan.sheet.changes})
    cause = act.to_grade_cause("override", upload)
    for some in _split_into_chunks(students):
        recompute_student_grades(session, assignment.id, some, cause=cause)
    session.flush()
    moved = select(GradeChange.id).where(GradeChange.cause_id == upload)
    grades = len(session.scalars(moved).all())
    after = {"upload": str(upload), "changes": len(plan.sheet.changes), "grades": grades}
    act.record(session, "score_sheet.applied", ("assignment", assignment.id), change=({}, after))
    return grades


def _plan_changes(
    session: Session, assignment: Assignment, source: bytes, style: NumberStyle
) -> _SheetPlan:
    rows = load_sheet_source(session, assignment).load_rows_without_answers(session)
    sheet = reject_mismatched_changes(
        read_score_sheet(source, style=style), (row.sheet_row for row in rows)
    )
    return _SheetPlan(
        sheet, {(row.sheet_row.submission_id, row.sheet_row.part): row for row in rows}
    )


def _sheet_error(sheet: SheetChanges) -> InvalidInput:
    first = sheet.problems[0]
    more = len(sheet.problems) - 1
    rest = f" {more} more lines have problems; dry_run=true lists all." if more else ""
    return InvalidInput(
        f"Line {first.line}: {first.message}. Nothing was changed.{rest}",
        errors=tuple(
            FieldError(f"line {problem.line}", problem.message, line=problem.line)
            for problem in sheet.problems
        ),
    )


def _write_changes(session: Session, act: ChangeContext, plan: _SheetPlan) -> None:
    """Write an override for each change with points, and a comment for each without."""
    row_changes = [(plan.get_row(change), change) for change in plan.sheet.changes]
    overrides = [
        _build_override(act, row, change.points, change.comment)
        for row, change in row_changes
        if change.points is not None
    ]
    withdraw_replaced_overrides(session, overrides, now=act.now)
    session.add_all(overrides)
    session.add_all(
        Comment(
            id=new_id(),
            answer_id=row.answer_id,
            author_id=act.author_id,
            text=change.comment,
            public=True,
            created_at=act.now,
        )
        for row, change in row_changes
        if change.points is None
    )


def _build_override(
    act: ChangeContext, row: SheetRowWithIds, points: Fraction, comment: str
) -> Override:
    return Override(
        id=new_id(),
        assignment_id=row.assignment_id,
        problem_id=row.problem_id,
        part=row.sheet_row.part,
        student_id=row.student.id,
        points=points,
        reason=comment or DEFAULT_REASON,
        author_id=act.author_id,
        created_at=act.now,
    )


def _split_into_chunks(students: Sequence[UUID]) -> Iterable[list[UUID]]:
    left = iter(students)
    while some := list(islice(left, STUDENTS_PER_CHUNK)):
        yield some


def _serialize_sheet(plan: _SheetPlan, *, applied: bool, grades: int) -> SheetOut:
    sheet = plan.sheet
    return SheetOut(
        applied=applied,
        changed=len(sheet.changes),
        unchanged=sheet.unchanged,
        grades=grades,
        changes=tuple(
            SheetChangeOut(**_serialize_change(plan, change))
            for change in sheet.changes[:MAX_LISTED_CHANGES]
        ),
        problems=tuple(
            SheetLine(line=problem.line, message=problem.message) for problem in sheet.problems
        ),
    )


def _serialize_change(plan: _SheetPlan, change: SheetChange) -> dict[str, Any]:
    row = plan.get_row(change)
    return {
        "line": change.line,
        "student": row.student.id,
        "name": row.student.name,
        "problem": row.sheet_row.problem,
        "part": change.part,
        "before": row.sheet_row.points,
        "after": change.points,
        "comment": change.comment,
    }
