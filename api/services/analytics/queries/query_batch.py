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

ORDER_OFFSET: Final = 1_000_000_000
"""Offset added to smaller numbers, so that as text they sort like numbers."""
ORDER_DIGITS: Final = 10

ResultRows: TypeAlias = list[Row[*tuple[Any, ...]]]
QueryBatch: TypeAlias = dict[str, Select[*tuple[Any, ...]]]
"""Queries by name that are executed together."""


def run_queries(session: Session, queries: QueryBatch) -> dict[str, ResultRows]:
    """Return the rows of each query, fetched with one statement.

    Common table expressions that several queries share are evaluated once. A column that a query
    lacks is null in its rows.
    """
    subqueries = {name: query.subquery() for name, query in queries.items()}
    columns = {
        column.key: _widen_column_type(column.type)
        for subquery in subqueries.values()
        for column in subquery.c
    }
    statement = union_all(
        *(
            select(
                literal(name, String).label("question"),
                *(
                    cast(subquery.c[key] if key in subquery.c else null(), kind).label(key)
                    for key, kind in columns.items()
                ),
            )
            for name, subquery in subqueries.items()
        )
    )
    rows: dict[str, ResultRows] = {name: [] for name in queries}
    for row in session.execute(statement):
        rows[row.question].append(row)
    return rows


def _widen_column_type(column_type: Any) -> Any:
    """Return the type of a result column: PostgreSQL sums integers to decimals."""
    return BigInteger() if isinstance(column_type, Integer) else column_type


def as_text(column: Any) -> Any:
    """Cast an integer or an id to text."""
    return cast(column, String(36))


def as_hex(column: Any) -> Any:
    """Return an id as 32 hex digits: some databases write it with hyphens, some without."""
    return func.replace(as_text(column), "-", "", type_=String)


def as_micros(column: Any) -> Any:
    """Return a timestamp as stored, in microseconds."""
    return type_coerce(column, BigInteger)


def prefix_sort_number(number: Any, text: Any) -> Any:
    """Prefix *text* with a number below `ORDER_OFFSET`, so that texts sort by the number."""
    return as_text(ORDER_OFFSET + number).concat(text)


def strip_sort_number(text: Any) -> Any:
    """Remove the number that `prefix_sort_number` put before a text."""
    return func.substr(text, ORDER_DIGITS + 1, type_=String)


def as_flag(condition: Any) -> Any:
    """Return 1 if a condition holds, else 0: SQL cannot sum booleans."""
    return case((condition, 1), else_=0)


def sum_if(condition: Any, number: Any) -> Any:
    """Sum a number over the rows for which a condition holds."""
    return func.sum(case((condition, number)))


def fraction_as_float(column: Any) -> Any:
    """Convert an exact number, stored as text such as ``7/2``, to a float."""
    text = type_coerce(column, String)
    behind = func.ltrim(text, "-0123456789")  # the slash and the denominator, or nothing
    below = func.nullif(func.replace(behind, "/", ""), "")
    return cast(func.replace(text, behind, ""), Float) / func.coalesce(cast(below, Float), 1.0)
