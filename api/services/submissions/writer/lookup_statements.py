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

from api.core.json_text import written
from api.db.compiled_statements import DIGITS, find, is_sqlite

__all__ = ["Found", "Pair", "by_places", "find_places"]

Pair: TypeAlias = tuple[str, str]
"""An id as its digits, and another one or a text."""
Found: TypeAlias = Mapping[bool, Select[Any]]
"""A statement for each database; under True the one for SQLite."""
Lock: TypeAlias = Literal["none", "write", "read"]
NAMES: Final = ("firsts", "seconds")
FROM_ONE: Final[ColumnElement[int]] = literal_column("1")


def by_places(columns: Sequence[Any], *asked: Any, lock: Lock = "none") -> Found:
    """Return the statements that select *asked* by the values of one or two *columns*.

    The first column holds ids. Each row begins with the position of its key. With a *lock*, rows
    are locked in the order of *columns*: "write" exclusively, "read" shared.
    """
    return {True: _of_texts(columns, asked), False: _of_arrays(columns, asked, lock=lock)}


def _of_texts(columns: Sequence[Any], asked: Sequence[Any]) -> Select[Any]:
    given = func.json_each(bindparam("given", type_=Text)).table_valued("key", "value")
    parts = func.substr(given.c.value, 1, DIGITS), func.substr(given.c.value, DIGITS + 1)
    return select(given.c.key, *asked).join_from(given, columns[0].table, _are(columns, parts))


def _of_arrays(columns: Sequence[Any], asked: Sequence[Any], *, lock: Lock) -> Select[Any]:
    names = NAMES[: len(columns)]
    arrays = (
        cast(bindparam(name, type_=Text), ARRAY(one.type))
        for name, one in zip(names, columns, strict=True)
    )
    given = func.unnest(*arrays).table_valued(*names, with_ordinality="place")
    given = given.render_derived(name="given")
    found = select(given.c.place - FROM_ONE, *asked).join_from(
        given, columns[0].table, _are(columns, [given.c[name] for name in names])
    )
    if lock == "none":
        return found
    return found.order_by(*columns).with_for_update(read=lock == "read", of=columns[0].table)


def _are(columns: Sequence[Any], values: Sequence[Any]) -> Any:
    """Return the condition that *columns* equal *values*."""
    return and_(*(one == value for one, value in zip(columns, values, strict=False)))


def find_places(
    session: Session, statements: Found, given: Sequence[Sequence[str]]
) -> list[tuple[Any, ...]]:
    """Run the statement for the session's database; each row begins with an index into *given*."""
    if is_sqlite(session):
        texts = written(["".join(one) for one in given])
        return find(session, statements[True], {"given": texts})
    columns = zip(NAMES, zip(*given, strict=True), strict=False)
    return find(session, statements[False], {name: _array(texts) for name, texts in columns})


def _array(texts: Iterable[str]) -> str:
    """Return *texts* as a PostgreSQL array literal; the driver would adapt each element."""
    return f"{{{','.join([_quoted(one) for one in texts])}}}"


def _quoted(text: str) -> str:
    told = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{told}"'
