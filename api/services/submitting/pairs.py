"""Rows found by pairs of values, so that either database goes by its index."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, tuple_
from sqlalchemy.orm import Session

__all__ = ["by_pairs", "for_pairs", "given"]

SQLITE: Final = "sqlite"


def by_pairs(first: Any, second: Any) -> Mapping[bool, ColumnElement[bool]]:
    """Return the condition that two columns have one of the pairs `given`; under True, on SQLite.

    SQLite looks through the whole table for pairs, so there each column is compared by itself: what
    is found may be more than was asked for.
    """
    each = and_(
        first.in_(bindparam("firsts", expanding=True)),
        second.in_(bindparam("seconds", expanding=True)),
    )
    return {True: each, False: tuple_(first, second).in_(bindparam("pairs", expanding=True))}


def for_pairs(session: Session, statements: Mapping[bool, Any]) -> Any:
    """Return the one of two *statements* that is for the database of *session*."""
    return statements[_is_sqlite(session)]


def given(session: Session, pairs: Collection[tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Return the parameters of a statement that looks for *pairs*."""
    if not _is_sqlite(session):
        return {"pairs": list(pairs)}
    return {
        "firsts": list({first for first, _ in pairs}),
        "seconds": list({second for _, second in pairs}),
    }


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == SQLITE
