"""Row locks of the writer's transaction, taken in a fixed order to avoid deadlocks.

Order: assignments (shared, so that no rule changes meanwhile), enrollments of students who may
spend late days, standings; later the credentials whose use is recorded, then grades. Rows of one
table are locked in the order of their keys. SQLite needs no row locks: it has one writer at a time.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, select, tuple_
from sqlalchemy.orm import Session

from api.db.dialects import is_sqlite
from api.db.models import Assignment, AssignmentProblem, Base, Enrolment, Grade, ProblemProgress
from api.db.upserts import insert_missing_rows
from api.services.submissions.pending_submissions import PendingSubmission
from api.services.submissions.writer.lookup_statements import (
    LookupStatements,
    Pair,
    build_lookup_statements,
    look_up_rows,
)

RowVersions: TypeAlias = Mapping[Pair, tuple[int, int]]
"""Sequence and version of each progress row."""
INSERTED_ROW_VERSION: Final = (0, 0)
"""Sequence and version of a progress row that has only been inserted to be locked."""
PROGRESS_COLUMNS: Final = ProblemProgress.__table__.c
PROGRESS_KEY_COLUMNS: Final = (PROGRESS_COLUMNS.problem_id, PROGRESS_COLUMNS.student_id)
ASSIGNMENT_COLUMNS: Final = Assignment.__table__.c
LOCK_ASSIGNMENTS: Final = build_lookup_statements(
    [ASSIGNMENT_COLUMNS.id],
    *(ASSIGNMENT_COLUMNS.release_at, ASSIGNMENT_COLUMNS.due_at),
    ASSIGNMENT_COLUMNS.timeline["late_days"].as_integer(),
    lock="read",
)
PAIRS_PARAM: Final[BindParameter[Any]] = bindparam("pairs", expanding=True)
LOCK_LATE_DAY_BUDGETS: Final = (
    select(Enrolment.id)
    .where(tuple_(Enrolment.course_id, Enrolment.user_id).in_(PAIRS_PARAM))
    .order_by(Enrolment.id)
    .with_for_update()
)
SELECT_PROGRESS_KEYS: Final = (
    select(*PROGRESS_KEY_COLUMNS)
    .join(AssignmentProblem, AssignmentProblem.id == PROGRESS_COLUMNS.problem_id)
    .where(tuple_(AssignmentProblem.assignment_id, PROGRESS_COLUMNS.student_id).in_(PAIRS_PARAM))
)
GRADE_COLUMNS: Final = Grade.__table__.c
GRADE_KEY_COLUMNS: Final = (GRADE_COLUMNS.assignment_id, GRADE_COLUMNS.student_id)


class _RowLocks(NamedTuple):
    """Locks on the rows of a *model* by two ids, the *key* columns.

    The *statements* lock rows and return two values of each, such as its version. *inserted* are
    those of a row that has only been inserted to be locked.
    """

    model: type[Base]
    key: tuple[str, str]
    statements: LookupStatements
    inserted: tuple[int, Any]


# Statements are built once, because building one takes as long as running it.
PROGRESS_LOCKS: Final = _RowLocks(
    ProblemProgress,
    ("problem_id", "student_id"),
    build_lookup_statements(
        PROGRESS_KEY_COLUMNS, PROGRESS_COLUMNS.sequence, PROGRESS_COLUMNS.version, lock="write"
    ),
    INSERTED_ROW_VERSION,
)
GRADE_LOCKS: Final = _RowLocks(
    Grade,
    ("assignment_id", "student_id"),
    build_lookup_statements(
        GRADE_KEY_COLUMNS, GRADE_COLUMNS.version, GRADE_COLUMNS.score, lock="write"
    ),
    (1, None),
)


def acquire_locks(session: Session, entries: Sequence[PendingSubmission]) -> RowVersions:
    """Lock the rows that *entries* depend on or change; return the versions of the progress rows.

    Missing rows are inserted first.
    """
    keys = {entry.ids.progress_key for entry in entries}
    budget_keys: set[Pair] = set()
    if not is_sqlite(session):
        assignment_ids = sorted({entry.ids.assignment for entry in entries})
        assignment_rows = look_up_rows(
            session, LOCK_ASSIGNMENTS, [(one,) for one in assignment_ids]
        )
        times = {assignment_ids[place]: told for place, *told in assignment_rows}
        late_entries = [
            entry
            for entry in entries
            if _may_spend_late_days(times[entry.ids.assignment], entry.received_at)
        ]
        budget_keys = _lock_late_day_budgets(session, late_entries) if late_entries else budget_keys
    return _lock_rows(session, PROGRESS_LOCKS, keys, existing=budget_keys)


def _may_spend_late_days(times: Sequence[Any], received_at: datetime) -> bool:
    """Tell whether late days could be spent at a time: before the release or after the due time."""
    release_at, due_at, late_days = times
    if not late_days or due_at is None:
        return False
    return not (release_at or received_at) <= received_at <= due_at


def _lock_late_day_budgets(session: Session, late: Iterable[PendingSubmission]) -> set[Pair]:
    """Lock the late-day budgets of the students of *late*; return the keys of their progress.

    Late days change a student's progress in all problems of an assignment.
    """
    budgets, assignment_students = set(), set()
    for entry in late:
        budgets.add((entry.course_id, entry.student_id))
        assignment_students.add((entry.assignment_id, entry.student_id))
    session.execute(LOCK_LATE_DAY_BUDGETS, {"pairs": list(budgets)})
    rows = session.execute(SELECT_PROGRESS_KEYS, {"pairs": list(assignment_students)})
    return {(problem.hex, student.hex) for problem, student in rows}


def lock_grades(
    session: Session, keys: AbstractSet[Pair], *, now: datetime
) -> dict[Pair, tuple[int, Fraction | None]]:
    """Lock grades by assignment and student, inserting missing ones; return version and score."""
    return _lock_rows(session, GRADE_LOCKS, keys, values={"possible": 0, "updated_at": now})


def _lock_rows(
    session: Session,
    locks: _RowLocks,
    keys: AbstractSet[Pair],
    *,
    existing: AbstractSet[Pair] = frozenset(),
    values: Mapping[str, Any] = MappingProxyType({}),
) -> dict[Pair, tuple[int, Any]]:
    """Lock the rows of *keys*, and those of *existing* that exist; return their two values.

    Missing rows of *keys* are inserted with *values*, because a missing row cannot be locked. On
    PostgreSQL they are read again: another transaction may have inserted and changed them.
    """
    locked = _lock_existing_rows(session, locks, keys | existing)
    missing = sorted(keys - locked.keys())
    if missing:
        first, second = locks.key
        rows = [{first: UUID(one), second: UUID(other), **values} for one, other in missing]
        insert_missing_rows(session, locks.model, rows)
        locked |= (
            dict.fromkeys(missing, locks.inserted)
            if is_sqlite(session)
            else _lock_existing_rows(session, locks, missing)
        )
    return locked


def _lock_existing_rows(
    session: Session, locks: _RowLocks, keys: Collection[Pair]
) -> dict[Pair, tuple[int, Any]]:
    sorted_keys = sorted(keys)
    rows = look_up_rows(session, locks.statements, sorted_keys)
    return {sorted_keys[place]: (first, second) for place, first, second in rows}
