"""Queries on an assignment as a whole, shared by all its statistics."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from api.db.models import Assignment
from api.services.analytics.items import Items, items_of
from api.services.analytics.queries.answers import Which, counted
from api.services.analytics.queries.cells import Cells
from api.services.analytics.queries.deadline_passed import over_for
from api.services.analytics.queries.item_statistics import Summed, summed, sums_asked
from api.services.analytics.queries.query_batch import Asked, Rows, ask
from api.services.analytics.queries.units import Units
from api.services.grades import posed_in

__all__ = ["Sheet", "read_sheet", "units_of"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Statistics of all parts and problems, with the rows of the other queries."""

    items: Items
    sums: Summed
    rows: dict[str, Rows]


def units_of(
    session: Session,
    assignment: Assignment,
    *,
    attempt: Which,
    section: UUID | None,
    now: datetime,
) -> Units:
    """Return the relations of an assignment, for the students who count."""
    students = counted(assignment.course_id, section)
    items = items_of(posed_in(session, assignment.id))
    over = over_for(session, assignment, students, now=now)
    return Units(Cells(assignment, items, students, over, by_best=attempt == "best"))


def read_sheet(session: Session, units: Units, more: Asked) -> Sheet:
    """Load the statistics of an assignment and the rows of *more* queries, in one statement."""
    rows = ask(session, sums_asked(units) | more)
    items = units.cells.items
    return Sheet(items, summed(items, rows), rows)
