"""Projection of scores and grades for other results of the answers; nothing is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import AssignmentProblem, ProblemVersion
from api.services.grades.answers import PartAnswer, ProgressKey
from api.services.grades.assignment import (
    GradingContext,
    build_problem_line,
    compute_student_grade,
    load_grading_context,
    load_stored_progress,
)
from api.services.grades.parts import serialize_part_progress
from api.services.grades.recompute import compute_part_progress
from grader.policy import compute_problem_grade


class ProjectedGrade(NamedTuple):
    """A student's score in a problem, and the grade of the assignment."""

    score: Fraction | None
    grade: Fraction | None


@dataclass(frozen=True, slots=True)
class GradeProjection:
    """Projection for students in a problem, with all data that their grades depend on."""

    context: GradingContext
    problem: AssignmentProblem
    progress: Mapping[tuple[UUID, UUID], Mapping[str, Any]]

    @classmethod
    def load(
        cls, session: Session, problem: AssignmentProblem, students: Collection[UUID]
    ) -> "GradeProjection":
        """Load the current data of *students* in a problem."""
        context = load_grading_context(session, problem.assignment_id, students)
        return cls(context, problem, load_stored_progress(session, context, students))

    def project_grades(
        self,
        answers_by_student: Mapping[UUID, Iterable[PartAnswer]],
        *,
        version: ProblemVersion | None,
    ) -> dict[UUID, ProjectedGrade]:
        """Return the score and grade of each student if *answers_by_student* were all answers.

        *version* is the version that the problem would have, None for its current one.
        """
        problem = next(
            (problem for problem in self.context.problems if problem.row.id == self.problem.id),
            None,
        )
        if problem is None:
            return {}
        if version is not None:
            problem = replace(problem, version=version)
        problems = (
            problem if one.row.id == self.problem.id else one for one in self.context.problems
        )
        context = replace(self.context, problems=tuple(problems))
        projected = {}
        for student, answers in answers_by_student.items():
            key = ProgressKey(self.problem.id, student)
            parts = compute_part_progress(problem, answers, context.rules[student])
            line = build_problem_line(context, problem, student, parts)
            stored_parts = {part: serialize_part_progress(one) for part, one in parts.items()}
            student_progress = {
                (problem.row.id, student): self.progress.get((problem.row.id, student), {})
                for problem in context.problems
            }
            graded = compute_student_grade(context, student, student_progress | {key: stored_parts})
            projected[student] = ProjectedGrade(compute_problem_grade(line).score, graded.score)
        return projected
