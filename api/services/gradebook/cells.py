"""Gradebook cells, read from stored grades, and course totals.

Work that was not submitted is missing, and counts 0, once the student can earn no more credit for
it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, select, type_coerce
from sqlalchemy.orm import Session

from api.db.models import Assignment, Grade
from api.db.models.base import exact
from api.services.gradebook.book import Book, categories_of, is_over
from api.services.gradebook.students import Student
from api.services.grades.assignment import PosedProblem
from grader.policy import NO_MARK, AssignmentLine, Category, Graded, Mark, course_grade

__all__ = [
    "Blanks",
    "Cell",
    "Total",
    "cell_of",
    "cells_of",
    "id_text",
    "kept_grades",
    "line_of",
    "totals_of",
]

KEPT: Final = 20_000
NONE: Final = "0"
"""No points, as they are kept."""


EVERYBODYS: Final = select(
    cast(Grade.assignment_id, Text),
    cast(Grade.student_id, Text),
    type_coerce(Grade.score, Text),
    type_coerce(Grade.possible, Text),
    type_coerce(Grade.pending_score, Text),
    type_coerce(Grade.pending_possible, Text),
    Grade.waiting,
    Grade.begun,
    Grade.late,
    Grade.version,
).where(Grade.assignment_id.in_(bindparam("assignments", expanding=True)))
THEIRS: Final = EVERYBODYS.where(Grade.student_id.in_(bindparam("students", expanding=True)))

Written: TypeAlias = tuple[str | None, str, str, str]


class Cell(NamedTuple):
    """Result of a student in an assignment; *score* is None if there is none (yet).

    *pending* is the share of score and maximum that waits for a person to grade it. *written* holds
    these four numbers as stored, for fast comparison of equal rows.
    """

    score: Fraction | None
    possible: Fraction
    written: Written
    pending: Mark = NO_MARK
    waiting: bool = False
    late: bool = False
    excused: bool = False
    overridden: bool = False
    missing: bool = False
    version: int = 0

    @property
    def settled(self) -> Mark | None:
        """Score and maximum of the graded share; None if nothing is graded."""
        if self.score is None:
            return None
        found = Mark(self.score, self.possible).without(self.pending)
        return found if found.possible or not self.pending.possible else None


class Total(NamedTuple):
    """Percentage in a course so far; None if nothing counts yet.

    It excludes *waiting_points*, which wait for grading.
    """

    percent: Fraction | None
    waiting: bool
    waiting_points: Fraction = Fraction(0)


def _read(score: str | None) -> Fraction | None:
    return None if score is None else exact(score)


def cells_of(session: Session, book: Book, *, now: datetime) -> dict[UUID, list[Cell]]:
    """Return each student's cells, in the order of the assignments."""
    one = [book.students[0].id] if len(book.students) == 1 else None
    kept = kept_grades(session, [row.id for row in book.assignments], one)
    excused = {
        (one.assignment_id, one.student_id) for one in book.excuses if one.problem_id is None
    }
    given = excused | {(one.assignment_id, one.student_id) for one in book.overrides}
    students = [(id_text(session, one.id), one) for one in book.students]
    found: dict[UUID, list[Cell]] = {one.id: [] for one in book.students}
    over: dict[int, bool] = {}
    for assignment in book.assignments:
        blanks = Blanks.of(book.blanks[assignment.id], book.problems.get(assignment.id, ()))
        rows = kept.get(id_text(session, assignment.id), {})
        for written, student in students:
            blank = partial(_blank, book, assignment, student, blanks=blanks, over=over, now=now)
            cell = cell_of(rows.get(written), blank)
            if given and (key := (assignment.id, student.id)) in given:
                cell = _granted(cell, is_excused=key in excused)
            found[student.id].append(cell)
    return found


def _granted(cell: Cell, *, is_excused: bool) -> Cell:
    """Return the cell of a student who is excused or has an override."""
    if is_excused:
        return cell._replace(
            score=None,
            written=(None, cell.written[1], NONE, NONE),
            pending=NO_MARK,
            excused=True,
            waiting=False,
            missing=False,
        )
    return cell._replace(overridden=True, missing=False)


