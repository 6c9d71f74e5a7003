"""The database: an engine for SQLite or PostgreSQL, and the only place that commits.

Work that writes is done in `Database.transaction`, work that reads in `Database.reading`, which
sees one moment and changes nothing. On SQLite one writer at a time holds the file from the start of
its transaction (``BEGIN IMMEDIATE``), so that none fails half-way because another was faster.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final, TypeGuard, TypeVar, cast

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    Row,
    Select,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from api.core.json_text import stored
from api.db.sqlite_lock import WriteLock

__all__ = ["Database", "InDoubtError", "driver_url", "find_one", "forget", "is_line_down", "once"]

Found = TypeVar("Found")

OWN_ONLY: Final = 0o600
MEMORY: Final = ":memory:"
PATIENCE: Final = 10
"""For how many seconds a writer waits for another process that writes into the same file."""
SQLITE_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    f"busy_timeout = {PATIENCE * 1000}",
    "temp_store = MEMORY",
)
POSTGRESQL_OPTIONS: Final = (
    "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s "
    "-c timezone=UTC"
)
POSTGRESQL_LINE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""When a server that is not heard of any more is given up: after 20 seconds, not after hours."""
DURABLE: Final = ("fsync", "full_page_writes", "synchronous_commit")
"""What must not be off in PostgreSQL."""
WRITES: Final = "grader_writes"
READ_ONLY: Final = "25006"
"""How PostgreSQL refuses a write in a transaction that is read-only."""
KNOWN: Final = "grader_known"


def once(session: Session, key: Hashable, find: Callable[[], Found]) -> Found:
    """Return what *find* finds under *key*; a session that changes nothing looks once.

    It sees one moment, so that a second look would find the same. Others look each time.
    """
    known = session.info.get(KNOWN)
    if known is None:
        return find()
    if key not in known:
        known[key] = find()
    return cast("Found", known[key])


def find_one(
    session: Session, statement: Select[*tuple[Any, ...]], **given: Any
) -> Row[*tuple[Any, ...]] | None:
    """Return the row that a *statement* finds with what is *given*, None where there is none.

    It is looked for as `once` does. The statement is one that is kept: to put one together takes
    as long as to run it.
    """
    key = (statement, *given.values())
    return once(session, key, lambda: session.execute(statement, given).one_or_none())


def forget(session: Session) -> None:
    """End the moment that a session sees: what is read with it next is of another."""
    session.close()
    session.info[KNOWN] = {}


def driver_url(url: str) -> str:
    """Return *url* with the driver that we use named.

    >>> driver_url("postgresql://localhost/grader")
    'postgresql+psycopg://localhost/grader'
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


class InDoubtError(OperationalError):
    """The line to the database broke while it committed: the transaction may be stored or not."""


def is_line_down(error: BaseException | None) -> TypeGuard[Exception]:
    """Tell whether *error* is that the database is away, so that the next try meets the same."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", "") is None


class Database:
    """An engine and its two kinds of transaction.

    *url* is ``sqlite:///file`` or ``postgresql://user@host/name``; *pool* the number of connections
    that stay open.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self.engine = _engine(driver_url(url), pool)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(**{WRITES: True})
        self._reading = self.engine
        if not self.is_sqlite:
            self._reading = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._write_lock: Any = nullcontext()
        if self.is_sqlite:
            file = self.engine.url.database
            shared = Path(file) if file and file != MEMORY else None
            self._write_lock = WriteLock(shared, patience=PATIENCE)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session whose work is committed at the end, or rolled back at an error.

        Raises `InDoubtError` where nobody can tell which of both it was.
        """
        with self._write_lock, Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.flush()
            try:
                session.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise InDoubtError(
                        None, None, error.orig or error, connection_invalidated=True
                    ) from error
                raise

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one moment of the database; nothing of it is kept."""
        with Session(self._reading, autoflush=False, info={KNOWN: {}}) as session:
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Yield a connection that may change the schema; all of it is kept, or nothing.

        SQLite changes a table by making it anew, which would delete what refers to the old one: the
        references are not enforced meanwhile.
        """
        with self._write_lock, self._writing.connect() as connection:
            if self.is_sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
            try:
                with connection.begin():
                    yield connection
            finally:
                if self.is_sqlite:
                    connection.connection.driver_connection.execute("PRAGMA foreign_keys = ON")  # type: ignore[union-attr]

    def unsafe_settings(self) -> list[str]:
        """Return the settings of the server by which what it confirmed may be lost.

        A connection to SQLite sets what it needs itself.
        """
        if self.is_sqlite:
            return []
        asked = text("SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off'")
        with self.engine.connect() as connection:
            found = connection.scalars(asked, {"names": list(DURABLE)})
            return sorted(found)

    def check_writable(self) -> None:
        """Return where the database takes writes; else it raises what a write would meet.

        Something is really committed, for a full disk or a quota shows only then: a number that
        nobody reads, or on PostgreSQL a row as it was.
        """
        with self._write_lock, self._writing.begin() as connection:
            if self.is_sqlite:
                if connection.exec_driver_sql("PRAGMA user_version").scalar_one():
                    connection.exec_driver_sql("PRAGMA user_version = 0")
                else:
                    connection.exec_driver_sql("PRAGMA user_version = 1")
            else:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        if self.is_sqlite:
            self._write_lock.close()


def _engine(url: str, pool: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url, hide_parameters=True, pool_size=pool, max_overflow=-1, json_serializer=stored
        )  # as many as there are threads: whoever has the turn to write waits for none
        event.listen(engine, "do_connect", _make_sqlite)
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=stored,
        pool_size=pool,
        max_overflow=8,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={**POSTGRESQL_LINE, "options": POSTGRESQL_OPTIONS},
    )
    event.listen(engine, "handle_error", _drop_read_only_connections)
    event.listen(engine, "checkin", _leave_writing_to_the_server)
    return engine


def _drop_read_only_connections(context: ExceptionContext) -> None:
    """Treat a server that has become read-only as one that is away: the next try connects again.

    A session has the default of when it began, and would refuse writes after the server takes them.
    """
    connection = context.connection
    writes = connection is not None and connection.get_execution_options().get(WRITES)
    if writes and getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def _leave_writing_to_the_server(connection: Any, _record: object) -> None:
    """Let the server say again whether a connection that was used for reading may write.

    SQLAlchemy leaves it as one that writes, whatever the default of the server is by then.
    """
    if connection is not None and connection.read_only is not None:
        connection.read_only = None


def _make_sqlite(_dialect: object, _record: object, given: list[Any], _named: object) -> None:
    """Make the file of a new database one that its owner alone reads; what lies beside it follows.

    What is wrong with the place is told by SQLite, which looks at it next.
    """
    with suppress(OSError):
        Path(given[0]).touch(OWN_ONLY, exist_ok=False)


def _open_sqlite(connection: Any, _record: object) -> None:
    """Set what a connection to SQLite needs to be durable and to hold its references."""
    connection.isolation_level = None  # the driver would begin transactions of its own
    # SQLite's own knows ASCII alone: whoever looks for "åsa" would not find Åsa.
    connection.create_function("lower", 1, _lower, deterministic=True)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
