"""Writes of many rows through SQLite's driver, without SQLAlchemy's handling of each parameter.

SQLAlchemy looks up every parameter of every row by name, which takes longer than SQLite needs to
write the row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Dialect, Table
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine

Encoder: TypeAlias = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class DriverWrite:
    """A statement as text, with the sources of its parameters in order.

    A source is a column of the rows with the encoder of its values, or a constant.
    """

    text: str
    sources: tuple[tuple[str | None, Any], ...]

    def execute(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute the statement for each of *rows*. Raises `ValueError` if a column refuses one."""
        columns = [self._encode_column(source, rows) for source in self.sources]
        parameters = list(zip(*columns, strict=True))
        session.connection().exec_driver_sql(self.text, parameters)

    @staticmethod
    def _encode_column(
        source: tuple[str | None, Any], rows: Sequence[Mapping[str, Any]]
    ) -> list[Any]:
        name, encode = source
        if name is None:
            return [encode] * len(rows)
        values = [row[name] for row in rows]
        return values if encode is None else list(map(encode, values))


def compile_driver_write(
    statement: Any,
    table: Table,
    dialect: Dialect,
    *,
    columns_by_parameter: Mapping[str, str],
    constants: Mapping[str, Any],
) -> DriverWrite:
    """Compile *statement*, whose parameters are *columns_by_parameter* and *constants* by column.

    Other parameters keep the values that the statement gives them.
    """
    compiled = statement.compile(dialect=dialect)
    sources: list[tuple[str | None, Any]] = []
    for parameter in compiled.positiontup:
        column = columns_by_parameter.get(parameter)
        if column is None:
            sources.append((None, compiled.params[parameter]))
            continue
        encode = _create_encoder(table.c[column].type, dialect)
        if column in constants:
            value = constants[column]
            sources.append((None, value if encode is None else encode(value)))
        else:
            sources.append((column, encode))
    return DriverWrite(compiled.string, tuple(sources))


def _create_encoder(kind: TypeEngine[Any], dialect: Dialect) -> Encoder:
    """Return the encoder of a type's values, or None if they need none."""
    if isinstance(kind, TypeDecorator) and kind.impl_instance.bind_processor(dialect) is None:
        return partial(kind.process_bind_param, dialect=dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)
