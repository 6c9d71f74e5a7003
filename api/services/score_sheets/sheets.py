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

from api.core.errors import FieldError, Invalid
from api.core.ids import new_id
from api.db.models import Assignment, Comment, GradeChange, Override
from api.schemas.grades.exports import SheetChangeOut, SheetLine, SheetOut
from api.services.audit.change_context import Act, hold
from api.services.exports.formats import SheetChange, SheetChanges, check_sheet, read_score_sheet
from api.services.gradebook.overrides import set_aside
from api.services.grades import refresh_all
from api.services.score_sheets.sheet_rows import Row, sheet_rows
from grader.reading import Style

__all__ = ["REASON", "apply"]

REASON: Final = "score sheet"
"""The reason of an override that came without a comment."""
MOST_SHOWN: Final = 200
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class _Plan:
    """Sheet compared with the current grading, and the rows by submission and part."""

    sheet: SheetChanges
    rows: Mapping[tuple[str, str], Row]

    def row(self, change: SheetChange) -> Row:
        """Return the row of a change."""
        return self.rows[change.submission_id, change.part]


def apply(
    session: Session,
    act: Act,
    assignment: Assignment,
    source: bytes,
    *,
    style: Style,
) -> SheetOut:
    """Apply a sheet and return its changes; a dry run keeps nothing and also reports errors.

    Raises `Invalid` with the unusable lines, if there are any, and changes nothing. The assignment
    is locked, so no other change of its grades comes in between.
    """
    hold(session, assignment)
    plan = _plan(session, assignment, source, style)
    if plan.sheet.problems and act.dry_run:
        return _told(plan, applied=False, grades=0)
    if plan.sheet.problems:
        raise _refused(plan.sheet)
    with act.trial(session):
        grades = _apply(session, act, assignment, plan)
        return _told(plan, applied=not act.dry_run, grades=grades)


def _apply(session: Session, act: Act, assignment: Assignment, plan: _Plan) -> int:
    """Write the changes of a sheet; return how many grades they change."""
    upload = new_id()
    _write(session, act, plan)
    students = sorted({plan.row(one).student.id for one in plan.sheet.changes})
    cause = act.cause("override", upload)
    for some in _chunks(students):
        refresh_all(session, assignment.id, some, cause=cause)
    session.flush()
    moved = select(GradeChange.id).where(GradeChange.cause_id == upload)
    grades = len(session.scalars(moved).all())
    told = {"upload": str(upload), "changes": len(plan.sheet.changes), "grades": grades}
    act.record(session, "score_sheet.applied", ("assignment", assignment.id), change=({}, told))
    return grades


def _plan(session: Session, assignment: Assignment, source: bytes, style: Style) -> _Plan:
    rows = sheet_rows(session, assignment)
    sheet = check_sheet(read_score_sheet(source, style=style), (one.row for one in rows))
    return _Plan(sheet, {(one.row.submission_id, one.row.part): one for one in rows})


def _refused(sheet: SheetChanges) -> Invalid:
    first = sheet.problems[0]
    more = len(sheet.problems) - 1
    rest = f" {more} more lines have problems; dry_run=true tells of all." if more else ""
    return Invalid(
        f"Line {first.line}: {first.said}. Nothing was changed.{rest}",
        errors=tuple(
            FieldError(f"line {one.line}", one.said, line=one.line) for one in sheet.problems
        ),
    )


def _write(session: Session, act: Act, plan: _Plan) -> None:
    """Write an override for each change with points, and a comment for each without."""
    given = [(plan.row(one), one) for one in plan.sheet.changes]
    overrides = [
        _override(act, row, change.points, change.comment)
        for row, change in given
        if change.points is not None
    ]
    set_aside(session, overrides, now=act.now)
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
        for row, change in given
        if change.points is None
    )


def _override(act: Act, row: Row, points: Fraction, comment: str) -> Override:
    return Override(
        id=new_id(),
        assignment_id=row.assignment_id,
        problem_id=row.problem_id,
        part=row.row.part,
        student_id=row.student.id,
        points=points,
        reason=comment or REASON,
        author_id=act.author_id,
        created_at=act.now,
    )


def _chunks(students: Sequence[UUID]) -> Iterable[list[UUID]]:
    left = iter(students)
    while some := list(islice(left, CHUNK)):
        yield some


def _told(plan: _Plan, *, applied: bool, grades: int) -> SheetOut:
    sheet = plan.sheet
    return SheetOut(
        applied=applied,
        changed=len(sheet.changes),
        unchanged=sheet.unchanged,
        grades=grades,
        changes=tuple(SheetChangeOut(**_change(plan, one)) for one in sheet.changes[:MOST_SHOWN]),
        problems=tuple(SheetLine(line=one.line, said=one.said) for one in sheet.problems),
    )


def _change(plan: _Plan, change: SheetChange) -> dict[str, Any]:
    row = plan.row(change)
    return {
        "line": change.line,
        "student": row.student.id,
        "name": row.student.name,
        "problem": row.row.problem,
        "part": change.part,
        "before": row.row.points,
        "after": change.points,
        "comment": change.comment,
    }
