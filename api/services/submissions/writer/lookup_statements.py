"""Statements that look up many rows by ids or pairs of values, using the index on either database.

A row comes back with the position of its key, not the key itself: reading an id takes longer than
reading the rest of the row.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from api.core.json_text import serialize_json
from api.db.dialects import is_sqlite

Pair: TypeAlias = tuple[str, str]
"""An id as hex digits, and another id or a text."""
LookupStatements: TypeAlias = Mapping[bool, Select[Any]]
"""One statement for each database: True has that for SQLite, False for PostgreSQL."""
LockMode: TypeAlias = Literal["none", "write", "read"]
UUID_HEX_LENGTH: Final = 32
"""Number of hexadecimal digits of an id without dashes."""
PARAM_NAMES: Final = ("firsts", "seconds")
ORDINALITY_START: Final[ColumnElement[int]] = literal_column("1")


def build_lookup_statements(
    columns: Sequence[Any], *selected: Any, lock: LockMode = "none"
) -> LookupStatements:
    """Return the statements that select *selected* by the values of one or two *columns*.

    The first column holds ids. Each row begins with the position of its key. With a *lock*, rows
    are locked in the order of *columns*: "write" exclusively, "read" shared.
    """
    return {
        True: _build_sqlite_lookup(columns, selected),
        False: _build_postgresql_lookup(columns, selected, lock=lock),
    }


def _build_sqlite_lookup(columns: Sequence[Any], selected: Sequence[Any]) -> Select[Any]:
    key_table = func.json_each(bindparam("given", type_=Text)).table_valued("key", "value")
    parts = (
        func.substr(key_table.c.value, 1, UUID_HEX_LENGTH),
        func.substr(key_table.c.value, UUID_HEX_LENGTH + 1),
    )
    return select(key_table.c.key, *selected).join_from(
        key_table, columns[0].table, _build_equality_condition(columns, parts)
    )


def _build_postgresql_lookup(
    columns: Sequence[Any], selected: Sequence[Any], *, lock: LockMode
) -> Select[Any]:
    names = PARAM_NAMES[: len(columns)]
    arrays = (
        cast(bindparam(name, type_=Text), ARRAY(one.type))
        for name, one in zip(names, columns, strict=True)
    )
    key_table = func.unnest(*arrays).table_valued(*names, with_ordinality="place")
    key_table = key_table.render_derived(name="given")
    statement = select(key_table.c.place - ORDINALITY_START, *selected).join_from(
        key_table,
        columns[0].table,
        _build_equality_condition(columns, [key_table.c[name] for name in names]),
    )
    if lock == "none":
        return statement
    return statement.order_by(*columns).with_for_update(read=lock == "read", of=columns[0].table)


def _build_equality_condition(columns: Sequence[Any], values: Sequence[Any]) -> Any:
    """Return the condition that *columns* equal *values*."""
    return and_(*(column == value for column, value in zip(columns, values, strict=False)))


def look_up_rows(
    session: Session, statements: LookupStatements, keys: Sequence[Sequence[str]]
) -> list[Any]:
    """Run the statement for the session's database; each row begins with an index into *keys*."""
    if is_sqlite(session):
        texts = serialize_json(["".join(key) for key in keys])
        return list(session.execute(statements[True], {"given": texts}))
    columns = zip(PARAM_NAMES, zip(*keys, strict=True), strict=False)
    params = {name: _format_postgresql_array(texts) for name, texts in columns}
    return list(session.execute(statements[False], params))


def _format_postgresql_array(texts: Iterable[str]) -> str:
    """Return *texts* as a PostgreSQL array literal; the driver would adapt each element."""
    return f"{{{','.join([_quote_element(text) for text in texts])}}}"


def _quote_element(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
