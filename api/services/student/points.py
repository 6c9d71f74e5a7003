"""Points of a student in a problem, computed as on the page of grades."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import Standing
from api.schemas.grades.grades import OverrideShown
from api.schemas.student.problem import PartScore
from api.schemas.student.submissions import ProblemScore
from api.services.enrolment.display_names import names_of
from api.services.gradebook.detail import override_shown
from api.services.grades import read_part
from api.services.grades.assignment import (
    PosedProblem,
    load_problem,
    overrides_of,
    problem_line,
)
from api.services.student.problem_session import Seat
from grader.policy import Graded, PartLine, PartStanding, ProblemLine, part_grade, problem_grade

__all__ = ["Points", "overrides_on"]


@dataclass(frozen=True, slots=True)
class Points:
    """Grade of a problem, with submitted answers and overrides."""

    line: ProblemLine
    graded: Graded
    parts: Mapping[str, PartStanding]

    @classmethod
    def of(cls, session: Session, seat: Seat, standing: Standing | None) -> Self:
        """Return the points of the session *seat*."""
        posed = seat.posed
        problem = PosedProblem(posed.problem, posed.version)
        held = {seat.student_id: seat.rules}
        here = load_problem(session, posed.assignment, posed.member.course, problem, held=held)
        told: Mapping[str, Any] = standing.parts if standing else {}
        parts = {part: read_part(kept) for part, kept in told.items()}
        line = problem_line(here, problem, seat.student_id, parts)
        return cls(line, problem_grade(line), parts)

    @property
    def score(self) -> ProblemScore | None:
        """Score of the problem; None without a submission, an override or free points."""
        begun = any(one.counts is not None for one in self.parts.values())
        if not (begun or self.line.override is not None or any(map(_is_given, self.line.parts))):
            return None
        one = self.graded
        return ProblemScore(score=one.score, possible=one.possible, waiting=one.waiting)

    def part(self, name: str) -> PartScore | None:
        """Return the score of a part; its `score` is None if the part does not count."""
        line = next((one for one in self.line.parts if one.part == name), None)
        standing = self.parts.get(name, PartStanding())
        if line is None or (standing.counts is None and not _is_given(line)):
            return None
        counts = line.voided != "out" and (_is_given(line) or line.credit is not None)
        graded = part_grade(self.line.problem, line)
        return PartScore(
            status=standing.status,
            credit=standing.credit,
            score=graded.score if counts else None,
            waiting=graded.waiting,
            manual=standing.manual,
        )


def _is_given(line: PartLine) -> bool:
    """Return whether the part has points that do not depend on a submission."""
    return line.voided == "full" or (line.override is not None and line.voided != "out")


def overrides_on(session: Session, seat: Seat) -> tuple[OverrideShown, ...]:
    """Return the student's overrides for the problem and for the whole assignment."""
    posed = seat.posed
    found = overrides_of(session, posed.assignment.id, [seat.student_id])
    rows = [one for one in found if one.problem_id in {None, posed.problem.id}]
    slugs: dict[UUID, str] = {posed.problem.id: posed.problem.slug}
    names = names_of(session, {row.author_id for row in rows})
    return tuple(override_shown(row, slugs, names) for row in rows)
