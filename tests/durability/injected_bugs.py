"""Bugs that tests inject into a service before it starts, to test the checks themselves.

Each bug replaces code around the service (database driver, transport), so that it stays
the same bug when the service is rewritten.
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

COMMIT_DELAY_SECONDS = 0.03
"""Time from the response to the commit, with the bug `acknowledge_before_commit`."""


def inject_nothing() -> None:
    """Leave the service as it is."""


def acknowledge_before_commit() -> None:
    """Let each transaction return before its commit, which a thread does a little later."""

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
        threading.Thread(target=_commit_late, args=(session, self._write_lock)).start()

    Database.transaction = transaction  # type: ignore[method-assign]


def _commit_late(session: Session, write_lock: Any) -> None:
    time.sleep(COMMIT_DELAY_SECONDS)
    session.commit()
    session.close()
    write_lock.__exit__(None, None, None)


def ignore_idempotency_keys() -> None:
    """Strip the header Idempotency-Key from every request."""
    create_original_app = api.server.main.create_app

    def create_app(*args: Any, **kwargs: Any) -> Any:
        app = create_original_app(*args, **kwargs)

        async def call_without_key(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                headers = [
                    (name, value) for name, value in scope["headers"] if name != b"idempotency-key"
                ]
                scope = {**scope, "headers": headers}
            await app(scope, receive, send)

        return call_without_key

    api.server.main.create_app = create_app


def skip_row_locks() -> None:
    """Strip row locks, so that concurrent transactions count the same attempts."""

    @event.listens_for(Engine, "before_cursor_execute", retval=True)
    def strip_lock_clause(
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


def disable_sync() -> None:
    """Let SQLite commit before its data is on the disk."""
    pragmas = [pragma for pragma in api.db.engine.SQLITE_PRAGMAS if "synchronous" not in pragma]
    api.db.engine.SQLITE_PRAGMAS = (*pragmas, "synchronous = OFF")  # type: ignore[misc]


INJECTED_BUGS: dict[str, Callable[[], None]] = {
    "": inject_nothing,
    "acknowledge before commit": acknowledge_before_commit,
    "ignore idempotency keys": ignore_idempotency_keys,
    "skip row locks": skip_row_locks,
    "begin deferred": begin_deferred,
    "disable sync": disable_sync,
}