class Blanks(NamedTuple):
    """Cells of an assignment without a submission: while it is open, and after."""

    open: Cell
    missing: Cell

    @classmethod
    def of(cls, graded: Graded, problems: Collection[PosedProblem]) -> "Blanks":
        """Return the cells with the grade of a student who submits nothing.

        If a part gives full marks to everybody, these count at once, whenever the student joined.
        """
        score, worth = graded.score, graded.possible
        missing = Cell(score, worth, (str(score), str(worth), NONE, NONE), missing=True)
        if any("full" in one.row.voided.values() for one in problems):
            return cls(missing._replace(missing=False), missing)
        return cls(Cell(None, worth, (None, str(worth), NONE, NONE)), missing)


def _blank(
    book: Book,
    assignment: Assignment,
    student: Student,
    *,
    blanks: Blanks,
    over: dict[int, bool],
    now: datetime,
) -> Cell:
    """Return the cell of a student without a submission.

    *over* caches by rules, which many students share, whether their time is over.
    """
    held = book.rules(assignment, student)
    key = id(held)  # the book keeps them alive, so ids stay unique
    if key not in over:
        over[key] = is_over(held, now=now)
    return blanks.missing if over[key] else blanks.open


def cell_of(row: Any | None, blank: Callable[[], Cell]) -> Cell:
    """Return the cell of a stored grade; *blank* returns the cell for no submission."""
    if row is None:
        return blank()
    _, _, score, possible, held, pending, waiting, begun, late, version = row
    written = (score, possible, held, pending)
    if begun:
        left_out = Mark(exact(held), exact(pending)) if waiting else NO_MARK
        mark = (exact(score), exact(possible))
        return Cell(*mark, written, left_out, waiting, late, version=version)
    empty = blank()
    if score is None and empty.score is not None:
        score = empty.written[0]
    return empty._replace(
        score=_read(score),
        possible=exact(possible),
        written=(score, *written[1:]),
        waiting=waiting,
        version=version,
    )


def kept_grades(
    session: Session, assignments: Collection[UUID], students: Collection[UUID] | None
) -> dict[str, dict[str, Any]]:
    """Return stored grades by assignment and student, of *students* or of all.

    Ids and numbers stay text as stored, because there are very many rows.
    """
    told = {"assignments": list(assignments), "students": list(students or ())}
    rows = session.execute(EVERYBODYS if students is None else THEIRS, told)
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows.all():
        found[row[0]][row[1]] = row
    return found


def id_text(session: Session, key: UUID) -> str:
    """Return an id as the text that the database stores."""
    return key.hex if session.get_bind().dialect.name == "sqlite" else str(key)


def line_of(assignment: Assignment, cell: Cell) -> AssignmentLine:
    """Return the line of an assignment in the course grade."""
    return AssignmentLine(
        id=str(assignment.id),
        title=assignment.title,
        category=assignment.category,
        score=cell.score,
        possible=cell.possible,
        extra=assignment.extra,
        excused=cell.excused,
        waiting=cell.waiting,
        pending=cell.pending,
    )


def totals_of(book: Book, cells: Mapping[UUID, Sequence[Cell]]) -> dict[UUID, Total]:
    """Return the total of each student, with drops and weights.

    The percentage is None if assignments are withheld, because it would reveal their scores.
    """
    shape = tuple((str(one.id), one.category, one.extra) for one in book.assignments)
    categories = categories_of(book.course)
    totals = {
        student: _total(
            shape, tuple((one.written, one.waiting, one.excused) for one in row), categories
        )
        for student, row in cells.items()
    }
    if book.withheld:
        return {student: one._replace(percent=None) for student, one in totals.items()}
    return totals


@lru_cache(maxsize=KEPT)
def _total(
    shape: tuple[tuple[str, str, bool], ...],
    marks: tuple[tuple[Written, bool, bool], ...],
    categories: tuple[Category, ...],
) -> Total:
    """Return a total; cached, because every page needs a class's totals and few change."""
    lines = [_line(one, *mark) for one, mark in zip(shape, marks, strict=True)]
    graded = course_grade(lines, categories)
    percent = graded.score if graded.possible else None
    return Total(percent, graded.waiting, graded.pending.possible)


def _line(
    shape: tuple[str, str, bool],
    written: Written,
    waiting: bool,  # noqa: FBT001 - the columns of a stored row
    excused: bool,  # noqa: FBT001
) -> AssignmentLine:
    name, category, extra = shape
    score, possible, held, pending = written
    left_out = Mark(exact(held), exact(pending)) if waiting else NO_MARK
    return AssignmentLine(
        name, "", category, _read(score), exact(possible), extra, excused, waiting, left_out
    )
