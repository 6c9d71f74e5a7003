"""Query batch: all statistics of the same rows in one statement.

Intermediate rows are never loaded. Only sums, counts and a bounded number of groups come back, for
any number of students.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    CompoundSelect,
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

from api.core.cache import LruCache

ORDER_OFFSET: Final = 1_000_000_000
"""Offset added to smaller numbers, so that as text they sort like numbers."""
ORDER_DIGITS: Final = 10
MAX_STATEMENTS: Final = 8
"""Number of statements that a process keeps; one takes about 2.5 MB."""

ResultRows: TypeAlias = list[Row[*tuple[Any, ...]]]
QueryBatch: TypeAlias = dict[str, Select[*tuple[Any, ...]]]
"""Queries by name that are executed together."""


@dataclass(frozen=True, slots=True)
class BatchStatement:
    """Statement for a query batch with the *names* of its queries."""

    statement: CompoundSelect[*tuple[Any, ...]]
    names: tuple[str, ...]

    def run(
        self, session: Session, params: Mapping[str, Any] | None = None
    ) -> dict[str, ResultRows]:
        """Return the rows of each query."""
        rows: dict[str, ResultRows] = {name: [] for name in self.names}
        for row in session.execute(self.statement, params):
            rows[row.question].append(row)
        return rows


STATEMENT_CACHE: Final[LruCache[Hashable, BatchStatement]] = LruCache(MAX_STATEMENTS)
"""Statements by everything that they depend on, so that no entry becomes outdated."""


def run_queries(session: Session, queries: QueryBatch) -> dict[str, ResultRows]:
    """Return the rows of each query, fetched with one statement.

    Common table expressions that several queries share are evaluated once. A column that a query
    lacks is null in its rows.
    """
    return _build_statement(queries).run(session)


def run_reusable_queries(
    session: Session,
    key: Hashable,
    build: Callable[[], QueryBatch],
    params: Mapping[str, Any] | None = None,
) -> dict[str, ResultRows]:
    """Return the rows of each query of *build*, which must depend on nothing but *key*.

    Building a large statement takes a third of the time of a request about 200 students, so it is
    kept for the next request.
    """
    statement = STATEMENT_CACHE.get_or_create(key, lambda: _build_statement(build()))
    return statement.run(session, params)


def _build_statement(queries: QueryBatch) -> BatchStatement:
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
    return BatchStatement(statement, tuple(queries))


def statement_key(statement: ClauseElement) -> Hashable:
    """Return a query or condition as a key: its text with its values."""
    compiled = statement.compile()
    return str(compiled), tuple(sorted(compiled.params.items()))


def _widen_column_type(column_type: Any) -> Any:
    """Return the type of a result column: PostgreSQL sums integers to decimals."""
    return BigInteger() if isinstance(column_type, Integer) else column_type


def cast_to_text(column: Any) -> Any:
    """Cast an integer or an id to text."""
    return cast(column, String(36))


def cast_id_to_hex(column: Any) -> Any:
    """Return an id as 32 hex digits: some databases write it with hyphens, some without."""
    return func.replace(cast_to_text(column), "-", "", type_=String)


def cast_timestamp_to_micros(column: Any) -> Any:
    """Return a timestamp as stored, in microseconds."""
    return type_coerce(column, BigInteger)


def prefix_sort_number(number: Any, text: Any) -> Any:
    """Prefix *text* with a number below `ORDER_OFFSET`, so that texts sort by the number."""
    return cast_to_text(ORDER_OFFSET + number).concat(text)


def strip_sort_number(text: Any) -> Any:
    """Remove the number that `prefix_sort_number` put before a text."""
    return func.substr(text, ORDER_DIGITS + 1, type_=String)


def condition_to_integer(condition: Any) -> Any:
    """Return 1 if a condition holds, else 0: SQL cannot sum booleans."""
    return case((condition, 1), else_=0)


def sum_if(condition: Any, number: Any) -> Any:
    """Sum a number over the rows for which a condition holds."""
    return func.sum(case((condition, number)))


def cast_fraction_to_float(column: Any) -> Any:
    """Convert an exact number, stored as text such as ``7/2``, to a float."""
    text = type_coerce(column, String)
    behind = func.ltrim(text, "-0123456789")  # the slash and the denominator, or nothing
    below = func.nullif(func.replace(behind, "/", ""), "")
    return cast(func.replace(text, behind, ""), Float) / func.coalesce(cast(below, Float), 1.0)
