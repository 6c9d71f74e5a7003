"""Decides which answers of a chunk get another grading, by distinct combinations of columns.

A chunk has thousands of changes, but few combinations of credits, flags and marks by a person.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Row, bindparam, exists, select, update
from sqlalchemy.orm import Session

from api.db.models import Answer, Regrade, RegradeChange, RegradeChunk, RegradeStudent
from api.services.regrades.changes import MANUAL, is_credit_lowered

KEPT_FLAG: Final = "kept"
CHANGES: Final[Any] = RegradeChange.__table__
ANSWERS: Final[Any] = Answer.__table__
CHUNK_CONDITION: Final = (
    CHANGES.c.regrade_id == bindparam("run"),
    CHANGES.c.chunk == bindparam("chunk_number"),
)
HAS_NO_SKIP_FLAG: Final = CHANGES.c.flag == ""
JOINED_CHANGES: Final = CHANGES.join(ANSWERS, ANSWERS.c.id == CHANGES.c.answer_id)
LOCKED_CHANGES: Final = (
    select(
        ANSWERS.c.manual,
        ANSWERS.c.credit,
        *(CHANGES.c[name] for name in ("new_credit", "old_credit", "flag")),
    )
    .select_from(JOINED_CHANGES)
    .where(*CHUNK_CONDITION)
    .order_by(ANSWERS.c.id)
    .with_for_update(of=ANSWERS, key_share=True)
    .subquery()
)
"""Changes of a chunk with their answers, which are locked.

Others may still insert rows that refer to the answers, such as requests.
"""
DECISIONS_QUERY: Final = select(
    *(LOCKED_CHANGES.c[name] for name in ("manual", "credit", "new_credit", "flag"))
).distinct()
OLD_CREDITS_QUERY: Final = select(LOCKED_CHANGES.c.old_credit).distinct()
# Not DISTINCT: SQLite would read the changes of the whole regrade for every chunk.
STUDENTS_QUERY: Final = select(RegradeStudent.student_id).where(
    RegradeStudent.regrade_id == bindparam("run"), RegradeStudent.chunk == bindparam("chunk_number")
)
IS_CHANGE_OF_STUDENT: Final = (
    CHANGES.c.regrade_id == RegradeStudent.regrade_id,
    CHANGES.c.student_id == RegradeStudent.student_id,
)
APPLIED_STUDENTS_QUERY: Final = STUDENTS_QUERY.where(
    exists().where(*IS_CHANGE_OF_STUDENT, HAS_NO_SKIP_FLAG)
)
RESTORABLE_STUDENTS_QUERY: Final = STUDENTS_QUERY.where(
    exists()
    .select_from(JOINED_CHANGES)
    .where(*IS_CHANGE_OF_STUDENT, ANSWERS.c.grading_id == CHANGES.c.new_grading)
)
FLAG_UPDATE: Final = (
    update(CHANGES)
    .values(flag=bindparam("new_flag"))
    .where(
        *CHUNK_CONDITION,
        ANSWERS.c.id == CHANGES.c.answer_id,
        ANSWERS.c.manual == bindparam("of_manual"),
        ANSWERS.c.credit.is_not_distinct_from(bindparam("of_credit", type_=ANSWERS.c.credit.type)),
        CHANGES.c.new_credit.is_not_distinct_from(
            bindparam("of_new_credit", type_=CHANGES.c.new_credit.type)
        ),
    )
)


def build_chunk_key(run: Regrade, chunk: RegradeChunk) -> dict[str, Any]:
    """Return the parameters that select the changes of a chunk."""
    return {"run": run.id, "chunk_number": chunk.number}


def store_skip_flags(
    session: Session, run: Regrade, decisions: Collection[Row[Any]], key: Mapping[str, Any]
) -> list[Row[Any]]:
    """Store the flags of changes that are not applied; return the *decisions* that are."""
    moved = []
    for row in decisions:
        flag = _choose_skip_flag(run, row)
        if not flag:
            moved.append(row)
        if flag != row.flag:
            combination = {"of_manual": row.manual, "of_credit": row.credit}
            session.execute(
                FLAG_UPDATE,
                {**key, **combination, "of_new_credit": row.new_credit, "new_flag": flag},
                execution_options={"synchronize_session": False},
            )
    return moved


def _choose_skip_flag(run: Regrade, row: Row[Any]) -> str:
    if row.manual:
        return MANUAL
    return KEPT_FLAG if run.never_lower and is_credit_lowered(row.credit, row.new_credit) else ""
