"""Reassignment of answers from one grading to another.

The database copies the columns itself, in a few statements for a whole chunk. The results of a
change never leave it: only the distinct combinations that decide which answers move are read
(`move_decisions.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Float,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from api.db.dialects import POSTGRESQL
from api.db.models import (
    Answer,
    Grading,
    Regrade,
    RegradeChunk,
)
from api.db.upserts import insert_rows, update_rows
from api.services.regrades.execution.move_decisions import (
    ANSWERS,
    APPLIED_STUDENTS_QUERY,
    CHANGES,
    CHUNK_CONDITION,
    DECISIONS_QUERY,
    HAS_NO_SKIP_FLAG,
    OLD_CREDITS_QUERY,
    RESTORABLE_STUDENTS_QUERY,
    build_chunk_key,
    store_skip_flags,
)

ANSWER_FIELDS: Final = {"mistakes": Text, "value": Text, "shown": Text, "carries": JSON}
"""Columns of an answer that repeat its grading, except status and credit, with their types."""
RESULT_FIELDS: Final = {**ANSWER_FIELDS, "record": JSON, "said": JSON, "engine": Text}
"""Fields of the JSON column *result* of a change, with their types."""
GRADINGS: Final[Any] = Grading.__table__
SIDES: Final = {"old": ("new", CHANGES.c.before), "new": ("old", CHANGES.c.result)}
"""Both sides of a change, each with the other one and the column of its fields."""


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
        **{name: result[name] for name in ANSWER_FIELDS},
    }


def store_gradings_and_updates(
    session: Session, gradings: Sequence[Mapping[str, Any]], answers: Sequence[Mapping[str, Any]]
) -> None:
    """Store new gradings, and the answers that point at them."""
    insert_rows(session, Grading, gradings)
    update_rows(session, Answer, answers)


def apply_new_gradings(
    session: Session, run: Regrade, chunk: RegradeChunk, *, now: datetime
) -> set[UUID]:
    """Move the answers of a chunk to new gradings; return the students concerned.

    Answers graded by a person stay as they are. With *never_lower*, so do answers that would lose
    credit. A new grading has the id of its change.
    """
    dialect, key = session.get_bind().dialect.name, build_chunk_key(run, chunk)
    session.flush()
    decisions = session.execute(DECISIONS_QUERY, key).all()
    moved = store_skip_flags(session, run, decisions, key)
    if not moved:
        return set()
    facts = {
        "version": run.to_version,
        "author": run.applied_by,
        "reason": run.reason,
        "now": now,
    }
    session.execute(_build_old_gradings_update(dialect), key)
    session.execute(_build_gradings_insert(dialect), key | facts)
    new_credits = {row.new_credit for row in moved}
    session.execute(_build_answers_update("new", new_credits, dialect), key)
    return set(session.scalars(APPLIED_STUDENTS_QUERY, key))


def restore_old_gradings(session: Session, run: Regrade, chunk: RegradeChunk) -> set[UUID]:
    """Restore the old gradings of answers that still have those of *run*; return the students."""
    dialect, key = session.get_bind().dialect.name, build_chunk_key(run, chunk)
    session.flush()
    old_credits = set(session.scalars(OLD_CREDITS_QUERY, key))
    students = set(session.scalars(RESTORABLE_STUDENTS_QUERY, key))
    if students:
        session.execute(_build_answers_update("old", old_credits, dialect), key)
    return students


@lru_cache
def _build_old_gradings_update(dialect: str) -> Update:
    """Return the statement that notes in the changes of a chunk what their answers have now."""
    build_object = func.json_build_object if dialect == POSTGRESQL else func.json_object
    fields = []
    for name, kind in ANSWER_FIELDS.items():
        value = ANSWERS.c[name]
        is_text_of_json = kind is JSON and dialect != POSTGRESQL
        fields += [literal(name, Text), func.json(value) if is_text_of_json else value]
    return (
        update(CHANGES)
        .values(
            old_grading=ANSWERS.c.grading_id,
            old_status=ANSWERS.c.status,
            old_credit=ANSWERS.c.credit,
            before=build_object(*fields),
            new_grading=CHANGES.c.id,
        )
        .where(*CHUNK_CONDITION, HAS_NO_SKIP_FLAG, ANSWERS.c.id == CHANGES.c.answer_id)
    )


@lru_cache
def _build_gradings_insert(dialect: str) -> Any:
    """Return the statement that inserts a grading for each change of a chunk that is applied."""
    fields = ("mistakes", "record", "said", "engine")
    values = {
        "id": CHANGES.c.new_grading,
        "answer_id": CHANGES.c.answer_id,
        "kind": literal("regrade"),
        "status": CHANGES.c.new_status,
        "credit": CHANGES.c.new_credit,
        "version_id": bindparam("version", type_=GRADINGS.c.version_id.type),
        "regrade_id": CHANGES.c.regrade_id,
        "author_id": bindparam("author", type_=GRADINGS.c.author_id.type),
        "reason": bindparam("reason", type_=Text),
        "created_at": bindparam("now", type_=GRADINGS.c.created_at.type),
    }
    rows = _select_with_fields(CHANGES.c.result, fields, values, dialect).where(
        *CHUNK_CONDITION, CHANGES.c.new_grading.is_not(None)
    )
    return insert(GRADINGS).from_select([*values, *fields], rows, include_defaults=False)


def _build_answers_update(
    side: Literal["old", "new"], occurring_credits: Iterable[Fraction | None], dialect: str
) -> Update:
    """Return the statement that moves the answers of a chunk to the gradings of one *side*.

    Answers that have another grading than that of the other side stay. *occurring_credits*
    are the credits of that side.
    """
    other_side, fields_column = SIDES[side]
    credit = CHANGES.c[f"{side}_credit"]
    values = {
        "grading_id": CHANGES.c[f"{side}_grading"],
        "status": CHANGES.c[f"{side}_status"],
        "credit": credit,
        "credit_float": _build_credit_float(credit, occurring_credits),
    }
    keys = {
        "changed_answer": CHANGES.c.answer_id,
        "other_grading": CHANGES.c[f"{other_side}_grading"],
    }
    rows = (
        _select_with_fields(fields_column, tuple(ANSWER_FIELDS), values | keys, dialect)
        .where(*CHUNK_CONDITION, CHANGES.c.new_grading.is_not(None))
        .subquery("moved")
    )
    return (
        update(ANSWERS)
        .values({name: rows.c[name] for name in (*values, *ANSWER_FIELDS)})
        .where(ANSWERS.c.id == rows.c.changed_answer, ANSWERS.c.grading_id == rows.c.other_grading)
    )


def _build_credit_float(
    credit: ColumnElement[Fraction | None], values: Iterable[Fraction | None]
) -> ColumnElement[Any]:
    """Return the expression that converts an exact *credit*, one of *values*, to a float.

    SQL cannot divide exact numbers as Python does.
    """
    known = sorted({value for value in values if value is not None})
    if not known:
        return cast(null(), Float)
    return case(*((credit == value, literal(float(value), Float)) for value in known))


def _select_with_fields(
    fields_column: ColumnElement[Any],
    names: Sequence[str],
    values: Mapping[str, ColumnElement[Any]],
    dialect: str,
) -> Select[Any]:
    """Return a SELECT of *values* and of the fields *names* of a JSON column of changes."""
    columns = [value.label(name) for name, value in values.items()]
    if dialect == POSTGRESQL:  # each `->` would parse the text again
        record = (
            func.json_to_record(fields_column)
            .table_valued(*(column(name, RESULT_FIELDS[name]) for name in names))
            .render_derived(name="fields", with_types=True)
        )
        return select(*columns, *record.c).select_from(CHANGES.join(record, true()))
    fields = (func.json_extract(fields_column, f"$.{name}").label(name) for name in names)
    return select(*columns, *fields).select_from(CHANGES)
