"""Many rows written by one statement, on either database, whether or not they are there.

PostgreSQL is sent one array for each column: a statement with its answer takes as long as some
twenty rows of it. The bare tables are written, not objects: that takes a fraction of the time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Dialect,
    Text,
    TypeDecorator,
    and_,
    bindparam,
    cast,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from api.json_text import stored
from api.tables import Base

__all__ = ["insert_all", "insert_missing", "rewrite", "upsert"]

Row: TypeAlias = Mapping[str, Any]
Columns: TypeAlias = tuple[str, ...]
POSTGRESQL: Final = "postgresql"
STATEMENTS_KEPT: Final = 256
BETWEEN: Final = "\x1e"
"""What stands between the values of JSON in one text: JSON itself writes it as an escape."""


def insert_all(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Write new *rows*, which all have the same columns."""
    if rows:
        _run(session, _insert(table, tuple(rows[0]), _dialect(session)), table, rows)


def insert_missing(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Write those of *rows* whose primary key is not there yet."""
    if rows:
        _run(session, _insert_missing(table, tuple(rows[0]), _dialect(session)), table, rows)


def upsert(
    session: Session, table: type[Base], rows: Sequence[Row], *, version: bool = False
) -> None:
    """Write *rows*, in place of those with the same primary key; *version* counts the writing."""
    if rows:
        make = _upsert_counted if version else _upsert
        _run(session, make(table, tuple(rows[0]), _dialect(session)), table, rows)


def rewrite(session: Session, table: type[Base], rows: Sequence[Row]) -> None:
    """Write what *rows*, which all have the same columns, say over those with their primary keys.

    Objects of the session that stand for them are not told.
    """
    if not rows:
        return
    keys = {name: f"{name}_of" for name in _keys(table)}
    columns = _bare(table).c
    statement = update(_bare(table)).where(
        and_(*(columns[name] == bindparam(given) for name, given in keys.items()))
    )
    given = [{keys.get(name, name): value for name, value in row.items()} for row in rows]
    _execute(session, statement, given)


def _execute(session: Session, statement: Any, given: Any) -> None:
    """Run a statement; a value that its column refuses is told by the error of the column."""
    try:
        session.execute(statement, given)
    except StatementError as error:
        if isinstance(error.orig, ValueError):
            raise error.orig from error
        raise


def _bare(table: type[Base]) -> Any:
    return table.__table__


def _keys(table: type[Base]) -> list[str]:
    return [column.name for column in inspect(table).primary_key]


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


def _run(session: Session, statement: Any, table: type[Base], rows: Sequence[Row]) -> None:
    given = {name: [row[name] for row in rows] for name in rows[0]}
    given |= {name: [value] * len(rows) for name, value in _defaults(table, tuple(given)).items()}
    if _dialect(session) == POSTGRESQL:
        _execute(session, statement, given)
        return
    bound = _bound(statement, session.get_bind().dialect)
    session.connection().exec_driver_sql(bound.text, bound.rows(given))


@dataclass(frozen=True, slots=True)
class _Bound:
    """The *text* of a statement for one row, and how its *values* are given to it, in order.

    *constants* are the values that the statement has of its own, without end.
    """

    text: str
    values: Sequence[tuple[str, Callable[[Any], Any] | None]]
    constants: Mapping[str, Iterable[Any]]

    def rows(self, given: Mapping[str, Iterable[Any]]) -> list[tuple[Any, ...]]:
        """Return whole rows of the columns that are *given*, as the driver takes them."""
        told = {**self.constants, **given}
        columns = [
            told[name] if process is None else map(process, told[name])
            for name, process in self.values
        ]
        return list(zip(*columns, strict=False))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _bound(statement: Any, dialect: Dialect) -> _Bound:
    """Return a statement put together once: SQLAlchemy would look up every value's type anew."""
    compiled = statement.compile(dialect=dialect)
    types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
    return _Bound(
        str(compiled),
        [(name, types[name].bind_processor(dialect)) for name in compiled.positiontup],
        {name: repeat(value) for name, value in compiled.params.items() if value is not None},
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _defaults(table: type[Base], columns: Columns) -> Row:
    """Return what the table says of the columns that rows of *columns* leave out."""
    return {
        one.name: one.default.arg(None) if one.default.is_callable else one.default.arg
        for one in _bare(table).columns
        if one.default is not None and one.name not in columns and not one.primary_key
    }


@lru_cache(maxsize=STATEMENTS_KEPT)
def _insert(table: type[Base], columns: Columns, dialect: str) -> Any:
    """Return the statement that inserts rows of these *columns*, and defaults."""
    bare, columns = _bare(table), (*columns, *_defaults(table, columns))
    if dialect != POSTGRESQL:
        return sqlite.insert(bare).values({name: bindparam(name) for name in columns})
    arrays = (_unnested(name, bare.c[name].type).label(name) for name in columns)
    return postgresql.insert(bare).from_select(columns, select(*arrays), include_defaults=False)


class _JsonTexts(TypeDecorator[Sequence[Any]]):
    """Values of a column of JSON as one text, with a character between them that JSON has not.

    In an array each quotation mark would be escaped by itself, which takes longer than all else.
    """

    impl = Text
    cache_ok = True

    def __init__(self, nothing: str) -> None:
        super().__init__()
        self.nothing = nothing

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> str:
        """Return the values as a text, in which None is *nothing*."""
        del dialect
        return BETWEEN.join(self.nothing if one is None else stored(one) for one in value or ())


def _unnested(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return the values of a column, one for each row, from the parameter of its *name*."""
    if isinstance(kind, JSON):
        texts = bindparam(name, type_=_JsonTexts("" if kind.none_as_null else "null"))
        return cast(func.unnest(func.string_to_array(texts, BETWEEN, "")), kind)
    return func.unnest(bindparam(name, type_=ARRAY(kind, dimensions=1)))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _insert_missing(table: type[Base], columns: Columns, dialect: str) -> Any:
    insert = _insert(table, columns, dialect)
    return insert.on_conflict_do_nothing(index_elements=_keys(table))


@lru_cache(maxsize=STATEMENTS_KEPT)
def _upsert(table: type[Base], columns: Columns, dialect: str) -> Any:
    insert = _insert(table, columns, dialect)
    return insert.on_conflict_do_update(
        index_elements=_keys(table), set_=_excluded(insert, table, columns)
    )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _upsert_counted(table: type[Base], columns: Columns, dialect: str) -> Any:
    insert = _insert(table, columns, dialect)
    values = _excluded(insert, table, columns) | {"version": _bare(table).c.version + 1}
    return insert.on_conflict_do_update(index_elements=_keys(table), set_=values)


def _excluded(insert: Any, table: type[Base], columns: Columns) -> dict[str, Any]:
    keys = _keys(table)
    return {name: insert.excluded[name] for name in columns if name not in keys}
