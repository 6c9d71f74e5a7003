"""Projection of scores and grades for other results of the answers; nothing is written."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import AssignmentProblem, ProblemVersion
from api.services.grades.answers import Given, Key
from api.services.grades.assignment import (
    WholeAssignment,
    graded_of,
    load_assignment,
    problem_line,
    standings_of,
)
from api.services.grades.parts import part_told
from api.services.grades.recompute import parts_of
from grader.policy import problem_grade

__all__ = ["Figures", "Outlook"]


class Figures(NamedTuple):
    """A student's score in a problem, and the grade of the assignment."""

    score: Fraction | None
    grade: Fraction | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Projection for students in a problem, with all data that their grades depend on."""

    here: WholeAssignment
    problem: AssignmentProblem
    standings: Mapping[tuple[UUID, UUID], Mapping[str, Any]]

    @classmethod
    def of(
        cls, session: Session, problem: AssignmentProblem, students: Collection[UUID]
    ) -> "Outlook":
        """Load the current data of *students* in a problem."""
        here = load_assignment(session, problem.assignment_id, students)
        return cls(here, problem, standings_of(session, here, students))

    def figures(
        self,
        given: Mapping[UUID, Iterable[Given]],
        *,
        version: ProblemVersion | None,
    ) -> dict[UUID, Figures]:
        """Return the score and grade of each student if *given* were all of their answers.

        *version* is the version that the problem would have, None for its current one.
        """
        posed = next((one for one in self.here.problems if one.row.id == self.problem.id), None)
        if posed is None:
            return {}
        if version is not None:
            posed = replace(posed, version=version)
        problems = (posed if one.row.id == self.problem.id else one for one in self.here.problems)
        here = replace(self.here, problems=tuple(problems))
        found = {}
        for student, answers in given.items():
            key = Key(self.problem.id, student)
            parts = parts_of(posed, answers, here.rules[student])
            line = problem_line(here, posed, student, parts)
            told = {part: part_told(one) for part, one in parts.items()}
            own = {
                (one.row.id, student): self.standings.get((one.row.id, student), {})
                for one in here.problems
            }
            graded = graded_of(here, student, own | {key: told})
            found[student] = Figures(problem_grade(line).score, graded.score)
        return found
