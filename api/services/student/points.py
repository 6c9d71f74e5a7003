"""Points of a student in a problem, computed as on the page of grades."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import ProblemProgress
from api.schemas.grades.grades import OverrideShown
from api.schemas.student.problem import PartScore
from api.schemas.student.submissions import ProblemScore
from api.services.enrolment.display_names import load_display_names
from api.services.gradebook.detail import serialize_override_for_student
from api.services.grades import deserialize_part_progress
from api.services.grades.assignment import (
    VersionedProblem,
    build_grading_context,
    build_problem_line,
    load_overrides,
)
from api.services.student.problem_session import ProblemSession
from grader.policy import (
    NO_PROGRESS,
    ComputedGrade,
    PartLine,
    PartProgress,
    ProblemLine,
    compute_part_grade,
    compute_problem_grade,
)


@dataclass(frozen=True, slots=True)
class ProblemPoints:
    """Grade of a problem, with submitted answers and overrides."""

    line: ProblemLine
    graded: ComputedGrade
    parts: Mapping[str, PartProgress]

    @classmethod
    def load(
        cls, session: Session, problem_session: ProblemSession, progress: ProblemProgress | None
    ) -> Self:
        """Return the points of the session *problem_session*."""
        assigned = problem_session.assigned
        problem = VersionedProblem(assigned.problem, assigned.version)
        rules_by_student = {problem_session.student_id: problem_session.rules}
        context = build_grading_context(
            session, assigned.assignment, assigned.member.course, (problem,), rules=rules_by_student
        )
        stored_parts: Mapping[str, Any] = progress.parts if progress else {}
        parts = {part: deserialize_part_progress(kept) for part, kept in stored_parts.items()}
        line = build_problem_line(context, problem, problem_session.student_id, parts)
        return cls(line, compute_problem_grade(line), parts)

    @property
    def score(self) -> ProblemScore | None:
        """Score of the problem; None without a submission, an override or free points."""
        begun = any(part.counts is not None for part in self.parts.values())
        if not (
            begun or self.line.override is not None or any(map(_has_fixed_points, self.line.parts))
        ):
            return None
        graded = self.graded
        return ProblemScore(score=graded.score, possible=graded.possible, waiting=graded.waiting)

    def part_score(self, name: str) -> PartScore | None:
        """Return the score of a part; its `score` is None if the part does not count."""
        line = next((part for part in self.line.parts if part.part == name), None)
        progress = self.parts.get(name, NO_PROGRESS)
        if line is None or (progress.counts is None and not _has_fixed_points(line)):
            return None
        counts = line.voided != "out" and (_has_fixed_points(line) or line.credit is not None)
        graded = compute_part_grade(self.line.problem, line)
        return PartScore(
            status=progress.status,
            credit=progress.credit,
            score=graded.score if counts else None,
            waiting=graded.waiting,
            manual=progress.manual,
            submission=None if progress.counts is None else UUID(progress.counts),
            attempt=progress.attempt,
            attempt_credit=progress.attempt_factor,
            late_credit=progress.late_factor,
        )


def _has_fixed_points(line: PartLine) -> bool:
    """Return whether the part has points that do not depend on a submission."""
    return line.voided == "full" or (line.override is not None and line.voided != "out")


def load_problem_overrides(
    session: Session, problem_session: ProblemSession
) -> tuple[OverrideShown, ...]:
    """Return the student's overrides for the problem and for the whole assignment."""
    assigned = problem_session.assigned
    overrides = load_overrides(session, assigned.assignment.id, [problem_session.student_id])
    rows = [
        override for override in overrides if override.problem_id in {None, assigned.problem.id}
    ]
    slugs: dict[UUID, str] = {assigned.problem.id: assigned.problem.slug}
    names = load_display_names(session, {row.author_id for row in rows})
    return tuple(serialize_override_for_student(row, slugs, names) for row in rows)
