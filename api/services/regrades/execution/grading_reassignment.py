"""Reassignment of answers from one grading to another, in bulk statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Text, cast, select
from sqlalchemy.orm import Session

from api.core.ids import new_id
from api.db.models import Answer, Grading, Regrade, RegradeChange, RegradeChunk
from api.db.upserts import insert_rows, update_rows
from api.services.regrades.changes import MANUAL, is_credit_lowered
from api.services.regrades.execution.chunk_data import CachingJsonParser

KEPT_FLAG: Final = "kept"
RESULT_COLUMNS: Final = ("mistakes", "value", "shown", "carries")
"""Columns of a grading that its answer duplicates, except status and credit."""
GRADING_COLUMNS: Final = ("status", "credit", *RESULT_COLUMNS)
CHANGE_COLUMNS: Final = RegradeChange.__table__.c
ANSWER_COLUMNS: Final = Answer.__table__.c
NEW_STATE_COLUMNS: Final = (
    CHANGE_COLUMNS.new_status,
    CHANGE_COLUMNS.new_credit,
    cast(CHANGE_COLUMNS.result, Text).label("result"),
)
OLD_STATE_COLUMNS: Final = (
    *(
        CHANGE_COLUMNS.old_grading,
        CHANGE_COLUMNS.new_grading,
        CHANGE_COLUMNS.old_status,
        CHANGE_COLUMNS.old_credit,
    ),
    cast(CHANGE_COLUMNS.before, Text).label("before"),
)


def build_answer_update(
    answer: UUID,
    grading: UUID,
    *,
    status: str,
    credit: Fraction | None,
    result: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the update row that makes an answer point at a grading."""
    return {
        "id": answer,
        "grading_id": grading,
        "status": status,
        "credit": credit,
        "credit_float": None if credit is None else float(credit),
        **{name: result[name] for name in RESULT_COLUMNS},
    }


def store_gradings_and_updates(
    session: Session,
    gradings: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Store new gradings, the answers that point at them, and the updated changes."""
    insert_rows(session, Grading, gradings)
    update_rows(session, Answer, answers)
    update_rows(session, RegradeChange, changes)


def apply_new_gradings(
    session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime
) -> set[UUID]:
    """Move the answers of a chunk to new gradings; return the students concerned.

    Answers graded by a person stay as they are. With *never_lower*, so do answers that would lose
    credit.
    """
    rows = _load_changes_locking_answers(session, run, chunk, NEW_STATE_COLUMNS)
    flags = {row.id: _choose_skip_flag(run, row) for row in rows}
    flagged = [{"id": change, "flag": flag} for change, flag in flags.items() if flag]
    parser = CachingJsonParser()
    moved = [(row, new_id(), parser.parse(row.result)) for row in rows if not flags[row.id]]
    store_gradings_and_updates(
        session,
        [_build_grading(run, *one, now=now) for one in moved],
        [_build_new_answer_update(*one) for one in moved],
        [_build_change_update(row, grading) for row, grading, _ in moved],
    )
    update_rows(session, RegradeChange, flagged)
    return {row.student_id for row, _, _ in moved}


def restore_old_gradings(session: Session, run: Regrade, chunk: RegradeChunk) -> set[UUID]:
    """Restore the old gradings of answers that still have those of *run*; return the students."""
    rows = [
        row
        for row in _load_changes_locking_answers(session, run, chunk, OLD_STATE_COLUMNS)
        if row.grading_id == row.new_grading
    ]
    parser = CachingJsonParser()
    updates = [
        build_answer_update(
            row.answer_id,
            row.old_grading,
            status=row.old_status,
            credit=row.old_credit,
            result=parser.parse(row.before),
        )
        for row in rows
    ]
    store_gradings_and_updates(session, [], updates)
    return {row.student_id for row in rows}


def _load_changes_locking_answers(
    session: Session, run: Regrade, chunk: RegradeChunk, columns: Sequence[ColumnElement[Any]]
) -> Sequence[Any]:
    """Return *columns* of the changes of a chunk, with their answers, which are locked.

    The lock still allows others to insert rows that refer to the answers, such as requests.

    JSON columns come as text, because most values repeat.
    """
    session.flush()
    rows = session.execute(
        select(CHANGE_COLUMNS.id, CHANGE_COLUMNS.answer_id, CHANGE_COLUMNS.student_id, *columns)
        .add_columns(*(ANSWER_COLUMNS[name] for name in ("manual", "grading_id", *GRADING_COLUMNS)))
        .join_from(
            RegradeChange.__table__, Answer.__table__, ANSWER_COLUMNS.id == CHANGE_COLUMNS.answer_id
        )
        .where(CHANGE_COLUMNS.regrade_id == run.id, CHANGE_COLUMNS.chunk == chunk.number)
        .order_by(ANSWER_COLUMNS.id)
        .with_for_update(of=Answer.__table__, key_share=True)
    )
    return rows.all()


def _choose_skip_flag(run: Regrade, row: Row[Any]) -> str:
    if row.manual:
        return MANUAL
    return KEPT_FLAG if run.never_lower and is_credit_lowered(row.credit, row.new_credit) else ""


def _build_grading(
    run: Regrade, row: Row[Any], grading: UUID, after: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    return {
        "id": grading,
        "answer_id": row.answer_id,
        "kind": "regrade",
        "status": row.new_status,
        "credit": row.new_credit,
        "mistakes": after["mistakes"],
        "record": after["record"],
        "said": after["said"],
        "engine": after["engine"],
        "version_id": run.to_version,
        "regrade_id": run.id,
        "author_id": run.applied_by,
        "reason": run.reason,
        "created_at": now,
    }


def _build_new_answer_update(
    row: Row[Any], grading: UUID, after: Mapping[str, Any]
) -> dict[str, Any]:
    return build_answer_update(
        row.answer_id, grading, status=row.new_status, credit=row.new_credit, result=after
    )


def _build_change_update(row: Row[Any], grading: UUID) -> dict[str, Any]:
    """Return the update row of a change, with the state of the answer before the move."""
    return {
        "id": row.id,
        "old_grading": row.grading_id,
        "old_status": row.status,
        "old_credit": row.credit,
        "before": {name: getattr(row, name) for name in RESULT_COLUMNS},
        "new_grading": grading,
        "flag": "",
    }
