"""Bulk inserts and upserts by single statements, on either database.

PostgreSQL gets one text per table: the round trip of a statement costs as much as some twenty rows.
Rows are written without ORM objects, which takes a fraction of the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Dialect, and_, bindparam, inspect, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from api.db.compiled_statements import run
from api.db.models import Base
from api.db.recordsets import recorded, told

__all__ = ["Row", "Rows", "insert_all", "insert_missing", "rewrite", "upsert", "write_all"]

Row: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = tuple[str, ...]
How: TypeAlias = Literal["new", "if missing", "in place", "counted"]
POSTGRESQL: Final = "postgresql"
STATEMENTS_KEPT: Final = 256


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to write to a *table*, all with the same columns, and *how* to write them.

    "new" inserts; "if missing" skips rows whose primary key exists; "in place" updates them;
    "counted" updates them and increments the column *version*. An id may be given as its digits.
    """

    table: type[Base]
    rows: Sequence[Row]
    how: How = "new"


def write_all(session: Session, rows: Iterable[Rows]) -> None:
    """Write *rows* of several tables; later tables may refer to earlier ones.

    On PostgreSQL this is a single statement, and so a single round trip. Raises `ValueError` if a
    table occurs twice, because one statement cannot write the same row twice.
    """
    some = [one for one in rows if one.rows]
    if len({one.table for one in some}) < len(some):
        raise ValueError("a table is written twice at once")
    if not some:
        return
    dialect = session.get_bind().dialect
    shapes = tuple((one.how, one.table, tuple(one.rows[0])) for one in some)
    if dialect.name == POSTGRESQL:
        texts = {one.table.__tablename__: _text(one, dialect) for one in some}
        run(session, _together(shapes), texts)
        return
    for one, shape in zip(some, shapes, strict=True):
        run(session, _written(*shape, dialect.name), _columns(one))


def insert_all(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert new *rows*, which all have the same columns."""
    write_all(session, [Rows(table, rows)])


def insert_missing(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Insert those *rows* whose primary key does not exist yet."""
    write_all(session, [Rows(table, rows, "if missing")])


def upsert(
    session: Session, table: type[Base], rows: Sequence[Row], *, version: bool = False
) -> None:
    """Insert *rows*, or update the rows with the same primary key.

    With *version* an update increments the column *version*.
    """
    write_all(session, [Rows(table, rows, "counted" if version else "in place")])


def rewrite(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Update existing rows by primary key; all *rows* have the same columns.

    ORM objects of these rows in the session are not refreshed. Raises `ValueError` if a column
    refuses a value.
    """
    if not rows:
        return
    keys = {name: f"{name}_of" for name in _keys(table)}
    columns = _bare(table).c
    statement = update(_bare(table)).where(
        and_(*(columns[name] == bindparam(given) for name, given in keys.items()))
    )
    given = [{keys.get(name, name): value for name, value in row.items()} for row in rows]
    try:
        session.execute(statement, given)
    except StatementError as error:
        if isinstance(error.orig, ValueError):  # raised by the column type
            raise error.orig from error
        raise


def _bare(table: type[Base]) -> Any:
    return table.__table__


def _keys(table: type[Base]) -> list[str]:
    return [column.name for column in inspect(table).primary_key]


def _columns(one: Rows) -> dict[str, Sequence[Any]]:
    """Return the values by column, with the table's defaults for columns that the rows omit."""
    rows, defaults = one.rows, _defaults(one.table, tuple(one.rows[0]))
    given: dict[str, Sequence[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    return given | {name: [value] * len(rows) for name, value in defaults.items()}


def _text(one: Rows, dialect: Dialect) -> str:
    return told(_bare(one.table), dialect, _columns(one))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _defaults(table: type[Base], columns: Columns) -> Row:
    """Return the defaults of the columns that the rows omit, except primary keys."""
    return {
        one.name: one.default.arg(None) if one.default.is_callable else one.default.arg
        for one in _bare(table).columns
        if one.default is not None and one.name not in columns and not one.primary_key
    }


@lru_cache(maxsize=STATEMENTS_KEPT)
def _together(shapes: tuple[tuple[How, type[Base], Columns], ...]) -> Any:
    """Return the PostgreSQL statement that writes rows of several tables."""
    *others, last = [
        (table.__tablename__, _written(how, table, columns, POSTGRESQL))
        for how, table, columns in shapes
    ]
    return last[1].add_cte(*(written.cte(f"in_{name}") for name, written in others))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _written(how: How, table: type[Base], columns: Columns, dialect: str) -> Any:
    """Return the statement that writes rows of these *columns*, with defaults for the others."""
    insert, keys = _insert(table, columns, dialect), _keys(table)
    if how == "new":
        return insert
    if how == "if missing":
        return insert.on_conflict_do_nothing(index_elements=keys)
    counted = {"version": _bare(table).c.version + 1} if how == "counted" else {}
    values = {name: insert.excluded[name] for name in columns if name not in keys} | counted
    return insert.on_conflict_do_update(index_elements=keys, set_=values)


def _insert(table: type[Base], columns: Columns, dialect: str) -> Any:
    bare, columns = _bare(table), (*columns, *_defaults(table, columns))
    if dialect != POSTGRESQL:
        return sqlite.insert(bare).values({name: bindparam(name) for name in columns})
    rows = recorded(bare, columns)
    return postgresql.insert(bare).from_select(columns, rows, include_defaults=False)
