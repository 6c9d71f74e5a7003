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

__all__ = [
    "UUID_HEX_LENGTH",
    "ValueProcessor",
    "bind_processor",
    "execute_columns",
    "fetch_rows",
    "is_sqlite",
]

ValueProcessor: TypeAlias = Callable[[Any], Any] | None
SQLITE: Final = "sqlite"
UUID_HEX_LENGTH: Final = 32
"""Number of hexadecimal digits of an id without dashes."""
STATEMENT_CACHE_SIZE: Final = 256


def is_sqlite(session: Session) -> bool:
    """Return whether *session* uses SQLite."""
    return session.get_bind().dialect.name == SQLITE


def fetch_rows(session: Session, statement: Any, params: Mapping[str, Any]) -> list[Any]:
    """Return the rows of *statement* for the parameters *params*.

    The statement must be a long-lived object, because it is the cache key. Its parameters must be
    single values: a list would compile to another text for each length.
    """
    compiled = _compile_statement(statement, session.get_bind().dialect)
    rows = _execute_compiled(session, compiled, compiled.bind_row(params)).fetchall()
    return [compiled.convert_row(row) for row in rows] if compiled.results else list(rows)


def execute_columns(session: Session, statement: Any, columns: Mapping[str, Sequence[Any]]) -> None:
    """Execute *statement* for columns of values: once on PostgreSQL, once per row on SQLite."""
    compiled = _compile_statement(statement, session.get_bind().dialect)
    _execute_compiled(
        session,
        compiled,
        compiled.bind_row(columns)
        if compiled.uses_named_params
        else compiled.bind_columns(columns),
    )


def _execute_compiled(
    session: Session, compiled: "_CompiledStatement", values: Any
) -> CursorResult[Any]:
    return session.connection().exec_driver_sql(compiled.text, values)


@dataclass(frozen=True, slots=True)
class _CompiledStatement:
    """Compiled statement: its *text*, the processors of its *values*, and those of its *results*.

    *constants* are the values in the statement itself. *uses_named_params* is True if the driver
    takes values by name, False if by position. *results* is empty if no column needs processing.
    """

    text: str
    values: Sequence[tuple[str, ValueProcessor]]
    constants: Mapping[str, Any]
    results: Sequence[ValueProcessor]
    uses_named_params: bool

    def bind_row(self, params: Mapping[str, Any]) -> Any:
        """Return one set of parameters for the driver."""
        all_params = {**self.constants, **params} if self.constants else params
        if self.uses_named_params:
            return {
                name: all_params[name] if of is None else of(all_params[name])
                for name, of in self.values
            }
        return tuple(
            [all_params[name] if of is None else of(all_params[name]) for name, of in self.values]
        )

    def bind_columns(self, params: Mapping[str, Iterable[Any]]) -> list[tuple[Any, ...]]:
        """Return the parameters of all rows for the driver, from columns of values."""
        all_params = {name: repeat(value) for name, value in self.constants.items()} | dict(params)
        columns = [
            all_params[name] if of is None else map(of, all_params[name])
            for name, of in self.values
        ]
        return list(zip(*columns, strict=False))

    def convert_row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Return the Python values of a row from the driver."""
        return tuple(
            [one if of is None else of(one) for one, of in zip(row, self.results, strict=True)]
        )


@lru_cache(maxsize=STATEMENT_CACHE_SIZE)
def _compile_statement(statement: Any, dialect: Dialect) -> _CompiledStatement:
    compiled = statement.compile(dialect=dialect)
    kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
    columns = getattr(compiled, "_result_columns", ())
    results = [_result_processor(column.type, dialect) for column in columns]
    return _CompiledStatement(
        str(compiled),
        [(name, bind_processor(kinds[name], dialect)) for name in compiled.positiontup or kinds],
        {name: value for name, value in compiled.params.items() if value is not None},
        results if any(results) else (),
        uses_named_params=compiled.positiontup is None,
    )


def bind_processor(kind: TypeEngine[Any], dialect: Dialect) -> ValueProcessor:
    """Return the bind processor of a type, or None if the driver takes values unchanged."""
    if isinstance(kind, Uuid):
        return _uuid_to_hex
    if isinstance(kind, TypeDecorator) and kind.impl_instance.bind_processor(dialect) is None:
        return partial(kind.process_bind_param, dialect=dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _uuid_to_hex(value: Any) -> str | None:
    """Return an id as 32 hexadecimal digits; an id in that form is returned unchanged.

    Raises `ValueError` for a text of another length.
    """
    if type(value) is str:
        if len(value) != UUID_HEX_LENGTH:
            raise ValueError("an id is written without dashes here")
        return value
    return None if value is None else str(value.hex)


def _result_processor(kind: TypeEngine[Any], dialect: Dialect) -> ValueProcessor:
    """Return the result processor of a type, or None if the driver's values are used unchanged."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)
