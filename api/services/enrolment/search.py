"""Search conditions: text in columns, and people by name."""

from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from api.core.person_names import folded
from api.db.models import User

__all__ = ["called", "holding"]

Column: TypeAlias = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def holding(text: str, *columns: Column) -> ColumnElement[bool]:
    """Return the condition that one of *columns* contains *text*, ignoring case."""
    part = text.lower()
    return or_(*(func.lower(one).contains(part, autoescape=True) for one in columns))


def called(text: str, *columns: Column) -> ColumnElement[bool]:
    """Return the condition that *text* matches a person, in *columns* or as words of the name.

    The words match in any order, ignoring case and accents: "Lukasz", "Đặng, Ann".
    """
    part = holding(text, User.name, *columns)
    words = folded(text).replace(",", " ").split()
    if not words:
        return part
    return or_(part, and_(*(User.sort_name.contains(word, autoescape=True) for word in words)))
