"""Rows for PostgreSQL as one JSON text, which the server splits into columns.

The driver would convert each value separately, which takes several times as long, and would parse a
statement with more than fifty values again at each execution.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    Dialect,
    LargeBinary,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from api.core.json_text import stored
from api.db.compiled_statements import Process, gives

__all__ = ["recorded", "told"]

Columns: TypeAlias = tuple[str, ...]
TABLES_KEPT: Final = 256


def recorded(table: Table, columns: Columns) -> Select[Any]:
    """Return a SELECT of the rows that `told` encodes, from the parameter named after the table."""
    kinds = {name: table.c[name].type for name in columns}
    given = cast(bindparam(table.name, type_=Text), JSON)
    found = func.json_to_recordset(given).table_valued(
        *(column(f"c{at}", _read_as(kind)) for at, kind in enumerate(kinds.values()))
    )
    rows = found.render_derived(name="told", with_types=True)
    return select(
        *(
            cast(one, kind) if isinstance(kind, JSON) else one
            for one, kind in zip(rows.c, kinds.values(), strict=True)
        )
    )


def told(table: Table, dialect: Dialect, given: Mapping[str, Iterable[Any]]) -> str:
    """Encode columns of values as one JSON text, in the format that `recorded` reads."""
    tells = _tells(table, tuple(given), dialect)
    columns = [
        values if tell is None else map(tell, values)
        for tell, values in zip(tells, given.values(), strict=True)
    ]
    names = [f"c{at}" for at in range(len(columns))]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return str(to_json(rows, inf_nan_mode="strings"), "utf-8")


def _read_as(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type that PostgreSQL reads a column as; JSON arrives as text and is cast later."""
    return Text() if isinstance(kind, JSON) else kind


@lru_cache(maxsize=TABLES_KEPT)
def _tells(table: Table, columns: Columns, dialect: Dialect) -> list[Process]:
    return [_tell(table.c[name].type, dialect) for name in columns]


def _tell(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    """Return the encoder of a type's values, or None if they need none."""
    if isinstance(kind, JSON):
        return _json_or_nothing if kind.none_as_null else stored
    if isinstance(kind, LargeBinary):
        return _in_hex
    return gives(kind, dialect)


def _json_or_nothing(value: Any) -> str | None:
    return None if value is None else stored(value)


def _in_hex(value: bytes | None) -> str | None:
    return None if value is None else f"\\x{value.hex()}"
