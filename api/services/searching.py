"""Finding rows by a piece of text, in any case, in any of some columns."""

from typing import TypeAlias

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["holding"]

Column: TypeAlias = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def holding(text: str, *columns: Column) -> ColumnElement[bool]:
    """Return the condition that one of *columns* has *text* in it, whatever the case of either."""
    part = text.lower()
    return or_(*(func.lower(one).contains(part, autoescape=True) for one in columns))
