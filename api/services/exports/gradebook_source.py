"""The gradebook in the form that the file writers take.

A file has one maximum per column. If a student's maximum is lower, because of an excused or dropped
problem, the score is scaled to the column's maximum; if it is 0, the cell is excused.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.models import Assignment, AssignmentProblem, Submission
from api.services.courses.time_zones import get_zone
from api.services.exports.formats import ExportCell, ExportColumn, ExportGradebook, ExportPerson
from api.services.gradebook.cells import GradeCell as GradebookCell
from api.services.gradebook.cells import load_cells
from api.services.gradebook.gradebook_data import GradebookData
from api.services.gradebook.students import GradebookStudent
from api.services.gradebook.totals import compute_totals
from grader.policy import SubmissionRules

MICROS_PER_SECOND: Final = 1_000_000

Key = tuple[UUID, UUID]
"""Ids of an assignment and a student."""


@dataclass(frozen=True, slots=True)
class _SubmissionTotals:
    """Number of a student's submissions, and the time of the last one."""

    count: int
    last: datetime


def build_export_gradebook(
    session: Session, book: GradebookData, columns: Sequence[int], *, now: datetime
) -> ExportGradebook:
    """Return the gradebook with the assignments at the indices *columns*."""
    source_cells = load_cells(session, book, now=now)
    totals = compute_totals(book, source_cells)
    submissions, comments = _load_submission_totals(session, book), _collect_override_reasons(book)
    cells: dict[tuple[str, str], ExportCell] = {}
    for index in columns:
        assignment = book.assignments[index]
        column = _build_column(book, assignment)
        for student in book.students:
            key = (assignment.id, student.id)
            cell = _build_cell(
                source_cells[student.id][index], column.possible, comments.get(key, "")
            )
            if key in submissions:
                cell = _add_submission_totals(
                    cell, submissions[key], book.rules_for(assignment, student)
                )
            cells[str(student.id), column.id] = cell
    return ExportGradebook(
        course=book.course.title,
        zone=get_zone(book.course.zone),
        columns=tuple(_build_column(book, book.assignments[at]) for at in columns),
        people=tuple(_build_person(one) for one in book.students),
        cells=cells,
        totals={str(student): total.percent for student, total in totals.items()},
        waiting_points={str(student): total.waiting_points for student, total in totals.items()},
    )


def _build_column(book: GradebookData, assignment: Assignment) -> ExportColumn:
    return ExportColumn(
        id=str(assignment.id),
        title=assignment.title,
        possible=book.blank_grades[assignment.id].possible,
        extra=assignment.extra,
        lms_id=assignment.lms_id,
    )


def _build_person(student: GradebookStudent) -> ExportPerson:
    return ExportPerson(
        id=str(student.id),
        name=student.name,
        email=student.email,
        student_number=student.number,
        login=student.login,
        family_name=student.family_name,
        lms_id=student.lms_id,
        sections=(student.section,) if student.section else (),
    )


def _build_cell(source: GradebookCell, worth: Fraction, comment: str) -> ExportCell:
    free = not source.possible and worth > 0
    return ExportCell(
        score=None if source.excused or free else _scale_score(source, worth),
        excused=source.excused or free,
        waiting=source.waiting,
        waiting_points=_scale_points(source.pending.possible, source, worth),
        overridden=source.overridden,
        comment=comment,
    )


def _scale_score(source: GradebookCell, worth: Fraction) -> Fraction | None:
    return None if source.score is None else _scale_points(source.score, source, worth)


def _scale_points(points: Fraction, source: GradebookCell, worth: Fraction) -> Fraction:
    """Scale *points* from the student's maximum to the maximum *worth* of the column."""
    return points if source.possible in {0, worth} else points * worth / source.possible


def _add_submission_totals(
    cell: ExportCell, submissions: _SubmissionTotals, rules: SubmissionRules
) -> ExportCell:
    late = 0 if rules.due is None else max(0, to_micros(submissions.last) - rules.due)
    # Round up to whole seconds, so that late work never looks on time.
    seconds = -(-late // MICROS_PER_SECOND)
    return replace(
        cell, late_seconds=seconds, submitted_at=submissions.last, submissions=submissions.count
    )


def _load_submission_totals(session: Session, book: GradebookData) -> dict[Key, _SubmissionTotals]:
    """Return the submissions of each student to each assignment, counted in the database."""
    rows = session.execute(
        select(
            AssignmentProblem.assignment_id,
            Submission.student_id,
            func.count(),
            func.max(Submission.received_at),
        )
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .where(
            AssignmentProblem.assignment_id.in_([assignment.id for assignment in book.assignments])
        )
        .group_by(AssignmentProblem.assignment_id, Submission.student_id)
    )
    return {(row[0], row[1]): _SubmissionTotals(row[2], row[3]) for row in rows}


def _collect_override_reasons(book: GradebookData) -> dict[Key, str]:
    """Return the reasons of the overrides by assignment and student."""
    reasons_by_key: defaultdict[Key, list[str]] = defaultdict(list)
    for override in book.overrides:
        reasons_by_key[override.assignment_id, override.student_id].append(override.reason)
    return {key: "\n".join(reasons) for key, reasons in reasons_by_key.items()}
