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
from sqlalchemy.orm import Session

from api.db.dialects import POSTGRESQL, SQLITE
from api.db.driver_writes import DriverWrite, compile_driver_write
from api.db.models import Base
from api.db.recordsets import encode_rows, select_from_encoded_rows

RowValues: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = tuple[str, ...]
WriteMode: TypeAlias = Literal["new", "if missing", "in place", "counted"]
STATEMENT_CACHE_SIZE: Final = 256


@dataclass(frozen=True, slots=True)
class RowBatch:
    """Rows to write to a *table*, all with the same columns, and *write_mode* to write them.

    "new" inserts; "if missing" skips rows whose primary key exists; "in place" updates them;
    "counted" updates them and increments the column *version*.
    """

    table: type[Base]
    rows: Sequence[RowValues]
    write_mode: WriteMode = "new"


def write_batches(session: Session, batches: Iterable[RowBatch]) -> None:
    """Write *batches* of several tables; later tables may refer to earlier ones.

    On PostgreSQL this is a single statement, and so a single round trip. Raises `ValueError` if a
    table occurs twice, because one statement cannot write the same row twice.
    """
    nonempty = [batch for batch in batches if batch.rows]
    if len({one.table for one in nonempty}) < len(nonempty):
        raise ValueError("a table is written twice at once")
    if not nonempty:
        return
    dialect = session.get_bind().dialect
    shapes = tuple((one.write_mode, one.table, tuple(one.rows[0])) for one in nonempty)
    if dialect.name == POSTGRESQL:
        texts = {one.table.__tablename__: _encode_batch(one, dialect) for one in nonempty}
        session.execute(_combined_write_statement(shapes), texts)
        return
    for batch, shape in zip(nonempty, shapes, strict=True):
        _compile_write(*shape, dialect).execute(session, batch.rows)


def insert_rows(session: Session, table: type[Base], rows: Sequence[RowValues]) -> None:
    """Insert new *rows*, which all have the same columns."""
    write_batches(session, [RowBatch(table, rows)])


def insert_missing_rows(session: Session, table: type[Base], rows: Sequence[RowValues]) -> None:
    """Insert those *rows* whose primary key does not exist yet."""
    write_batches(session, [RowBatch(table, rows, "if missing")])


def upsert_rows(
    session: Session,
    table: type[Base],
    rows: Sequence[RowValues],
    *,
    increments_version: bool = False,
) -> None:
    """Insert *rows*, or update the rows with the same primary key.

    With *increments_version* an update increments the column *version*.
    """
    write_batches(session, [RowBatch(table, rows, "counted" if increments_version else "in place")])


def update_rows(session: Session, table: type[Base], rows: Sequence[RowValues]) -> None:
    """Update existing rows by primary key; all *rows* have the same columns.

    ORM objects of these rows in the session are not refreshed. Raises `ValueError` if a column
    refuses a value.
    """
    if not rows:
        return
    core_table, names, dialect = _core_table(table), tuple(rows[0]), session.get_bind().dialect
    if dialect.name != POSTGRESQL:
        _compile_update(table, names, dialect).execute(session, rows)
        return
    columns = {name: [row[name] for row in rows] for name in names}
    payload = {core_table.name: encode_rows(core_table, dialect, columns)}
    session.execute(_combined_update_statement(table, names), payload)


def _core_table(table: type[Base]) -> Any:
    return table.__table__


def _primary_key_names(table: type[Base]) -> list[str]:
    return [column.name for column in inspect(table).primary_key]


def _encode_batch(batch: RowBatch, dialect: Dialect) -> str:
    """Return the rows as one text, with the table's defaults for columns that the rows omit."""
    rows, defaults = batch.rows, _defaults_of_omitted_columns(batch.table, tuple(batch.rows[0]))
    columns: dict[str, Sequence[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    columns |= {name: [value] * len(rows) for name, value in defaults.items()}
    return encode_rows(_core_table(batch.table), dialect, columns)


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _defaults_of_omitted_columns(table: type[Base], columns: Columns) -> RowValues:
    """Return the defaults of the columns that the rows omit, except primary keys."""
    return {
        column.name: column.default.arg(None) if column.default.is_callable else column.default.arg
        for column in _core_table(table).columns
        if column.default is not None and column.name not in columns and not column.primary_key
    }


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _combined_write_statement(shapes: tuple[tuple[WriteMode, type[Base], Columns], ...]) -> Any:
    """Return the PostgreSQL statement that writes rows of several tables."""
    *others, last = [
        (table.__tablename__, _write_statement(how, table, columns, POSTGRESQL))
        for how, table, columns in shapes
    ]
    return last[1].add_cte(*(written.cte(f"in_{name}") for name, written in others))


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _combined_update_statement(table: type[Base], columns: Columns) -> Any:
    """Return the PostgreSQL statement that updates these *columns* of many rows at once."""
    core_table, keys = _core_table(table), _primary_key_names(table)
    rows = select_from_encoded_rows(core_table, columns).subquery("given")
    row_columns = dict(zip(columns, rows.c, strict=True))
    return (
        update(core_table)
        .values({name: row_columns[name] for name in columns if name not in keys})
        .where(and_(*(core_table.c[name] == row_columns[name] for name in keys)))
    )


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _compile_update(table: type[Base], columns: Columns, dialect: Dialect) -> DriverWrite:
    """Return SQLite's statement that updates these *columns* of a row."""
    core_table, keys = _core_table(table), _primary_key_names(table)
    key_parameters = {f"{name}_of": name for name in keys}
    values = {name: name for name in columns if name not in keys}
    statement = (
        update(core_table)
        .values({name: bindparam(name) for name in values})
        .where(
            and_(*(core_table.c[key] == bindparam(name) for name, key in key_parameters.items()))
        )
    )
    return compile_driver_write(
        statement,
        core_table,
        dialect,
        columns_by_parameter=values | key_parameters,
        constants={},
    )


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _compile_write(
    write_mode: WriteMode, table: type[Base], columns: Columns, dialect: Dialect
) -> DriverWrite:
    """Return SQLite's statement that writes a row of these *columns*."""
    defaults = _defaults_of_omitted_columns(table, columns)
    return compile_driver_write(
        _write_statement(write_mode, table, columns, SQLITE),
        _core_table(table),
        dialect,
        columns_by_parameter={name: name for name in (*columns, *defaults)},
        constants=defaults,
    )


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _write_statement(
    write_mode: WriteMode, table: type[Base], columns: Columns, dialect: str
) -> Any:
    """Return the statement that writes rows of these *columns*, with defaults for the others."""
    insert, keys = _insert_statement(table, columns, dialect), _primary_key_names(table)
    if write_mode == "new":
        return insert
    if write_mode == "if missing":
        return insert.on_conflict_do_nothing(index_elements=keys)
    increments = {"version": _core_table(table).c.version + 1} if write_mode == "counted" else {}
    values = {name: insert.excluded[name] for name in columns if name not in keys} | increments
    return insert.on_conflict_do_update(index_elements=keys, set_=values)


def _insert_statement(table: type[Base], columns: Columns, dialect: str) -> Any:
    core_table, columns = (
        _core_table(table),
        (*columns, *_defaults_of_omitted_columns(table, columns)),
    )
    if dialect != POSTGRESQL:
        return sqlite.insert(core_table).values({name: bindparam(name) for name in columns})
    rows = select_from_encoded_rows(core_table, columns)
    return postgresql.insert(core_table).from_select(columns, rows, include_defaults=False)
