"""Gradebook cells, read from stored grades, and course totals.

Work that was not submitted is missing, and counts 0, once the student can earn no more credit for
it.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import Text, bindparam, cast, select, type_coerce
from sqlalchemy.orm import Session

from api.core.clock import to_micros
from api.db.dialects import is_sqlite
from api.db.models import Assignment, Grade
from api.db.models.base import parse_exact
from api.services.gradebook.gradebook_data import GradebookData, is_earning_period_over
from api.services.gradebook.students import StudentOfSection
from api.services.grades.assignment import VersionedProblem
from grader.policy import (
    NO_SCORE,
    ComputedGrade,
    Score,
)

ZERO_POINTS_TEXT: Final = "0"
"""Zero points in their stored form."""
MAX_LISTED_STUDENTS: Final = 500
"""Number of students up to which a query lists their ids; for more, it reads the whole class."""


ALL_GRADES_QUERY: Final = select(
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
STUDENT_GRADES_QUERY: Final = ALL_GRADES_QUERY.where(
    Grade.student_id.in_(bindparam("students", expanding=True))
)

AssignmentStudent: TypeAlias = tuple[UUID, UUID]
"""Ids of an assignment and a student."""
StoredNumbers: TypeAlias = tuple[str | None, str, str, str]


class GradeCell(NamedTuple):
    """Result of a student in an assignment; *score* is None if there is none (yet).

    *pending* is the share of score and maximum that waits for a TA to grade it.
    *stored_numbers* holds these four numbers as stored, for fast comparison of equal rows.
    """

    score: Fraction | None
    possible: Fraction
    stored_numbers: StoredNumbers
    pending: Score = NO_SCORE
    waiting: bool = False
    late: bool = False
    excused: bool = False
    overridden: bool = False
    missing: bool = False
    is_due: bool = True
    version: int = 0

    @property
    def graded_score(self) -> Score | None:
        """Score and maximum of the graded share; None if nothing is graded."""
        if self.score is None:
            return None
        graded = Score(self.score, self.possible).subtract(self.pending)
        return graded if graded.possible or not self.pending.possible else None


def parse_score(score: str | None) -> Fraction | None:
    """Return a stored score as a number; None if there is none."""
    return None if score is None else parse_exact(score)


def load_cells(
    session: Session,
    book: GradebookData,
    *,
    students: Sequence[StudentOfSection] | None = None,
    now: datetime,
) -> dict[UUID, list[GradeCell]]:
    """Return the cells of each of *students*, or of those of the book, by assignment."""
    chosen = book.students if students is None else students
    stored_grades = load_stored_grades(
        session,
        [row.id for row in book.assignments],
        [one.id for one in chosen] if len(chosen) <= MAX_LISTED_STUDENTS else None,
    )
    excused, with_exceptions = _collect_exceptions(book)
    keyed_students = [(format_stored_id(session, one.id), one) for one in chosen]
    cells: dict[UUID, list[GradeCell]] = {one.id: [] for one in chosen}
    over_by_rules: dict[int, bool] = {}
    due_by_rules: dict[int, bool] = {}
    for assignment in book.assignments:
        blanks = BlankCells.from_grade(
            book.blank_grades[assignment.id], book.problems.get(assignment.id, ())
        )
        rows = stored_grades.get(format_stored_id(session, assignment.id), {})
        for student_key, student in keyed_students:
            blank = partial(
                _choose_blank_cell,
                book,
                assignment,
                student,
                blanks=blanks,
                over_by_rules=over_by_rules,
                now=now,
            )
            cell = build_cell(rows.get(student_key), blank)
            if with_exceptions and (key := (assignment.id, student.id)) in with_exceptions:
                cell = _mark_excused_or_overridden(cell, is_excused=key in excused)
            if not _is_due(book, assignment, student, due_by_rules=due_by_rules, now=now):
                cell = cell._replace(is_due=False)
            cells[student.id].append(cell)
    return cells


def _collect_exceptions(
    book: GradebookData,
) -> tuple[set[AssignmentStudent], set[AssignmentStudent]]:
    """Return the excused pairs of assignment and student, and those with any exception."""
    excused = {
        (excuse.assignment_id, excuse.student_id)
        for excuse in book.excuses
        if excuse.problem_id is None
    }
    overridden = {(override.assignment_id, override.student_id) for override in book.overrides}
    return excused, excused | overridden


def _is_due(
    book: GradebookData,
    assignment: Assignment,
    student: StudentOfSection,
    *,
    due_by_rules: dict[int, bool],
    now: datetime,
) -> bool:
    """Return whether the assignment counts in the student's total by its due time.

    *due_by_rules* caches this by rules, which many students share.
    """
    rules = book.rules_for(assignment, student)
    key = id(rules)  # the book keeps them alive, so ids stay unique
    if key not in due_by_rules:
        due_by_rules[key] = rules.is_due(to_micros(now))
    return due_by_rules[key]


def _mark_excused_or_overridden(cell: GradeCell, *, is_excused: bool) -> GradeCell:
    """Return the cell of a student who is excused or has an override."""
    if is_excused:
        return cell._replace(
            score=None,
            stored_numbers=(None, cell.stored_numbers[1], ZERO_POINTS_TEXT, ZERO_POINTS_TEXT),
            pending=NO_SCORE,
            excused=True,
            waiting=False,
            missing=False,
        )
    return cell._replace(overridden=True, missing=False)


class BlankCells(NamedTuple):
    """Cells of an assignment without a submission: while it is open, and after."""

    open: GradeCell
    missing: GradeCell

    @classmethod
    def from_grade(
        cls, graded: ComputedGrade, problems: Collection[VersionedProblem]
    ) -> "BlankCells":
        """Return the cells with the grade of a student who submits nothing.

        If a part gives full marks to everybody, these count at once, whenever the student joined.
        """
        score, worth = graded.score, graded.possible
        missing = GradeCell(
            score, worth, (str(score), str(worth), ZERO_POINTS_TEXT, ZERO_POINTS_TEXT), missing=True
        )
        if any("full" in problem.row.voided.values() for problem in problems):
            return cls(missing._replace(missing=False), missing)
        return cls(
            GradeCell(None, worth, (None, str(worth), ZERO_POINTS_TEXT, ZERO_POINTS_TEXT)), missing
        )


def _choose_blank_cell(
    book: GradebookData,
    assignment: Assignment,
    student: StudentOfSection,
    *,
    blanks: BlankCells,
    over_by_rules: dict[int, bool],
    now: datetime,
) -> GradeCell:
    """Return the cell of a student without a submission.

    *over_by_rules* caches by rules, which many students share, whether their time is over.
    """
    rules = book.rules_for(assignment, student)
    key = id(rules)  # the book keeps them alive, so ids stay unique
    if key not in over_by_rules:
        over_by_rules[key] = is_earning_period_over(rules, now=now)
    return blanks.missing if over_by_rules[key] else blanks.open


def build_cell(row: Any | None, build_blank: Callable[[], GradeCell]) -> GradeCell:
    """Return the cell of a stored grade; *build_blank* returns the cell for no submission."""
    if row is None:
        return build_blank()
    _, _, score, possible, pending_score, pending_possible, waiting, begun, late, version = row
    stored_numbers = (score, possible, pending_score, pending_possible)
    if begun:
        pending_share = (
            Score(parse_exact(pending_score), parse_exact(pending_possible))
            if waiting
            else NO_SCORE
        )
        mark = (parse_exact(score), parse_exact(possible))
        return GradeCell(*mark, stored_numbers, pending_share, waiting, late, version=version)
    empty = build_blank()
    if score is None and empty.score is not None:
        score = empty.stored_numbers[0]
    return empty._replace(
        score=parse_score(score),
        possible=parse_exact(possible),
        stored_numbers=(score, *stored_numbers[1:]),
        waiting=waiting,
        version=version,
    )


def load_stored_grades(
    session: Session, assignments: Collection[UUID], students: Collection[UUID] | None
) -> dict[str, dict[str, Any]]:
    """Return stored grades by assignment and student, of *students* or of all.

    Ids and numbers stay text as stored, because there are very many rows.
    """
    params = {"assignments": list(assignments), "students": list(students or ())}
    rows = session.execute(ALL_GRADES_QUERY if students is None else STUDENT_GRADES_QUERY, params)
    grades: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows.all():
        grades[row[0]][row[1]] = row
    return grades


def format_stored_id(session: Session, key: UUID) -> str:
    """Return an id as the text that the database stores."""
    return key.hex if is_sqlite(session) else str(key)
