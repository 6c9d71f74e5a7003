"""Query batch: all statistics of the same rows in one statement.

Intermediate rows are never loaded. Only sums, counts and a bounded number of groups come back, for
any number of students.
"""

from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    Float,
    Integer,
    Row,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

__all__ = [
    "ORDERED",
    "Asked",
    "Rows",
    "ask",
    "flag",
    "hex_of",
    "micros_of",
    "number_of",
    "ordered",
    "sum_if",
    "text_of",
    "unordered",
]

ORDERED: Final = 1_000_000_000
"""Added to a smaller number, so that texts stand in the order of the numbers."""
DIGITS: Final = 10

Rows: TypeAlias = list[Row[*tuple[Any, ...]]]
Asked: TypeAlias = dict[str, Select[*tuple[Any, ...]]]
"""Questions by name, asked together."""


def ask(session: Session, asked: Asked) -> dict[str, Rows]:
    """Return the rows of each query, fetched with one statement.

    Common table expressions that several queries share are evaluated once. A column that a query
    lacks is null in its rows.
    """
    named = {name: one.subquery() for name, one in asked.items()}
    columns = {column.key: _kind(column.type) for one in named.values() for column in one.c}
    statement = union_all(
        *(
            select(
                literal(name, String).label("question"),
                *(
                    cast(one.c[key] if key in one.c else null(), kind).label(key)
                    for key, kind in columns.items()
                ),
            )
            for name, one in named.items()
        )
    )
    found: dict[str, Rows] = {name: [] for name in asked}
    for row in session.execute(statement):
        found[row.question].append(row)
    return found


def _kind(kind: Any) -> Any:
    """Return the type of a result column: PostgreSQL sums integers to decimals."""
    return BigInteger() if isinstance(kind, Integer) else kind


def text_of(column: Any) -> Any:
    """Cast an integer or an id to text."""
    return cast(column, String(36))


def hex_of(column: Any) -> Any:
    """Return an id as 32 hex digits: some databases write it with hyphens, some without."""
    return func.replace(text_of(column), "-", "", type_=String)


def micros_of(column: Any) -> Any:
    """Return a timestamp as stored, in microseconds."""
    return type_coerce(column, BigInteger)


def ordered(number: Any, text: Any) -> Any:
    """Prefix *text* with a number below `ORDERED`, so that texts sort by the number."""
    return text_of(ORDERED + number).concat(text)


def unordered(text: Any) -> Any:
    """Remove the number that `ordered` put before a text."""
    return func.substr(text, DIGITS + 1, type_=String)


def flag(condition: Any) -> Any:
    """Return 1 if a condition holds, else 0: SQL cannot sum booleans."""
    return case((condition, 1), else_=0)


def sum_if(condition: Any, number: Any) -> Any:
    """Sum a number over the rows for which a condition holds."""
    return func.sum(case((condition, number)))


def number_of(column: Any) -> Any:
    """Convert an exact number, stored as text such as ``7/2``, to a float."""
    text = type_coerce(column, String)
    behind = func.ltrim(text, "-0123456789")  # the slash and the denominator, or nothing
    below = func.nullif(func.replace(behind, "/", ""), "")
    return cast(func.replace(text, behind, ""), Float) / func.coalesce(cast(below, Float), 1.0)
