"""No revision loses anything unseen: rows and values are counted before and after each one.

A step back takes away what the step forward had made room for, and so refuses where something is
there, unless that is asked for. What may go, one way or the other, because it stands elsewhere or
can be worked out again, a revision names: ``may_go: Final = ("table", "table.column")``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from alembic.util import CommandError
from sqlalchemy import Connection, column, func, inspect, select, table, text

__all__ = ["LossError", "Losses", "counted", "lost", "triggers"]

Counts: TypeAlias = Mapping[str, Mapping[str, int]]
"""Of each table how many values each column has; under "" how many rows there are."""

ROWS: Final = ""
OWN: Final = {"alembic_version"}


class LossError(CommandError):
    """A revision would lose data, and nobody said that it may; nothing was changed."""


def counted(connection: Connection) -> Counts:
    """Return how many rows, and values other than NULL, all tables have."""
    names = inspect(connection).get_table_names()
    return {name: _in_table(connection, name) for name in names if name not in OWN}


def _in_table(connection: Connection, name: str) -> dict[str, int]:
    columns = [str(one["name"]) for one in inspect(connection).get_columns(name)]
    values = [func.count(column(one)) for one in columns]
    found = connection.execute(select(func.count(), *values).select_from(table(name))).one()
    return dict(zip((ROWS, *columns), found, strict=True))


def triggers(connection: Connection) -> frozenset[str]:
    """Return the names of all triggers: those of a table that SQLite makes anew are gone."""
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    return frozenset(connection.scalars(text(asked)))


def lost(before: Counts, after: Counts) -> Iterator[tuple[str, int]]:
    """Yield each table or column that had more *before* than *after*, with how much is gone.

    >>> was = {"a": {"": 2, "x": 2, "y": 0}, "b": {"": 1, "z": 1}}
    >>> dict(lost(was, {"a": {"": 2, "x": 1}}))
    {'a.x': 1, 'b': 1}
    """
    for name, values in before.items():
        now = after.get(name, {})
        if now.get(ROWS, 0) < values[ROWS]:
            yield name, values[ROWS] - now.get(ROWS, 0)
            continue
        for one, count in values.items():
            if now.get(one, 0) < count:
                yield f"{name}.{one}", count - now.get(one, 0)


def _is_there(name: str, counts: Counts) -> bool:
    """Tell whether the table or column of that name is among *counts*."""
    table_name, _, one = name.partition(".")
    return one in counts.get(table_name, {})


@dataclass
class Losses:
    """Watches the revisions that run over a *connection*; *may_lose* lets them lose anything."""

    connection: Connection
    may_lose: bool = False
    before: Counts = field(default_factory=dict)
    triggers: frozenset[str] = frozenset()

    def begin(self) -> None:
        """Count what there is, in the transaction in which the revisions will run."""
        if not self.may_lose:
            self.before, self.triggers = counted(self.connection), triggers(self.connection)

    def after_step(self, *, step: Any, **_: Any) -> None:
        """Raise `LossError` where the revision that was just run has lost something.

        Where others write meanwhile, fewer rows in a table that stays say nothing: that is looked
        at on SQLite, which is also where a table is made anew to change it.
        """
        if self.may_lose:
            return
        now, may_go = counted(self.connection), getattr(step.up_revision.module, "may_go", ())
        gone = {name: count for name, count in lost(self.before, now) if name not in may_go}
        if self.connection.dialect.name != "sqlite":
            gone = {name: count for name, count in gone.items() if not _is_there(name, now)}
        there = triggers(self.connection)
        if step.is_upgrade:
            gone |= {f"trigger {name}": 1 for name in self.triggers - there - {*may_go}}
        if gone:
            raise LossError(_told(step.up_revision.revision, gone, forward=step.is_upgrade))
        self.before, self.triggers = now, there


def _told(revision: str, gone: Mapping[str, int], *, forward: bool) -> str:
    told = ", ".join(f"{name} ({count:,})" for name, count in sorted(gone.items()))
    way = "Revision" if forward else "The way back over revision"
    advice = (
        "Keep this version, and tell its authors."
        if forward
        else "Back up first; `alembic -x lose_data=yes downgrade ...` then does it all the same."
    )
    return f"{way} {revision} would lose data: {told}. Nothing was changed. {advice}"
