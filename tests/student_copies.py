"""Larger classes: bulk copies of students with all of their work."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from world import World

from api.core.ids import new_id
from api.db.models import Base

OF_STUDENT: Mapping[str, str] = {
    "users": "id",
    "enrolments": "user_id",
    "draws": "student_id",
    "submissions": "student_id",
    "answers": "student_id",
    "gradings": "answer_id",
    "standings": "student_id",
    "grades": "student_id",
}
"""The tables with rows of a student, and the column that identifies them."""


def copy_students(world: World, students: Iterable[UUID], *, times: int) -> None:
    """Insert *times* copies of each student, enrolled in the same courses."""
    with world.session() as session:
        for student in students:
            rows = _rows(session, student)
            own = {student, *(row["id"] for those in rows.values() for row in those if "id" in row)}
            for _ in range(times):
                ids = {one: new_id() for one in own}
                for table, those in rows.items():
                    copies = [_copy(row, ids) for row in those]
                    if copies:
                        session.execute(insert(Base.metadata.tables[table]), copies)


def _rows(session: Any, student: UUID) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for name, column in OF_STUDENT.items():
        table = Base.metadata.tables[name]
        mine = [row["id"] for row in found["answers"]] if column == "answer_id" else [student]
        rows = session.execute(select(table).where(table.c[column].in_(mine))).mappings()
        found[name] = [dict(row) for row in rows]
    return found


def _copy(row: Mapping[str, Any], ids: Mapping[UUID, UUID]) -> dict[str, Any]:
    copy = {key: ids.get(one, one) if isinstance(one, UUID) else one for key, one in row.items()}
    return copy | {"email": None} if "email" in copy else copy
