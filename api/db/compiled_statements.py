"""Statements compiled once and passed to the driver with their values.

For each execution SQLAlchemy would look up the compiled statement, the types of its values and
those of its rows, which takes longer than the execution. Errors are still raised as SQLAlchemy's
classes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import repeat
from typing import Any, Final, TypeAlias

from sqlalchemy import CursorResult, Dialect, Uuid
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["DIGITS", "Process", "find", "gives", "is_sqlite", "run"]

Process: TypeAlias = Callable[[Any], Any] | None
SQLITE: Final = "sqlite"
DIGITS: Final = 32
"""So many digits an id is written in."""
STATEMENTS_KEPT: Final = 256


def is_sqlite(session: Session) -> bool:
    """Return whether *session* uses SQLite."""
    return session.get_bind().dialect.name == SQLITE


def find(session: Session, statement: Any, given: Mapping[str, Any]) -> list[Any]:
    """Return the rows of *statement* for the parameters *given*.

    The statement must be a long-lived object, because it is the cache key. Its parameters must be
    single values: a list would compile to another text for each length.
    """
    bound = _bound(statement, session.get_bind().dialect)
    rows = _execute(session, bound, bound.row(given)).fetchall()
    return [bound.found(row) for row in rows] if bound.results else list(rows)


def run(session: Session, statement: Any, given: Mapping[str, Sequence[Any]]) -> None:
    """Execute *statement* for columns of values: once on PostgreSQL, once per row on SQLite."""
    bound = _bound(statement, session.get_bind().dialect)
    _execute(session, bound, bound.row(given) if bound.named else bound.rows(given))


def _execute(session: Session, bound: "_Bound", values: Any) -> CursorResult[Any]:
    return session.connection().exec_driver_sql(bound.text, values)


@dataclass(frozen=True, slots=True)
class _Bound:
    """Compiled statement: its *text*, the processors of its *values*, and those of its *results*.

    *constants* are the values in the statement itself. *named* is True if the driver takes values
    by name, False if by position. *results* is empty if no column needs processing.
    """

    text: str
    values: Sequence[tuple[str, Process]]
    constants: Mapping[str, Any]
    results: Sequence[Process]
    named: bool

    def row(self, given: Mapping[str, Any]) -> Any:
        """Return one set of parameters for the driver."""
        told = {**self.constants, **given} if self.constants else given
        if self.named:
            return {name: told[name] if of is None else of(told[name]) for name, of in self.values}
        return tuple([told[name] if of is None else of(told[name]) for name, of in self.values])

    def rows(self, given: Mapping[str, Iterable[Any]]) -> list[tuple[Any, ...]]:
        """Return the parameters of all rows for the driver, from columns of values."""
        told = {name: repeat(value) for name, value in self.constants.items()} | dict(given)
        columns = [told[name] if of is None else map(of, told[name]) for name, of in self.values]
        return list(zip(*columns, strict=False))

    def found(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return the Python values of a row from the driver."""
        return tuple(
            [one if of is None else of(one) for one, of in zip(row, self.results, strict=True)]
        )


@lru_cache(maxsize=STATEMENTS_KEPT)
def _bound(statement: Any, dialect: Dialect) -> _Bound:
    compiled = statement.compile(dialect=dialect)
    kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
    columns = getattr(compiled, "_result_columns", ())
    results = [_reads(one.type, dialect) for one in columns]
    return _Bound(
        str(compiled),
        [(name, gives(kinds[name], dialect)) for name in compiled.positiontup or kinds],
        {name: value for name, value in compiled.params.items() if value is not None},
        results if any(results) else (),
        named=compiled.positiontup is None,
    )


def gives(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    """Return the bind processor of a type, or None if the driver takes values unchanged."""
    if isinstance(kind, Uuid):
        return _digits
    if isinstance(kind, TypeDecorator) and kind.impl_instance.bind_processor(dialect) is None:
        return partial(kind.process_bind_param, dialect=dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _digits(value: Any) -> str | None:
    """Return an id as 32 hexadecimal digits; an id in that form is returned unchanged.

    Raises `ValueError` for a text of another length.
    """
    if type(value) is str:
        if len(value) != DIGITS:
            raise ValueError("an id is written without dashes here")
        return value
    return None if value is None else str(value.hex)


def _reads(kind: TypeEngine[Any], dialect: Dialect) -> Process:
    """Return the result processor of a type, or None if the driver's values are used unchanged."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)
