"""Everything except answers that grades in a course depend on, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from api.auth.authorization import Member
from api.core.clock import to_micros
from api.db.engine import once
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Excuse,
    Extension,
    LateDays,
    Override,
    ProblemVersion,
)
from api.schemas.assignments.timeline import ExtensionSpec
from api.services.assignments.rules import Granted, rules
from api.services.gradebook.students import Student
from api.services.grades.assignment import PosedProblem, WholeAssignment, graded_of
from grader.policy import Category, Graded, Rules

__all__ = [
    "Book",
    "blank_grade",
    "categories_of",
    "is_over",
    "load_book",
    "posed_problems",
    "published",
]

NOBODY: Final = UUID(int=0)
POSED: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .options(defer(ProblemVersion.source), defer(ProblemVersion.report))
    .where(
        AssignmentProblem.assignment_id.in_(bindparam("assignments", expanding=True)),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)


@dataclass(frozen=True, slots=True)
class Book:
    """Assignments of a course in order, with the exceptions of its students.

    *extensions* are by student; *blanks* are the grades of a student who submits nothing; *kept*
    caches rules, which most students share. *spent* counts a student's late days in these
    assignments. *withheld* are the assignments that the reader may not see by student.
    """

    course: Course
    students: Sequence[Student]
    assignments: tuple[Assignment, ...]
    problems: Mapping[UUID, tuple[PosedProblem, ...]]
    extensions: Mapping[UUID, Sequence[Extension]]
    late_days: Mapping[tuple[UUID, UUID], int]
    overrides: Sequence[Override]
    excuses: Sequence[Excuse]
    blanks: Mapping[UUID, Graded]
    kept: dict[tuple[UUID, tuple[UUID, ...], int, int], Rules] = field(default_factory=dict)
    spent: Mapping[UUID, int] = field(default_factory=dict)
    withheld: tuple[Assignment, ...] = ()

    def whole(self, assignment: Assignment) -> WholeAssignment:
        """Return the grading context of an assignment, with its overrides and excuses."""
        here = assignment.id
        return WholeAssignment(
            assignment,
            self.course,
            self.problems.get(here, ()),
            {},
            {
                (one.student_id, one.problem_id, one.part): one.points
                for one in self.overrides
                if one.assignment_id == here
            },
            {(one.student_id, one.problem_id) for one in self.excuses if one.assignment_id == here},
        )

    def rules(self, assignment: Assignment, student: Student) -> Rules:
        """Return the rules for a student in an assignment."""
        given = [
            one
            for one in self.extensions.get(student.id, ())
            if one.assignment_id in {None, assignment.id}
        ]
        days = self.late_days.get((assignment.id, student.id), 0)
        spent = self.spent.get(student.id, 0)
        key = (assignment.id, tuple(one.id for one in given), days, spent)
        if key not in self.kept:
            specs = tuple(ExtensionSpec.model_validate(one.spec) for one in given)
            self.kept[key] = rules(assignment, self.course, Granted(specs, days, spent))
        return self.kept[key]


def load_book(
    session: Session, course: Course, students: Sequence[Student], *, reader: Member | None = None
) -> Book:
    """Load the book of *students*, with the published assignments of the course.

    Withholds assignments to which *reader* is blind; without a reader it withholds none.
    """
    every = published(session, course.id)
    withheld = tuple(one for one in every if reader is not None and reader.is_blind_to(one))
    assignments = tuple(one for one in every if one not in withheld)
    ids = [one.id for one in assignments]
    one = students[0].id if len(students) == 1 else None
    problems = posed_problems(session, ids)
    late_days = _late_days(session, ids, one)
    spent: Counter[UUID] = Counter()
    for (_, student), days in late_days.items():
        spent[student] += days
    return Book(
        course,
        students,
        assignments,
        problems,
        _extensions(session, course, students),
        late_days,
        _rows(session, Override, ids, one),
        _rows(session, Excuse, ids, one),
        {each.id: blank_grade(each, course, problems.get(each.id, ())) for each in assignments},
        spent=spent,
        withheld=withheld,
    )


def published(session: Session, course_id: UUID) -> tuple[Assignment, ...]:
    """Return the published assignments of a course, which have a column, in order."""
    wanted = select(Assignment).where(
        Assignment.course_id == course_id,
        Assignment.published_at.is_not(None),
        Assignment.deleted_at.is_(None),
    )
    found = wanted.order_by(Assignment.position, Assignment.id)
    return once(session, ("published", course_id), lambda: tuple(session.scalars(found)))


def blank_grade(assignment: Assignment, course: Course, posed: tuple[PosedProblem, ...]) -> Graded:
    """Return the grade of a student without exceptions who submits nothing."""
    return graded_of(WholeAssignment(assignment, course, posed, {}, {}, ()), NOBODY, {})


def posed_problems(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[PosedProblem, ...]]:
    """Return the problems of each assignment, in order."""
    found: defaultdict[UUID, list[PosedProblem]] = defaultdict(list)
    told = {"assignments": list(ids)}
    key = (PosedProblem, frozenset(ids))
    for row, version in once(session, key, lambda: session.execute(POSED, told).all()):
        found[row.assignment_id].append(PosedProblem(row, version))
    return {assignment: tuple(posed) for assignment, posed in found.items()}


def _extensions(
    session: Session, course: Course, students: Sequence[Student]
) -> dict[UUID, list[Extension]]:
    """Return the extensions of each student, including those of the section."""
    rows = session.scalars(
        select(Extension)
        .where(Extension.course_id == course.id, Extension.withdrawn_at.is_(None))
        .order_by(Extension.created_at, Extension.id)
    )
    by_whom: defaultdict[UUID | None, list[Extension]] = defaultdict(list)
    for row in rows:
        by_whom[row.student_id or row.section_id].append(row)
    return {
        one.id: [*by_whom.get(one.id, ()), *by_whom.get(one.section_id or NOBODY, ())]
        for one in students
    }


def _late_days(
    session: Session, ids: Collection[UUID], student: UUID | None
) -> dict[tuple[UUID, UUID], int]:
    spent = select(LateDays).where(LateDays.assignment_id.in_(ids), LateDays.days > 0)
    if student is not None:
        spent = spent.where(LateDays.student_id == student)
    return {(row.assignment_id, row.student_id): row.days for row in session.scalars(spent)}


def _rows(session: Session, table: Any, ids: Collection[UUID], student: UUID | None) -> Any:
    """Return the active overrides or excuses, oldest first."""
    found = select(table).where(table.assignment_id.in_(ids), table.withdrawn_at.is_(None))
    if student is not None:
        found = found.where(table.student_id == student)
    return session.scalars(found.order_by(table.created_at, table.id)).all()


def categories_of(course: Course) -> tuple[Category, ...]:
    """Return the categories of a course with their weights."""
    return tuple(
        Category(one["id"], Fraction(str(one["weight"])), one["drop_lowest"])
        for one in course.categories
    )


def is_over(held: Rules, *, now: datetime) -> bool:
    """Return whether a student with these rules can earn no more credit.

    Late days that the student could still spend count as time; practice after the last credit does
    not.
    """
    return held.pays_until is not None and to_micros(now) > held.pays_until
