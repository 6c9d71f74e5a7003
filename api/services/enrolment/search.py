"""Finding rows by a piece of text, in any case, in any of some columns; people by their names."""

from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from api.core.person_names import folded
from api.db.models import User

__all__ = ["called", "holding"]

Column: TypeAlias = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def holding(text: str, *columns: Column) -> ColumnElement[bool]:
    """Return the condition that one of *columns* has *text* in it, whatever the case of either."""
    part = text.lower()
    return or_(*(func.lower(one).contains(part, autoescape=True) for one in columns))


def called(text: str, *columns: Column) -> ColumnElement[bool]:
    """Return the condition that *text* is of a person: in one of *columns*, or words of the name.

    The words count in any order, without case and accents: "Lukasz", "Đặng, Ann".
    """
    part = holding(text, User.name, *columns)
    words = folded(text).replace(",", " ").split()
    if not words:
        return part
    return or_(part, and_(*(User.sort_name.contains(word, autoescape=True) for word in words)))
