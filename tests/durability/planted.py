"""Bugs planted into a service before it starts, to test the checks themselves.

Each replaces something outside the service's own decisions (the driver, the transport),
so that it stays the same bug however the service is rewritten.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

import api.db.engine
import api.server.main
from api.db.engine import Database
from api.db.sqlite_lock import WriteLock

LATE = 0.03
"""How many seconds after the response the planted commit happens."""


def nothing() -> None:
    """Plant no bug."""


def acknowledge_before_commit() -> None:
    """Let every transaction return before its commit, which follows a little later."""

    @contextmanager
    def transaction(self: Database) -> Iterator[Session]:
        self._write_lock.__enter__()
        session = Session(self._writing, expire_on_commit=False)
        try:
            yield session
        except BaseException:
            session.close()
            self._write_lock.__exit__(None, None, None)
            raise
        threading.Thread(target=_commit, args=(session, self._write_lock)).start()

    Database.transaction = transaction  # type: ignore[method-assign]


def _commit(session: Session, turn: Any) -> None:
    time.sleep(LATE)
    session.commit()
    session.close()
    turn.__exit__(None, None, None)


def forget_keys() -> None:
    """Strip the Idempotency-Key from every request."""
    make = api.server.main.create_app

    def create_app(*given: Any, **named: Any) -> Any:
        app = make(*given, **named)

        async def without_keys(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                kept = [one for one in scope["headers"] if one[0] != b"idempotency-key"]
                scope = {**scope, "headers": kept}
            await app(scope, receive, send)

        return without_keys

    api.server.main.create_app = create_app


def count_then_insert() -> None:
    """Strip row locks, so that concurrent transactions count the same attempts."""

    @event.listens_for(Engine, "before_cursor_execute", retval=True)
    def unlocked(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        return re.sub(r" FOR (UPDATE|SHARE).*", "", statement), parameters


def begin_deferred() -> None:
    """Let SQLite transactions lock the file only at their first write."""

    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    api.db.engine._begin_sqlite = begin  # noqa: SLF001
    api.db.engine.WriteLock = lambda _path, *, timeout_seconds: WriteLock(
        None, timeout_seconds=timeout_seconds
    )  # type: ignore[misc,assignment]


def do_not_sync() -> None:
    """Let SQLite respond before its file is on the disk."""
    pragmas = [one for one in api.db.engine.SQLITE_PRAGMAS if "synchronous" not in one]
    api.db.engine.SQLITE_PRAGMAS = (*pragmas, "synchronous = OFF")  # type: ignore[misc]


PLANTS: dict[str, Callable[[], None]] = {
    "": nothing,
    "acknowledge before commit": acknowledge_before_commit,
    "forget keys": forget_keys,
    "count then insert": count_then_insert,
    "begin deferred": begin_deferred,
    "do not sync": do_not_sync,
}
