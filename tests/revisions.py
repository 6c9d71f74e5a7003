"""Schema revisions run one at a time over data, and hashes of the data.

A folder of revisions is that of the service, or a copy of it with one more added at the
end.
"""

import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, select, table, text

import migrations
from api.db.engine import Database

__all__ = [
    "Contents",
    "Revisions",
    "contents",
    "copy_revisions",
    "find_changed_columns",
    "list_indexes_and_triggers",
]

FOLDER: Final = Path(migrations.__file__).parent
HEAD: Final = """\
import sqlalchemy as sa
from alembic import op

revision = "planted"
down_revision = {before!r}
"""

Contents = Mapping[str, Mapping[str, str]]
"""Hash of each column by table, independent of the order of rows."""


def copy_revisions(folder: Path, body: str) -> Path:
    """Return a copy of the revisions in *folder*, with a last one whose code is *body*."""
    copy = folder / "migrations"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(copy)).get_current_head()
    (copy / "versions" / "planted.py").write_text(HEAD.format(before=head) + body)
    return copy


class Revisions:
    """The revisions in *folder*, to run on a database."""

    def __init__(self, db: Database, folder: Path = FOLDER) -> None:
        self.db, self.folder = db, folder
        found = ScriptDirectory(str(folder)).walk_revisions()
        self.names = [one.revision for one in found][::-1]

    def up(self, to: str = "head", **more: Any) -> None:
        """Upgrade to revision *to*."""
        self._run("upgrade", to, **more)

    def down(self, to: str, **more: Any) -> None:
        """Downgrade to revision *to*."""
        self._run("downgrade", to, **more)

    def _run(
        self, way: str, to: str, *, over: AbstractContextManager[Any] | None = None, **said: Any
    ) -> None:
        with over or self.db.begin_migration() as connection:
            config = Config()
            config.set_main_option("script_location", str(self.folder))
            config.attributes.update(connection=connection, **said)
            getattr(command, way)(config, to)


def contents(db: Database) -> Contents:
    """Return the hashes of the contents of all tables.

    The primary key identifies a row and is hashed with each value, so a value that
    moves to another row is a change.
    """
    with db.engine.connect() as connection:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return {name: _of_table(connection, name) for name in sorted(names)}


def _of_table(connection: Connection, name: str) -> dict[str, str]:
    there = inspect(connection)
    key = there.get_pk_constraint(name)["constrained_columns"]
    columns = [one["name"] for one in there.get_columns(name)]
    found = select(*map(column, columns)).select_from(table(name))
    rows = [dict(row) for row in connection.execute(found).mappings()]
    return {
        one: _hash([(*(row[part] for part in key), row[one]) for row in rows]) for one in columns
    }


def _hash(values: list[tuple[Any, ...]]) -> str:
    """Return a hash of *values* that does not depend on their order."""
    total = sum(int.from_bytes(sha256(repr(one).encode()).digest(), "big") for one in values)
    return f"{len(values)}:{total:x}"


def find_changed_columns(before: Contents, after: Contents) -> list[str]:
    """Return the columns, of those in both, whose contents differ."""
    return [
        f"{name}.{one}"
        for name in before.keys() & after.keys()
        for one in sorted(before[name].keys() & after[name].keys())
        if before[name][one] != after[name][one]
    ]


def list_indexes_and_triggers(db: Database) -> set[str]:
    """Return the names of all indexes and triggers, which a rebuilt table may lose."""
    asked = (
        "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('index', 'trigger')"
        if db.is_sqlite
        else "SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public' UNION "
        "SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger "
        "WHERE NOT tgisinternal"
    )
    with db.engine.connect() as connection:
        return set(connection.scalars(text(asked)))
