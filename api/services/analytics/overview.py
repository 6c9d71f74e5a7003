"""Statistics of a whole assignment."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Float, Integer, Select, func, literal, select
from sqlalchemy.orm import Session

from api.db.models import Assignment, Grade
from api.schemas.analytics.assignment import AssignmentAnalytics
from api.schemas.analytics.figures import DistributionOut, FlagOut, ReliabilityOut
from api.services.analytics.parts import flagged, item_flags_of, problem_figures
from api.services.analytics.queries.answers import Students, Which, check_section
from api.services.analytics.queries.assignment import Sheet, read_sheet, units_of
from api.services.analytics.queries.distributions import numbered, spread_asked, spread_of
from api.services.analytics.queries.groups import answer_flags_of
from api.services.analytics.queries.query_batch import Asked, ask, number_of
from api.services.analytics.summary import wrong_briefly
from api.services.analytics.wrong_answers import Wrong

__all__ = ["PERCENT", "assignment_analytics", "grades_asked", "how_many", "percent"]

PERCENT: Final = 100
ALL: Final = 0
"""The key of grades that are all of one assignment."""


def assignment_analytics(
    session: Session,
    assignment: Assignment,
    *,
    attempt: Which,
    section: UUID | None,
    now: datetime,
) -> AssignmentAnalytics:
    """Return the statistics of an assignment, with at most a dozen queries for any class size."""
    check_section(session, assignment.course_id, section)
    units = units_of(session, assignment, attempt=attempt, section=section, now=now)
    cells = units.cells
    wrong = Wrong(units, [at for at, one in enumerate(cells.items.items) if not one.by_person])
    sheet = read_sheet(session, units, wrong.doubted() | wrong.brief())
    sums = sheet.sums
    return AssignmentAnalytics(
        assignment=assignment.id,
        as_of=now,
        attempt=attempt,
        section=section,
        students=how_many(session, cells.students),
        opened=sums.opened,
        blank_is_zero=sums.over,
        grades=_grades(session, assignment, cells.students),
        scores=DistributionOut.model_validate(sums.scores),
        reliability=ReliabilityOut.model_validate(sums.reliability),
        problems=problem_figures(sheet),
        wrong=wrong_briefly(session, sheet),
        flags=tuple(_flags(session, sheet)),
    )


def how_many(session: Session, students: Students) -> int:
    """Return the number of students who count."""
    return session.scalar(select(func.count()).select_from(students.subquery())) or 0


def percent() -> Any:
    """Return a grade as a percentage of the graded points; null if there are none.

    Points that wait for a person are excluded, including those already in the score.
    """
    marked = number_of(Grade.possible) - number_of(Grade.pending_possible)
    got = number_of(Grade.score) - number_of(Grade.pending_score)
    return PERCENT * got / func.nullif(marked, 0.0, type_=Float)


def grades_asked(grades: Select[Any]) -> Asked:
    """Return the queries for the distribution of grades by their *key*."""
    return spread_asked(
        "grades", numbered(grades.add_columns(percent().label("number")), "marks"), PERCENT
    )


def _grades(session: Session, assignment: Assignment, students: Students) -> DistributionOut:
    own = select(literal(ALL, Integer).label("key")).where(
        Grade.assignment_id == assignment.id, Grade.student_id.in_(students)
    )
    rows = ask(session, grades_asked(own))
    return DistributionOut.model_validate(spread_of("grades", rows, PERCENT, ALL))


def _flags(session: Session, sheet: Sheet) -> list[FlagOut]:
    """Return the flags of all parts, in the order of the parts."""
    doubts = answer_flags_of(session, sheet)
    return [
        flag
        for at, item in enumerate(sheet.items.items)
        for flag in (*item_flags_of(sheet, at), *flagged(item, doubts.get(at, ())))
    ]
