"""How a database finds the rows of a statement, according to its query plan."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, event

__all__ = [
    "BIG",
    "Lookup",
    "Statements",
    "find_class_scans",
    "find_full_scans",
    "find_lookups",
    "record_statements",
]

BIG: Final = frozenset(
    {
        *("submissions", "answers", "gradings", "standings", "drafts", "draws", "grades"),
        *("grade_changes", "audit", "stamps", "reviews", "regrade_changes", "regrade_students"),
        *("users", "tokens", "sessions", "enrolments", "variants"),
    }
)
"""Tables that grow with the number of students or submissions."""
OF_ALL: Final = frozenset({"problem_id", "assignment_id", "course_id", "version_id", "status"})
"""Columns that select the rows of a whole class."""
ALIAS: Final = re.compile(r"_\d+$")
NAMES: Final = re.compile(r"\b[a-z_]+\b(?= ?(?:[=<>]|IN\b))")
EXPLAINED: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
WITHOUT_SCANS: Final = ("seqscan", "hashjoin", "mergejoin")
"""Plan types that PostgreSQL must avoid if it can: it rightly scans small tables."""

Statements = dict[str, Any]
"""Statements, each with the parameters of its first execution."""


class Lookup(NamedTuple):
    """A lookup of rows by *columns*; without columns, it reads the whole table."""

    table: str
    columns: frozenset[str]
    statement: str


@contextmanager
def record_statements(engine: Engine) -> Iterator[Statements]:
    """Yield a mapping that collects the statements executed during the block."""
    found: Statements = {}

    def see(_connection: Any, _cursor: Any, statement: str, given: Any, *more: Any) -> None:
        found.setdefault(statement, given[0] if more[1] else given)

    event.listen(engine, "before_cursor_execute", see)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", see)


def find_lookups(engine: Engine, statements: Mapping[str, Any]) -> list[Lookup]:
    """Return the lookups of *statements* in large tables.

    SQLite plans as in production: it has no statistics and assumes that every table is
    large.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            plan = _on_sqlite
        else:
            plan = _on_postgresql
            for way in WITHOUT_SCANS:
                connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        return [
            Lookup(ALIAS.sub("", table), frozenset(columns), statement)
            for statement, given in statements.items()
            if statement.lstrip("( ").startswith(EXPLAINED)
            for table, columns in plan(connection, statement, given)
            if ALIAS.sub("", table) in BIG
        ]


def find_full_scans(found: list[Lookup]) -> list[str]:
    """Return the full table scans, each with its statement."""
    return [f"{one.table}: {one.statement}" for one in found if not one.columns]


def find_class_scans(found: list[Lookup]) -> list[str]:
    """Return the lookups that read the rows of a whole class, each with its statement."""
    return [f"{one.table}: {one.statement}" for one in found if one.columns <= OF_ALL]


def _on_sqlite(
    connection: Connection, statement: str, given: Any
) -> Iterator[tuple[str, list[str]]]:
    for *_, told in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given):
        if told.startswith("SCAN "):
            yield told.split()[1], []
        elif told.startswith("SEARCH "):
            yield told.split()[1], NAMES.findall(told.rpartition("(")[2])


def _on_postgresql(
    connection: Connection, statement: str, given: Any
) -> Iterator[tuple[str, list[str]]]:
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
    told = explained.scalar_one()
    yield from _nodes((json.loads(told) if isinstance(told, str) else told)[0]["Plan"])


def _nodes(node: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield each table that a plan node or its descendants read, with the columns used."""
    if "Relation Name" in node and node["Node Type"].endswith("Scan"):
        by = node.get("Index Cond") or node.get("Recheck Cond") or ""
        yield node["Relation Name"], NAMES.findall(by)
    for below in node.get("Plans", ()):
        yield from _nodes(below)
