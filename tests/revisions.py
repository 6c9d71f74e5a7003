"""The revisions of the schema run one at a time over data, and what the data are, as hashes.

A folder of revisions is that of the service, or a copy of it with one more planted behind the last.
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

__all__ = ["Contents", "Revisions", "changed", "contents", "made", "planted"]

FOLDER: Final = Path(migrations.__file__).parent
HEAD: Final = """\
import sqlalchemy as sa
from alembic import op

revision = "planted"
down_revision = {before!r}
"""

Contents = Mapping[str, Mapping[str, str]]
"""Of each table the hash of each column, whatever the order of the rows."""


def planted(folder: Path, body: str) -> Path:
    """Return a copy of the revisions in *folder*, with one of that *body* behind the last."""
    copy = folder / "migrations"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(copy)).get_current_head()
    (copy / "versions" / "planted.py").write_text(HEAD.format(before=head) + body)
    return copy


class Revisions:
    """The revisions of a *folder*, to run on a database."""

    def __init__(self, db: Database, folder: Path = FOLDER) -> None:
        self.db, self.folder = db, folder
        found = ScriptDirectory(str(folder)).walk_revisions()
        self.names = [one.revision for one in found][::-1]

    def up(self, to: str = "head", **more: Any) -> None:
        """Run the revisions up to that one."""
        self._run("upgrade", to, **more)

    def down(self, to: str, **more: Any) -> None:
        """Take the revisions back that come after that one."""
        self._run("downgrade", to, **more)

    def _run(
        self, way: str, to: str, *, over: AbstractContextManager[Any] | None = None, **said: Any
    ) -> None:
        with over or self.db.migrating() as connection:
            config = Config()
            config.set_main_option("script_location", str(self.folder))
            config.attributes.update(connection=connection, **said)
            getattr(command, way)(config, to)


def contents(db: Database) -> Contents:
    """Return the hashes of all that the tables hold.

    The rows of a table are told apart by their primary key, which is hashed with each value: a
    value that moves to another row is a change.
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


def changed(before: Contents, after: Contents) -> list[str]:
    """Return which columns, of those that are in both, hold something else."""
    return [
        f"{name}.{one}"
        for name in before.keys() & after.keys()
        for one in sorted(before[name].keys() & after[name].keys())
        if before[name][one] != after[name][one]
    ]


def made(db: Database) -> set[str]:
    """Return the names of all indexes and triggers: a table that is made anew may lose them."""
    asked = (
        "SELECT type || ' ' || name FROM sqlite_master WHERE type IN ('index', 'trigger')"
        if db.is_sqlite
        else "SELECT 'index ' || indexname FROM pg_indexes WHERE schemaname = 'public' UNION "
        "SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger "
        "WHERE NOT tgisinternal"
    )
    with db.engine.connect() as connection:
        return set(connection.scalars(text(asked)))
