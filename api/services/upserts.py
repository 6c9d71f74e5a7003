"""Many rows written by one statement, on either database, whether or not they are there."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, insert, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.tables import Base

__all__ = ["insert_all", "insert_missing", "rewrite", "upsert"]


def _table(table: type[Base]) -> Any:
    """Return the bare table: to write its rows takes a fraction of what writing objects takes."""
    return table.__table__


def _insert(session: Session, table: type[Base]) -> Any:
    dialect = session.get_bind().dialect.name
    return (sqlite if dialect == "sqlite" else postgresql).insert(_table(table))


def _keys(table: type[Base]) -> list[str]:
    return [column.name for column in inspect(table).primary_key]


def insert_all(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new *rows*, which all have the same columns."""
    if rows:
        session.execute(insert(_table(table)), [dict(row) for row in rows])


def rewrite(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what *rows*, which all have the same columns, say over those with their primary keys.

    Objects of the session that stand for them are not told.
    """
    if not rows:
        return
    keys = {name: f"{name}_of" for name in _keys(table)}
    columns = _table(table).c
    statement = update(_table(table)).where(
        and_(*(columns[name] == bindparam(given) for name, given in keys.items()))
    )
    given = [{keys.get(name, name): value for name, value in row.items()} for row in rows]
    session.execute(statement, given)


def upsert(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, version: bool = False
) -> None:
    """Write *rows*, in place of those with the same primary key; *version* counts the writing."""
    if not rows:
        return
    insert = _insert(session, table)
    keys = _keys(table)
    values = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    if version:
        values["version"] = _table(table).c.version + 1
    statement = insert.on_conflict_do_update(index_elements=keys, set_=values)
    session.execute(statement, [dict(row) for row in rows])


def insert_missing(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write those of *rows* whose primary key is not there yet."""
    if rows:
        statement = _insert(session, table).on_conflict_do_nothing(index_elements=_keys(table))
        session.execute(statement, [dict(row) for row in rows])
