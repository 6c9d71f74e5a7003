"""An assignment with all data that its grades depend on, and the grades that follow."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, cast, null, select, union_all
from sqlalchemy.orm import Session

from api.core.cache import LruCache
from api.db.engine import cache_in_snapshot
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Excuse,
    Override,
    ProblemProgress,
    ProblemVersion,
)
from api.services.assignments.rules import load_rules
from api.services.grades.parts import deserialize_part_progress
from grader.policy import (
    NO_PROGRESS,
    ComputedGrade,
    PartLine,
    PartProgress,
    ProblemGroup,
    ProblemLine,
    SubmissionRules,
    build_part_line,
    compute_assignment_grade,
)

TEXT: Final = "text"
"""Kind of a part that is answered in prose."""
TOTALS_CACHE_SIZE: Final = 256
NO_EXCUSES: Final = frozenset[tuple[UUID, UUID | None]]()
STUDENTS_PARAM: Final[BindParameter[Any]] = bindparam("students", expanding=True)
PROBLEMS_QUERY: Final = (
    select(AssignmentProblem, ProblemVersion)
    .join(ProblemVersion, ProblemVersion.id == AssignmentProblem.version_id)
    .where(
        AssignmentProblem.assignment_id == bindparam("assignment"),
        AssignmentProblem.removed_at.is_(None),
    )
    .order_by(AssignmentProblem.position, AssignmentProblem.id)
)
OVERRIDES_QUERY: Final = (
    select(Override)
    .where(
        Override.assignment_id == bindparam("assignment"),
        Override.student_id.in_(STUDENTS_PARAM),
        Override.withdrawn_at.is_(None),
    )
    .order_by(Override.created_at, Override.id)
)
POINTS_AND_EXCUSES_QUERY: Final = union_all(
    OVERRIDES_QUERY.with_only_columns(
        Override.student_id,
        Override.problem_id,
        Override.part,
        Override.points,
        Override.created_at.label("created_at"),
        Override.id.label("id"),
    ).order_by(None),
    select(
        Excuse.student_id,
        Excuse.problem_id,
        cast(null(), Override.part.type),
        cast(null(), Override.points.type),
        Excuse.created_at,
        Excuse.id,
    ).where(
        Excuse.assignment_id == bindparam("assignment"),
        Excuse.student_id.in_(STUDENTS_PARAM),
        Excuse.withdrawn_at.is_(None),
    ),
).order_by("created_at", "id")
"""Query for the points of overrides, oldest first, and for excuses, which have no points."""
StoredProgress: TypeAlias = Mapping[tuple[UUID, UUID], Mapping[str, Any]]
"""Stored progress in the parts of a problem, by (student, problem)."""

PROGRESS_QUERY: Final = select(
    ProblemProgress.student_id, ProblemProgress.problem_id, ProblemProgress.parts
).where(
    ProblemProgress.problem_id.in_(bindparam("problems", expanding=True)),
    ProblemProgress.student_id.in_(STUDENTS_PARAM),
)


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """A part of a problem with its *points*; in a *is_text* part the last answer counts."""

    id: str
    points: Fraction
    is_text: bool


@dataclass(frozen=True, slots=True)
class VersionedProblem:
    """A problem of an assignment with the data that its grade depends on; *parts* are its parts.

    *total_cache* caches totals by the progress in the parts: most students share one of a few
    values.
    """

    row: AssignmentProblem
    version: ProblemVersion
    parts: tuple[ScoredPart, ...] = field(init=False, compare=False)
    total_cache: LruCache[Hashable, Any] = field(
        init=False, compare=False, repr=False, default_factory=lambda: LruCache(TOTALS_CACHE_SIZE)
    )

    def __post_init__(self) -> None:
        """Parse the parts once: exact points are slow to parse, and many grades need them."""
        parts = (
            ScoredPart(part["id"], Fraction(part["points"]), part["kind"] == TEXT)
            for part in self.version.parts
        )
        object.__setattr__(self, "parts", tuple(parts))

    @property
    def points(self) -> Fraction:
        """The points of the problem in the assignment."""
        return self.version.points if self.row.points is None else self.row.points


@dataclass(frozen=True, slots=True)
class GradingContext:
    """An assignment with its problems, and the rules, overrides and excuses of some students."""

    assignment: Assignment
    course: Course
    problems: tuple[VersionedProblem, ...]
    rules: Mapping[UUID, SubmissionRules]
    overrides: Mapping[tuple[UUID, UUID | None, str | None], Fraction]
    excused: Collection[tuple[UUID, UUID | None]]

    def with_rules(self, student: UUID, rules: SubmissionRules) -> "GradingContext":
        """Return the assignment with other rules for one student."""
        if self.rules.get(student) is rules:
            return self
        return replace(self, rules={**self.rules, student: rules})


def load_grading_context(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> GradingContext:
    """Load an assignment with the rules of *students*, in a fixed number of queries."""
    assignment = session.get_one(Assignment, assignment_id)
    course = session.get_one(Course, assignment.course_id)
    problems = load_problems(session, assignment_id)
    rules = load_rules(session, assignment, course, students)
    return build_grading_context(session, assignment, course, problems, rules=rules)


def load_problems(session: Session, assignment_id: UUID) -> tuple[VersionedProblem, ...]:
    """Return the problems of an assignment in order, without removed ones."""
    rows = session.execute(PROBLEMS_QUERY, {"assignment": assignment_id})
    return tuple(VersionedProblem(row, version) for row, version in rows)


def build_grading_context(
    session: Session,
    assignment: Assignment,
    course: Course,
    problems: tuple[VersionedProblem, ...],
    *,
    rules: Mapping[UUID, SubmissionRules],
) -> GradingContext:
    """Return the grading context of an assignment with *problems*, for the students in *rules*."""
    override_points: dict[tuple[UUID, UUID | None, str | None], Fraction] = {}
    excuses: set[tuple[UUID, UUID | None]] = set()
    params = {"assignment": assignment.id, "students": list(rules)}
    for student, problem, part, points, *_ in session.execute(POINTS_AND_EXCUSES_QUERY, params):
        if points is None:
            excuses.add((student, problem))
        else:
            override_points[student, problem, part] = points
    return GradingContext(
        assignment, course, problems, rules, override_points, frozenset(excuses) or NO_EXCUSES
    )


def load_overrides(
    session: Session, assignment_id: UUID, students: Collection[UUID]
) -> Sequence[Override]:
    """Return the overrides in force for *students* in an assignment, oldest first."""
    params = {"assignment": assignment_id, "students": list(students)}
    key = (Override, assignment_id, frozenset(students))
    return cache_in_snapshot(session, key, lambda: session.scalars(OVERRIDES_QUERY, params).all())


def build_problem_line(
    context: GradingContext,
    problem: VersionedProblem,
    student: UUID,
    parts: Mapping[str, PartProgress],
) -> ProblemLine:
    """Return a student's line of a problem, the input of the assignment's grade."""
    row, voided = problem.row, problem.row.voided
    key = student, row.id
    lines: list[PartLine] = [
        build_part_line(
            part.id,
            part.points,
            parts.get(part.id, NO_PROGRESS),
            voided=voided.get(part.id, ""),
            override=context.overrides.get((*key, part.id)),
        )
        for part in problem.parts
    ]
    return ProblemLine(
        problem=row.slug,
        points=problem.points,
        parts=tuple(lines),
        extra=row.extra,
        excused=key in context.excused,
        override=context.overrides.get((*key, None)),
    )


def load_stored_progress(
    session: Session, context: GradingContext, students: Collection[UUID]
) -> StoredProgress:
    """Return the stored progress in parts of *students*, by (student, problem)."""
    params = {
        "problems": [problem.row.id for problem in context.problems],
        "students": list(students),
    }
    rows = session.execute(PROGRESS_QUERY, params)
    return {(student, problem): parts for student, problem, parts in rows}


def compute_student_grade(
    context: GradingContext, student: UUID, progress: StoredProgress
) -> ComputedGrade:
    """Compute the grade of a student from *progress*."""
    lines = []
    for problem in context.problems:
        stored_parts = progress.get((student, problem.row.id), {})
        parts = {part: deserialize_part_progress(kept) for part, kept in stored_parts.items()}
        lines.append(build_problem_line(context, problem, student, parts))
    return compute_assignment_grade(
        lines,
        build_drop_groups(context),
        override=context.overrides.get((student, None, None)),
        excused=(student, None) in context.excused,
    )


def build_drop_groups(context: GradingContext) -> tuple[ProblemGroup, ...]:
    """Return the groups of problems with the number of lowest scores that each drops."""
    return tuple(
        ProblemGroup(group["id"], group["drop_lowest"], _slugs_in_group(context, group["id"]))
        for group in context.assignment.groups
    )


def _slugs_in_group(context: GradingContext, group: str) -> tuple[str, ...]:
    return tuple(problem.row.slug for problem in context.problems if problem.row.group == group)


def load_and_compute_student_grade(
    session: Session, assignment_id: UUID, student: UUID
) -> ComputedGrade:
    """Compute the grade of a student in an assignment, with the steps of the computation."""
    context = load_grading_context(session, assignment_id, [student])
    return compute_student_grade(
        context, student, load_stored_progress(session, context, [student])
    )
