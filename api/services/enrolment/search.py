"""Search conditions: text in columns, and people by name."""

from typing import TypeAlias

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from api.core.person_names import fold_case_and_accents
from api.db.models import User

TextColumn: TypeAlias = InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


def text_search_condition(text: str, *columns: TextColumn) -> ColumnElement[bool]:
    """Return the condition that one of *columns* contains *text*, ignoring case."""
    part = text.lower()
    return or_(*(func.lower(column).contains(part, autoescape=True) for column in columns))


def person_search_condition(text: str, *columns: TextColumn) -> ColumnElement[bool]:
    """Return the condition that *text* matches a person, in *columns* or as words of the name.

    The words match in any order, ignoring case and accents: "Lukasz", "Đặng, Ann".
    """
    part = text_search_condition(text, User.name, *columns)
    words = fold_case_and_accents(text).replace(",", " ").split()
    if not words:
        return part
    return or_(part, and_(*(User.sort_name.contains(word, autoescape=True) for word in words)))
