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
from api.db.upserts import insert_all, rewrite
from api.services.regrades.changes import MANUAL, is_lowered
from api.services.regrades.execution.loading import Texts

__all__ = ["move", "pointed", "put_back", "put_forward"]

KEPT: Final = "kept"
FOUND: Final = ("mistakes", "value", "shown", "carries")
"""What of a grading an answer repeats besides status and credit."""
MARKS: Final = ("status", "credit", *FOUND)
CHANGE: Final = RegradeChange.__table__.c
ANSWER: Final = Answer.__table__.c
AFTER: Final = (CHANGE.new_status, CHANGE.new_credit, cast(CHANGE.result, Text).label("result"))
BEFORE: Final = (
    *(CHANGE.old_grading, CHANGE.new_grading, CHANGE.old_status, CHANGE.old_credit),
    cast(CHANGE.before, Text).label("before"),
)


def pointed(
    answer: UUID,
    grading: UUID,
    *,
    status: str,
    credit: Fraction | None,
    found: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the update row that makes an answer point at a grading."""
    return {
        "id": answer,
        "grading_id": grading,
        "status": status,
        "credit": credit,
        "credit_float": None if credit is None else float(credit),
        **{name: found[name] for name in FOUND},
    }


def put_forward(
    session: Session,
    gradings: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Store new gradings, the answers that point at them, and the updated changes."""
    insert_all(session, Grading, gradings)
    rewrite(session, Answer, answers)
    rewrite(session, RegradeChange, changes)


def move(session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime) -> set[UUID]:
    """Move the answers of a chunk to new gradings; return the students concerned.

    Answers graded by a person stay as they are. With *never_lower*, so do answers that would lose
    credit.
    """
    rows = _locked(session, run, chunk, AFTER)
    flags = {row.id: _flag(run, row) for row in rows}
    flagged = [{"id": change, "flag": flag} for change, flag in flags.items() if flag]
    read = Texts()
    moved = [(row, new_id(), read.get(row.result)) for row in rows if not flags[row.id]]
    put_forward(
        session,
        [_grading(run, *one, now=now) for one in moved],
        [_forward(*one) for one in moved],
        [_changed(row, grading) for row, grading, _ in moved],
    )
    rewrite(session, RegradeChange, flagged)
    return {row.student_id for row, _, _ in moved}


def put_back(session: Session, run: Regrade, chunk: RegradeChunk) -> set[UUID]:
    """Restore the old gradings of answers that still have those of *run*; return the students."""
    rows = [
        row for row in _locked(session, run, chunk, BEFORE) if row.grading_id == row.new_grading
    ]
    read = Texts()
    back = [
        pointed(
            row.answer_id,
            row.old_grading,
            status=row.old_status,
            credit=row.old_credit,
            found=read.get(row.before),
        )
        for row in rows
    ]
    put_forward(session, [], back)
    return {row.student_id for row in rows}


def _locked(
    session: Session, run: Regrade, chunk: RegradeChunk, columns: Sequence[ColumnElement[Any]]
) -> Sequence[Any]:
    """Return *columns* of the changes of a chunk, with their answers, which are locked.

    The lock still allows others to insert rows that refer to the answers, such as requests.

    JSON columns come as text, because most values repeat.
    """
    session.flush()
    rows = session.execute(
        select(CHANGE.id, CHANGE.answer_id, CHANGE.student_id, *columns)
        .add_columns(*(ANSWER[name] for name in ("manual", "grading_id", *MARKS)))
        .join_from(RegradeChange.__table__, Answer.__table__, ANSWER.id == CHANGE.answer_id)
        .where(CHANGE.regrade_id == run.id, CHANGE.chunk == chunk.number)
        .order_by(ANSWER.id)
        .with_for_update(of=Answer.__table__, key_share=True)
    )
    return rows.all()


def _flag(run: Regrade, row: Row[Any]) -> str:
    if row.manual:
        return MANUAL
    return KEPT if run.never_lower and is_lowered(row.credit, row.new_credit) else ""


def _grading(
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


def _forward(row: Row[Any], grading: UUID, after: Mapping[str, Any]) -> dict[str, Any]:
    return pointed(
        row.answer_id, grading, status=row.new_status, credit=row.new_credit, found=after
    )


def _changed(row: Row[Any], grading: UUID) -> dict[str, Any]:
    """Return the update row of a change, with the state of the answer before the move."""
    return {
        "id": row.id,
        "old_grading": row.grading_id,
        "old_status": row.status,
        "old_credit": row.credit,
        "before": {name: getattr(row, name) for name in FOUND},
        "new_grading": grading,
        "flag": "",
    }
