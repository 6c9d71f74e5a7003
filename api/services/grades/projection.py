"""Projection of scores and grades for other results of the answers; nothing is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import AssignmentProblem, ProblemVersion
from api.services.grades.answers import PartAnswer
from api.services.grades.assignment import (
    GradingContext,
    StoredProgress,
    load_grading_context,
    load_stored_progress,
)
from api.services.grades.problem_totals import (
    ProblemTotal,
    combine_problem_totals,
    compute_problem_total,
)
from api.services.grades.recompute import compute_part_progress, compute_stored_total


class ProjectedGrade(NamedTuple):
    """A student's score in a problem, and the grade of the assignment."""

    score: Fraction | None
    grade: Fraction | None


@dataclass(frozen=True, slots=True)
class GradeProjection:
    """Projection for students in a problem, with all data that their grades depend on."""

    context: GradingContext
    problem: AssignmentProblem
    progress: StoredProgress

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
        projected = {}
        for student, answers in answers_by_student.items():
            parts = compute_part_progress(problem, answers, self.context.rules[student])
            total = compute_problem_total(self.context, problem, student, parts)
            totals = self._complete_totals(student, total)
            graded = combine_problem_totals(self.context, student, totals)
            projected[student] = ProjectedGrade(total.graded.score, graded.score)
        return projected

    def _complete_totals(self, student: UUID, total: ProblemTotal) -> list[ProblemTotal]:
        """Return the totals of *student* in all problems, in order, *total* in this one."""
        return [
            total
            if problem.row.id == self.problem.id
            else compute_stored_total(self.context, problem, student, self.progress)
            for problem in self.context.problems
        ]
