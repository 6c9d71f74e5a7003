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
from api.services.assignments import timeline
from api.services.exports.formats import Cell, Column, Gradebook, Person
from api.services.gradebook.book import Book
from api.services.gradebook.cells import Cell as GradebookCell
from api.services.gradebook.cells import cells_of, totals_of
from api.services.gradebook.students import Student
from grader.policy import Rules

__all__ = ["file_book"]

SECOND: Final = 1_000_000

Key = tuple[UUID, UUID]
"""An assignment and a student."""


@dataclass(frozen=True, slots=True)
class _Work:
    """Number of a student's submissions, and the time of the last one."""

    count: int
    last: datetime


def file_book(session: Session, book: Book, columns: Sequence[int], *, now: datetime) -> Gradebook:
    """Return the gradebook with the assignments at the indices *columns*."""
    kept = cells_of(session, book, now=now)
    totals = totals_of(book, kept)
    work, said = _work(session, book), _comments(book)
    cells: dict[tuple[str, str], Cell] = {}
    for at in columns:
        assignment = book.assignments[at]
        column = _column(book, assignment)
        for student in book.students:
            key = (assignment.id, student.id)
            cell = _cell(kept[student.id][at], column.possible, said.get(key, ""))
            if key in work:
                cell = _with_work(cell, work[key], book.rules(assignment, student))
            cells[str(student.id), column.id] = cell
    return Gradebook(
        course=book.course.title,
        zone=timeline.zone(book.course.zone),
        columns=tuple(_column(book, book.assignments[at]) for at in columns),
        people=tuple(_person(one) for one in book.students),
        cells=cells,
        totals={str(student): total.percent for student, total in totals.items()},
        left_out={str(student): total.waiting_points for student, total in totals.items()},
    )


def _column(book: Book, assignment: Assignment) -> Column:
    return Column(
        id=str(assignment.id),
        title=assignment.title,
        possible=book.blanks[assignment.id].possible,
        extra=assignment.extra,
        lms_id=assignment.lms_id,
    )


def _person(student: Student) -> Person:
    return Person(
        id=str(student.id),
        name=student.name,
        email=student.email,
        student_number=student.number,
        login=student.login,
        family_name=student.family_name,
        lms_id=student.lms_id,
        sections=(student.section,) if student.section else (),
    )


def _cell(kept: GradebookCell, worth: Fraction, comment: str) -> Cell:
    free = not kept.possible and worth > 0
    return Cell(
        score=None if kept.excused or free else _score(kept, worth),
        excused=kept.excused or free,
        waiting=kept.waiting,
        waiting_points=_scaled(kept.pending.possible, kept, worth),
        overridden=kept.overridden,
        comment=comment,
    )


def _score(kept: GradebookCell, worth: Fraction) -> Fraction | None:
    return None if kept.score is None else _scaled(kept.score, kept, worth)


def _scaled(points: Fraction, kept: GradebookCell, worth: Fraction) -> Fraction:
    """Scale *points* from the student's maximum to the maximum *worth* of the column."""
    return points if kept.possible in {0, worth} else points * worth / kept.possible


def _with_work(cell: Cell, work: _Work, rules: Rules) -> Cell:
    late = 0 if rules.due is None else max(0, to_micros(work.last) - rules.due)
    # Round up to whole seconds, so that late work never looks on time.
    seconds = -(-late // SECOND)
    return replace(cell, late_seconds=seconds, submitted_at=work.last, submissions=work.count)


def _work(session: Session, book: Book) -> dict[Key, _Work]:
    """Return the submissions of each student to each assignment, counted in the database."""
    rows = session.execute(
        select(
            AssignmentProblem.assignment_id,
            Submission.student_id,
            func.count(),
            func.max(Submission.received_at),
        )
        .join(AssignmentProblem, AssignmentProblem.id == Submission.problem_id)
        .where(AssignmentProblem.assignment_id.in_([one.id for one in book.assignments]))
        .group_by(AssignmentProblem.assignment_id, Submission.student_id)
    )
    return {(row[0], row[1]): _Work(row[2], row[3]) for row in rows}


def _comments(book: Book) -> dict[Key, str]:
    """Return the reasons of the overrides by assignment and student."""
    said: defaultdict[Key, list[str]] = defaultdict(list)
    for one in book.overrides:
        said[one.assignment_id, one.student_id].append(one.reason)
    return {key: "\n".join(reasons) for key, reasons in said.items()}
