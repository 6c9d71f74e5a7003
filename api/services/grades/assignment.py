"""An assignment with all data that its grades depend on, and the grades that follow."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.orm import Session

from api.core.cache import Cache
from api.db.engine import once
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Excuse,
    Override,
    ProblemVersion,
    Standing,
)
from api.services.assignments.rules import rules_for
from api.services.grades.parts import read_part
from grader.policy import (
    Graded,
    Group,
    PartLine,
    PartStanding,
    ProblemLine,
    Rules,
    assignment_grade,
    part_line,
)

__all__ = [
    "PosedProblem",
    "WholeAssignment",
    "grade_of",
    "graded_of",
    "groups_of",
    "load_assignment",
    "load_problem",
    "load_students",
    "overrides_of",
    "posed_in",
    "problem_line",
    "standings_of",
]

TEXT: Final = "text"
"""The kind of a part that is written in words."""
NOWHERE: Final = PartStanding()
TALLIES_KEPT: Final = 256
STUDENTS: Final[BindParameter[Any]] = bindparam("students", expanding=True)
POSED: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
OVERRIDES: Final = (
    select(Override)
    .where(
        Override.assignment_id == bindparam("assignment"),
        Override.student_id.in_(STUDENTS),
        Override.withdrawn_at.is_(None),
    )
    .order_by(Override.created_at, Override.id)
)
EXCUSED: Final = select(Excuse.student_id, Excuse.problem_id).where(
    Excuse.assignment_id == bindparam("assignment"),
    Excuse.student_id.in_(STUDENTS),
    Excuse.withdrawn_at.is_(None),
)
STANDINGS: Final = select(Standing.problem_id, Standing.student_id, Standing.parts).where(
    Standing.problem_id.in_(bindparam("problems", expanding=True)),
    Standing.student_id.in_(STUDENTS),
)


@dataclass(frozen=True, slots=True)
class AskedPart:
    """A part of a problem with its *points*; in a *text* part the last answer counts."""

    id: str
    points: Fraction
    text: bool


@dataclass(frozen=True, slots=True)
class PosedProblem:
    """A problem of an assignment with the data that its grade depends on; *asked* are its parts.

    *tallied* caches totals by the progress in the parts: most students share one of a few values.
    """

    row: AssignmentProblem
    version: ProblemVersion
    asked: tuple[AskedPart, ...] = field(init=False, compare=False)
    tallied: Cache[Hashable, Any] = field(
        init=False, compare=False, repr=False, default_factory=lambda: Cache(TALLIES_KEPT)
    )

    def __post_init__(self) -> None:
        """Parse the parts once: exact points are slow to parse, and many grades need them."""
        parts = (
            AskedPart(one["id"], Fraction(one["points"]), one["kind"] == TEXT)
            for one in self.version.parts
        )
        object.__setattr__(self, "asked", tuple(parts))

    @property
    def points(self) -> Fraction:
        """The points of the problem in the assignment."""
        return self.version.points if self.row.points is None else self.row.points


@dataclass(frozen=True, slots=True)
class WholeAssignment:
    """An assignment with its problems, and the rules, overrides and excuses of some students."""

    assignment: Assignment
    course: Course
    problems: tuple[PosedProblem, ...]
    rules: Mapping[UUID, Rules]
    overrides: Mapping[tuple[UUID, UUID | None, str | None], Fraction]
    excused: Collection[tuple[UUID, UUID | None]]

    def with_rules(self, student: UUID, rules: Rules) -> "WholeAssignment":
        """Return the assignment with other rules for one student."""
        if self.rules.get(student) is rules:
            return self
        return replace(self, rules={**self.rules, student: rules})


def load_assignment(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> WholeAssignment:
    """Load an assignment with the rules of *students*, in a fixed number of queries."""
    assignment = session.get_one(Assignment, assignment_id)
    course = session.get_one(Course, assignment.course_id)
    problems = posed_in(session, assignment_id)
    return load_students(session, assignment, course, problems, students)


def posed_in(session: Session, assignment_id: UUID) -> tuple[PosedProblem, ...]:
    """Return the problems of an assignment in order, without removed ones."""
    found = session.execute(POSED, {"assignment": assignment_id})
    return tuple(PosedProblem(row, version) for row, version in found)


def load_students(
    session: Session,
    assignment: Assignment,
    course: Course,
    problems: tuple[PosedProblem, ...],
    students: Collection[UUID],
) -> WholeAssignment:
    """Return an assignment that is already loaded, with the current rules of *students*."""
    return WholeAssignment(
        assignment,
        course,
        problems,
        rules_for(session, assignment, course, students),
        _overrides(session, assignment.id, students),
        _excused(session, assignment.id, students),
    )


def load_problem(
    session: Session,
    assignment: Assignment,
    course: Course,
    problem: PosedProblem,
    *,
    held: Mapping[UUID, Rules],
) -> WholeAssignment:
    """Return an assignment with a single *problem*, for the students whose rules are given."""
    return WholeAssignment(
        assignment,
        course,
        (problem,),
        held,
        _overrides(session, assignment.id, held),
        _excused(session, assignment.id, held),
    )


def overrides_of(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> Sequence[Override]:
    """Return the overrides in force for *students* in an assignment, oldest first."""
    told = {"assignment": assignment_id, "students": list(students)}
    key = (Override, assignment_id, frozenset(students))
    return once(session, key, lambda: session.scalars(OVERRIDES, told).all())


def _overrides(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> dict[tuple[UUID, UUID | None, str | None], Fraction]:
    rows = overrides_of(session, assignment_id, students)
    return {(row.student_id, row.problem_id, row.part): row.points for row in rows}


def _excused(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> set[tuple[UUID, UUID | None]]:
    told = {"assignment": assignment_id, "students": list(students)}
    rows = session.execute(EXCUSED, told)
    return {(student, problem) for student, problem in rows}


def problem_line(
    here: WholeAssignment, problem: PosedProblem, student: UUID, parts: Mapping[str, PartStanding]
) -> ProblemLine:
    """Return a student's line of a problem, the input of the assignment's grade."""
    row, voided = problem.row, problem.row.voided
    place = student, row.id
    lines: list[PartLine] = [
        part_line(
            one.id,
            one.points,
            parts.get(one.id, NOWHERE),
            voided=voided.get(one.id, ""),
            override=here.overrides.get((*place, one.id)),
        )
        for one in problem.asked
    ]
    return ProblemLine(
        problem=row.slug,
        points=problem.points,
        parts=tuple(lines),
        extra=row.extra,
        excused=place in here.excused,
        override=here.overrides.get((*place, None)),
    )


def standings_of(
    session: Session, here: WholeAssignment, students: Collection[UUID]
) -> dict[tuple[UUID, UUID], Mapping[str, Any]]:
    """Return the stored progress in parts of *students*, by problem and student."""
    told = {"problems": [one.row.id for one in here.problems], "students": list(students)}
    rows = session.execute(STANDINGS, told)
    return {(problem, student): parts for problem, student, parts in rows}


def graded_of(
    here: WholeAssignment, student: UUID, standings: Mapping[tuple[UUID, UUID], Mapping[str, Any]]
) -> Graded:
    """Compute the grade of a student from *standings*."""
    lines = []
    for one in here.problems:
        told = standings.get((one.row.id, student), {})
        parts = {part: read_part(kept) for part, kept in told.items()}
        lines.append(problem_line(here, one, student, parts))
    return assignment_grade(
        lines,
        groups_of(here),
        override=here.overrides.get((student, None, None)),
        excused=(student, None) in here.excused,
    )


def groups_of(here: WholeAssignment) -> tuple[Group, ...]:
    """Return the groups of problems with the number of lowest scores that each drops."""
    return tuple(
        Group(one["id"], one["drop_lowest"], _in_group(here, one["id"]))
        for one in here.assignment.groups
    )


def _in_group(here: WholeAssignment, group: str) -> tuple[str, ...]:
    return tuple(one.row.slug for one in here.problems if one.row.group == group)


def grade_of(session: Session, assignment_id: UUID, student: UUID) -> Graded:
    """Compute the grade of a student in an assignment, with the steps of the computation."""
    here = load_assignment(session, assignment_id, [student])
    return graded_of(here, student, standings_of(session, here, [student]))
