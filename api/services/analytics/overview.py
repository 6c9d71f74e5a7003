"""An assignment in figures."""

from datetime import datetime
from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.schemas.analytics import AssignmentAnalytics
from api.schemas.figures import DistributionOut, FlagOut, ReliabilityOut
from api.services.analytics.brief import wrong_briefly
from api.services.analytics.parts import flagged, item_flags_of, problem_figures
from api.services.analytics.reading import Students, Which, check_section, counted
from api.services.analytics.sheet import Sheet, read_sheet
from api.services.analytics.tables import answer_flags_of
from api.tables import Assignment, Grade
from grader.analysis import describe, reliability

__all__ = ["MARK", "assignment_analytics", "how_many", "percent"]

PERCENT = 100


def assignment_analytics(
    session: Session,
    assignment: Assignment,
    *,
    attempt: Which,
    section: UUID | None,
    now: datetime,
) -> AssignmentAnalytics:
    """Return the figures of an assignment, by a dozen queries whatever its size."""
    check_section(session, assignment.course_id, section)
    students = counted(assignment.course_id, section)
    sheet = read_sheet(session, assignment, attempt=attempt, section=section, now=now)
    return AssignmentAnalytics(
        assignment=assignment.id,
        as_of=now,
        attempt=attempt,
        section=section,
        students=how_many(session, students),
        opened=len(sheet.students),
        blank_is_zero=sheet.blank_is_zero,
        grades=_grades(session, assignment, students),
        scores=DistributionOut.model_validate(describe(sheet.totals, sheet.maximum)),
        reliability=ReliabilityOut.model_validate(reliability(sheet.table)),
        problems=problem_figures(sheet),
        wrong=wrong_briefly(session, sheet),
        flags=tuple(_flags(session, sheet)),
    )


def how_many(session: Session, students: Students) -> int:
    """Return how many students count."""
    return session.scalar(select(func.count()).select_from(students.subquery())) or 0


MARK: Final = (Grade.score, Grade.possible, Grade.pending_score, Grade.pending_possible)
"""The columns that `percent` takes."""


def percent(
    score: Fraction | None, possible: Fraction, held: Fraction, pending: Fraction
) -> float | None:
    """Return a grade in percent of what is marked; None where nothing is, or can be had.

    *pending* points wait for a person, with *held* of them in the score already.
    """
    marked = possible - pending if pending else possible
    if score is None or not marked:
        return None
    got = score - held if held else score
    # Whole numbers divide to the nearest float, as a fraction would, and in a tenth of its time.
    return PERCENT * (got.numerator * marked.denominator / (got.denominator * marked.numerator))


def _grades(session: Session, assignment: Assignment, students: Students) -> DistributionOut:
    rows = session.execute(
        select(*MARK).where(Grade.assignment_id == assignment.id, Grade.student_id.in_(students))
    )
    return DistributionOut.model_validate(describe([percent(*row) for row in rows], PERCENT))


def _flags(session: Session, sheet: Sheet) -> list[FlagOut]:
    """Return the flags of all parts, in their order."""
    doubts = answer_flags_of(session, sheet)
    return [
        flag
        for at, item in enumerate(sheet.items)
        for flag in (*item_flags_of(sheet, [at]), *flagged(item, doubts.get(at, ())))
    ]
