"""Everything except answers that grades in a course depend on, in a fixed number of queries."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from api.auth.authorization import CourseMembership
from api.core.clock import to_micros
from api.db.engine import cache_in_snapshot
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
from api.services.assignments.rules import Accommodations, build_rules
from api.services.gradebook.students import GradebookStudent, StudentOfSection
from api.services.grades.assignment import GradingContext, VersionedProblem, compute_student_grade
from grader.policy import ComputedGrade, GradeCategory, SubmissionRules

NIL_UUID: Final = UUID(int=0)
ASSIGNED_PROBLEMS_QUERY: Final = (
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
class GradebookData:
    """Assignments of a course in order, with the exceptions of its students.

    *extensions* are by student or section; *blank_grades* are the grades of a student who submits
    nothing; *cached_rules* caches rules, which most students share. *late_days_spent* counts a
    student's late days in these assignments. *withheld* are the assignments that the reader may not
    see by student.
    """

    course: Course
    students: Sequence[GradebookStudent]
    assignments: tuple[Assignment, ...]
    problems: Mapping[UUID, tuple[VersionedProblem, ...]]
    extensions: Mapping[UUID | None, Sequence[Extension]]
    late_days: Mapping[tuple[UUID, UUID], int]
    overrides: Sequence[Override]
    excuses: Sequence[Excuse]
    blank_grades: Mapping[UUID, ComputedGrade]
    cached_rules: dict[tuple[UUID, tuple[UUID, ...], int, int], SubmissionRules] = field(
        default_factory=dict
    )
    late_days_spent: Mapping[UUID, int] = field(default_factory=dict)
    withheld: tuple[Assignment, ...] = ()

    def grading_context(self, assignment: Assignment) -> GradingContext:
        """Return the grading context of an assignment, with its overrides and excuses."""
        assignment_id = assignment.id
        return GradingContext(
            assignment,
            self.course,
            self.problems.get(assignment_id, ()),
            {},
            {
                (override.student_id, override.problem_id, override.part): override.points
                for override in self.overrides
                if override.assignment_id == assignment_id
            },
            {
                (excuse.student_id, excuse.problem_id)
                for excuse in self.excuses
                if excuse.assignment_id == assignment_id
            },
        )

    def all_extensions(self) -> Iterator[Extension]:
        """Return the extensions of all students and sections."""
        return chain.from_iterable(self.extensions.values())

    def has_own_exceptions(self) -> bool:
        """Return whether any student has an exception that is not that of a section."""
        return bool(self.late_days or self.overrides or self.excuses) or any(
            extension.student_id for extension in self.all_extensions()
        )

    def rules_for(self, assignment: Assignment, student: StudentOfSection) -> SubmissionRules:
        """Return the rules for a student in an assignment."""
        owners = (student.id, student.section_id or NIL_UUID)
        extensions = [
            one
            for owner in owners
            for one in self.extensions.get(owner, ())
            if one.assignment_id in {None, assignment.id}
        ]
        days = self.late_days.get((assignment.id, student.id), 0)
        spent = self.late_days_spent.get(student.id, 0)
        key = (assignment.id, tuple(extension.id for extension in extensions), days, spent)
        if key not in self.cached_rules:
            specs = tuple(ExtensionSpec.model_validate(extension.spec) for extension in extensions)
            self.cached_rules[key] = build_rules(
                assignment, self.course, Accommodations(specs, days, spent)
            )
        return self.cached_rules[key]


def load_gradebook(
    session: Session,
    course: Course,
    students: Sequence[GradebookStudent],
    *,
    reader: CourseMembership | None = None,
) -> GradebookData:
    """Load the book of *students*, with the published assignments of the course.

    Withholds assignments to which *reader* is blind; without a reader it withholds none.
    """
    assignments, withheld = load_visible_assignments(session, course.id, reader)
    ids = [assignment.id for assignment in assignments]
    student_id = students[0].id if len(students) == 1 else None
    problems = load_assigned_problems(session, ids)
    late_days = _load_late_days(session, ids, student_id)
    spent: Counter[UUID] = Counter()
    for (_, student), days in late_days.items():
        spent[student] += days
    return GradebookData(
        course,
        students,
        assignments,
        problems,
        _load_extensions(session, course),
        late_days,
        _load_active_rows(session, Override, ids, student_id),
        _load_active_rows(session, Excuse, ids, student_id),
        {
            each.id: grade_without_submissions(each, course, problems.get(each.id, ()))
            for each in assignments
        },
        late_days_spent=spent,
        withheld=withheld,
    )


def load_published_assignments(session: Session, course_id: UUID) -> tuple[Assignment, ...]:
    """Return the published assignments of a course, which have a column, in order."""
    statement = select(Assignment).where(
        Assignment.course_id == course_id,
        Assignment.published_at.is_not(None),
        Assignment.deleted_at.is_(None),
    )
    ordered = statement.order_by(Assignment.position, Assignment.id)
    return cache_in_snapshot(
        session, ("published", course_id), lambda: tuple(session.scalars(ordered))
    )


def load_visible_assignments(
    session: Session, course_id: UUID, reader: CourseMembership | None
) -> tuple[tuple[Assignment, ...], tuple[Assignment, ...]]:
    """Return the published assignments that *reader* may see by student, and the withheld ones."""
    published = load_published_assignments(session, course_id)
    withheld = tuple(
        one for one in published if reader is not None and reader.cannot_see_names_in(one)
    )
    return tuple(one for one in published if one not in withheld), withheld


def grade_without_submissions(
    assignment: Assignment, course: Course, problems: tuple[VersionedProblem, ...]
) -> ComputedGrade:
    """Return the grade of a student without exceptions who submits nothing."""
    return compute_student_grade(
        GradingContext(assignment, course, problems, {}, {}, ()), NIL_UUID, {}
    )


def load_assigned_problems(
    session: Session, ids: Collection[UUID]
) -> dict[UUID, tuple[VersionedProblem, ...]]:
    """Return the problems of each assignment, in order."""
    by_assignment: defaultdict[UUID, list[VersionedProblem]] = defaultdict(list)
    params = {"assignments": list(ids)}
    key = (VersionedProblem, frozenset(ids))
    for row, version in cache_in_snapshot(
        session, key, lambda: session.execute(ASSIGNED_PROBLEMS_QUERY, params).all()
    ):
        by_assignment[row.assignment_id].append(VersionedProblem(row, version))
    return {assignment: tuple(assigned) for assignment, assigned in by_assignment.items()}


def _load_extensions(session: Session, course: Course) -> dict[UUID | None, list[Extension]]:
    """Return the extensions by student or section."""
    rows = session.scalars(
        select(Extension)
        .where(Extension.course_id == course.id, Extension.withdrawn_at.is_(None))
        .order_by(Extension.created_at, Extension.id)
    )
    by_owner: defaultdict[UUID | None, list[Extension]] = defaultdict(list)
    for row in rows:
        by_owner[row.student_id or row.section_id].append(row)
    return by_owner


def _load_late_days(
    session: Session, ids: Collection[UUID], student: UUID | None
) -> dict[tuple[UUID, UUID], int]:
    statement = select(LateDays).where(LateDays.assignment_id.in_(ids), LateDays.days > 0)
    if student is not None:
        statement = statement.where(LateDays.student_id == student)
    return {(row.assignment_id, row.student_id): row.days for row in session.scalars(statement)}


def _load_active_rows(
    session: Session, table: Any, ids: Collection[UUID], student: UUID | None
) -> Any:
    """Return the active overrides or excuses, oldest first."""
    statement = select(table).where(table.assignment_id.in_(ids), table.withdrawn_at.is_(None))
    if student is not None:
        statement = statement.where(table.student_id == student)
    return session.scalars(statement.order_by(table.created_at, table.id)).all()


def parse_categories(course: Course) -> tuple[GradeCategory, ...]:
    """Return the categories of a course with their weights."""
    return tuple(
        GradeCategory(category["id"], Fraction(str(category["weight"])), category["drop_lowest"])
        for category in course.categories
    )


def is_earning_period_over(student_rules: SubmissionRules, *, now: datetime) -> bool:
    """Return whether a student with these rules can earn no more credit.

    Late days that the student could still spend count as time; practice after the last credit does
    not.
    """
    return (
        student_rules.earns_credit_until is not None
        and to_micros(now) > student_rules.earns_credit_until
    )
