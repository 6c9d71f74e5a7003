"""Base of all models: column types and ids."""

from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, MetaData, String, Text, TypeDecorator, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column

from api.core.clock import from_micros, to_micros
from api.core.ids import new_id

FRACTION_CACHE_SIZE: Final = 4096
ID_CACHE_SIZE: Final = 4096


@lru_cache(maxsize=FRACTION_CACHE_SIZE)
def parse_exact(text: str) -> Fraction:
    """Parse an exact number; cached, because a few credits and factors occur everywhere."""
    return Fraction(text)


_parse_id = lru_cache(maxsize=ID_CACHE_SIZE)(UUID)


class RecurringIdType(TypeDecorator[UUID]):
    """Type to read an id that occurs in many rows: SQLite's text is parsed once.

    For `type_coerce` in queries of thousands of rows, where parsing every id takes as long as
    reading the row.
    """

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> UUID | None:
        """Return the id."""
        del dialect
        return _parse_id(value) if isinstance(value, str) else value


class IdTextType(TypeDecorator[str]):
    """Type to read an id as text, without a `UUID` in between; for `type_coerce`."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return the text of the id, as `str` of a `UUID` has it."""
        del dialect
        if value is None:
            return None
        if not isinstance(value, str):
            return str(value)
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"


class InstantType(TypeDecorator[datetime]):
    """Column type of an instant, stored as microseconds since 1970 in UTC.

    Raises `ValueError` for a naive time.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the instant as microseconds."""
        del dialect
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return the instant as an aware time in UTC."""
        del dialect
        return None if value is None else from_micros(value)


class ExactFractionType(TypeDecorator[Fraction]):
    """Column type of an exact number, stored as text: ``3``, ``7/2``."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Fraction | int | None, dialect: Dialect) -> str | None:
        """Return the number as text."""
        del dialect
        if value is None:
            return None
        return str(value if type(value) is Fraction else Fraction(value))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Fraction | None:
        """Return the text as a number."""
        del dialect
        return None if value is None else parse_exact(value)


Json: TypeAlias = dict[str, Any]
Timestamp: TypeAlias = datetime
Id = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
UserId = Annotated[
    UUID, mapped_column(Uuid, ForeignKey("users.id", onupdate="CASCADE"), index=True)
]
"""User id; erasure replaces it with a random one, in every row that refers to it."""
ShortText = Annotated[str, mapped_column(String(300))]


def foreign_key(column: str, *, index: bool = True, primary_key: bool = False) -> Any:
    """Return a foreign key column that refers to *column* of another table."""
    return mapped_column(
        Uuid, ForeignKey(column, onupdate="CASCADE"), index=index, primary_key=primary_key
    )


class Base(DeclarativeBase):
    """Base class of all models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: InstantType,
        Fraction: ExactFractionType,
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        str: Text,
        UUID: Uuid,
    }
