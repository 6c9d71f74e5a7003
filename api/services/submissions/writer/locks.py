"""Row locks of the writer's transaction, taken in a fixed order to avoid deadlocks.

Order: assignments (shared, so that no rule changes meanwhile), enrollments of students who may
spend late days, standings; later the credentials whose use is recorded, then grades. Rows of one
table are locked in the order of their keys. SQLite needs no row locks: it has one writer at a time.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, bindparam, select, tuple_
from sqlalchemy.orm import Session

from api.db.compiled_statements import is_sqlite
from api.db.models import Assignment, AssignmentProblem, Enrolment, Standing
from api.db.upserts import insert_missing
from api.services.submissions.entries import Entry
from api.services.submissions.writer.lookup_statements import Pair, by_places, find_places

__all__ = ["KEYS_OF", "Tags", "hold"]

Tags: TypeAlias = Mapping[Pair, tuple[int, int]]
"""By what each standing is told from others: its sequence and version."""
STANDINGS: Final = Standing.__table__.c
KEYS_OF: Final = (STANDINGS.problem_id, STANDINGS.student_id)
ASSIGNMENTS: Final = Assignment.__table__.c
IN_COMMON: Final = by_places(
    [ASSIGNMENTS.id],
    *(ASSIGNMENTS.release_at, ASSIGNMENTS.due_at),
    ASSIGNMENTS.timeline["late_days"].as_integer(),
    lock="read",
)
PAIRS: Final[BindParameter[Any]] = bindparam("pairs", expanding=True)
BUDGETS: Final = (
    select(Enrolment.id)
    .where(tuple_(Enrolment.course_id, Enrolment.user_id).in_(PAIRS))
    .order_by(Enrolment.id)
    .with_for_update()
)
IN_ASSIGNMENTS: Final = (
    select(*KEYS_OF)
    .join(AssignmentProblem, AssignmentProblem.id == STANDINGS.problem_id)
    .where(tuple_(AssignmentProblem.assignment_id, STANDINGS.student_id).in_(PAIRS))
)
HELD: Final = by_places(KEYS_OF, STANDINGS.sequence, STANDINGS.version, lock="write")
"""Statements that are put together once: to put one together takes as long as to run it."""


def hold(session: Session, entries: Sequence[Entry]) -> Tags:
    """Lock the rows that *entries* depend on or change; return the tags of the standings.

    Missing standings are inserted first, because a missing row cannot be locked.
    """
    keys = {entry.ids.standing for entry in entries}
    more: set[Pair] = set()
    if not is_sqlite(session):
        asked = sorted({entry.ids.assignment for entry in entries})
        found = find_places(session, IN_COMMON, [(one,) for one in asked])
        times = {asked[place]: told for place, *told in found}
        late = [one for one in entries if _may_spend(times[one.ids.assignment], one.received_at)]
        more = _hold_budgets(session, late) if late else more
    held = _held(session, keys | more)
    missing = sorted(keys.difference(held))
    if missing:
        rows = [{"problem_id": problem, "student_id": student} for problem, student in missing]
        insert_missing(session, Standing, rows)
        held |= _held(session, missing)
    return held


def _may_spend(times: Sequence[Any], at: datetime) -> bool:
    """Tell whether late days could be spent at a time: before the release or after the due time."""
    release_at, due_at, late_days = times
    if not late_days or due_at is None:
        return False
    return not (release_at or at) <= at <= due_at


def _hold_budgets(session: Session, late: Iterable[Entry]) -> set[Pair]:
    """Lock the late-day budgets of the students of *late*; return the keys of their standings.

    Late days change a student's standings in all problems of an assignment.
    """
    budgets, places = set(), set()
    for one in late:
        budgets.add((one.course_id, one.student_id))
        places.add((one.assignment_id, one.student_id))
    session.execute(BUDGETS, {"pairs": list(budgets)})
    rows = session.execute(IN_ASSIGNMENTS, {"pairs": list(places)})
    return {(problem.hex, student.hex) for problem, student in rows}


def _held(session: Session, keys: Collection[Pair]) -> dict[Pair, tuple[int, int]]:
    asked = sorted(keys)
    rows = find_places(session, HELD, asked)
    return {asked[place]: (sequence, version) for place, sequence, version in rows}
