"""What the transaction of a writer holds, in one order, so that no two wait crosswise.

The assignments in common, so that no rule changes meanwhile; who may spend late days; where the
students stand. What is held later comes behind that: the use of secrets, then grades. SQLite has
one writer at a time, who holds all of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import BindParameter, Row, bindparam, select, tuple_
from sqlalchemy.orm import Session

from api.services.standings import Key
from api.services.submitting.entries import Entry
from api.services.submitting.pairs import by_pairs, for_pairs, given
from api.services.upserts import insert_missing
from api.tables import Assignment, AssignmentProblem, Enrolment, Standing

__all__ = ["KEYS_OF", "Tags", "hold"]

Tags: TypeAlias = Mapping[Key, tuple[int, int]]
"""By what each standing is told from others: its sequence and version."""
STANDINGS: Final = Standing.__table__.c
KEYS_OF: Final = (STANDINGS.problem_id, STANDINGS.student_id)
ASSIGNMENTS: Final = Assignment.__table__.c
IN_COMMON: Final = (
    select(
        *(ASSIGNMENTS.id, ASSIGNMENTS.release_at, ASSIGNMENTS.due_at),
        ASSIGNMENTS.timeline["late_days"].as_integer().label("late_days"),
    )
    .where(ASSIGNMENTS.id.in_(bindparam("assignments", expanding=True)))
    .order_by(ASSIGNMENTS.id)
    .with_for_update(read=True)
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
HELD: Final = {
    is_sqlite: select(*KEYS_OF, STANDINGS.sequence, STANDINGS.version)
    .where(found)
    .order_by(*KEYS_OF)
    .with_for_update()
    for is_sqlite, found in by_pairs(*KEYS_OF).items()
}
"""Statements that are put together once: to put one together takes as long as to run it."""


def hold(session: Session, entries: Sequence[Entry]) -> Tags:
    """Hold what *entries* change or are decided by; return by what their standings are told."""
    keys = sorted({entry.standing for entry in entries})
    more: set[Key] = set()
    if session.get_bind().dialect.name != "sqlite":
        asked = {"assignments": list({entry.assignment_id for entry in entries})}
        rules = {row.id: row for row in session.execute(IN_COMMON, asked)}
        late = [one for one in entries if _may_spend(rules[one.assignment_id], one.received_at)]
        more = _hold_budgets(session, late) if late else more
    found = _held(session, sorted(more.union(keys)))
    missing = [key for key in keys if key not in found]
    if missing:
        insert_missing(session, Standing, [key._asdict() for key in missing])
        found |= _held(session, missing)
    return found


def _may_spend(rules: Row[Any], at: datetime) -> bool:
    """Tell whether late days could be spent at a time: where it is not in time for everybody."""
    if not rules.late_days or rules.due_at is None:
        return False
    return not (rules.release_at or at) <= at <= rules.due_at


def _hold_budgets(session: Session, late: Iterable[Entry]) -> set[Key]:
    """Let nobody else spend late days of their students; return where those stand.

    Late days change where they stand in all problems of an assignment.
    """
    budgets, places = set(), set()
    for one in late:
        budgets.add((one.course_id, one.student_id))
        places.add((one.assignment_id, one.student_id))
    session.execute(BUDGETS, {"pairs": list(budgets)})
    return {Key(*row) for row in session.execute(IN_ASSIGNMENTS, {"pairs": list(places)})}


def _held(session: Session, keys: Sequence[Key]) -> dict[Key, tuple[int, int]]:
    rows = session.execute(for_pairs(session, HELD), given(session, keys))
    asked = set(keys)
    return {key: (row[2], row[3]) for row in rows if (key := Key(row[0], row[1])) in asked}
