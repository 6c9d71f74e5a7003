"""Database engine for SQLite or PostgreSQL; all commits happen here.

Writes use `Database.transaction`. Reads use `Database.reading`, a read-only snapshot. On SQLite a
writer locks the file from the start of its transaction (``BEGIN IMMEDIATE``). Otherwise a
transaction that reads before it writes would fail halfway if another writer commits in between.
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

from api.core.json_text import to_json_column
from api.db.sqlite_lock import WriteLock

Result = TypeVar("Result")

PRIVATE_FILE_MODE: Final = 0o600
IN_MEMORY_NAME: Final = ":memory:"
WRITE_LOCK_TIMEOUT_SECONDS: Final = 10
"""How long a writer waits for another process that writes to the same file."""
SQLITE_PRAGMAS: Final = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    f"busy_timeout = {WRITE_LOCK_TIMEOUT_SECONDS * 1000}",
    "temp_store = MEMORY",
)
POSTGRESQL_OPTIONS: Final = (
    "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s "
    "-c timezone=UTC"
)
POSTGRESQL_CONNECT_ARGS: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Timeouts that give up an unresponsive server after 20 seconds instead of hours."""
DURABILITY_SETTINGS: Final = ("fsync", "full_page_writes", "synchronous_commit")
"""PostgreSQL settings that must not be off."""
WRITE_OPTION: Final = "grader_writes"
READ_ONLY_SQLSTATE: Final = "25006"
"""PostgreSQL's error code for a write in a read-only transaction."""
SNAPSHOT_CACHE_KEY: Final = "grader_known"


def cache_in_snapshot(session: Session, key: Hashable, find: Callable[[], Result]) -> Result:
    """Return the result of *find*, cached under *key* in a read-only session.

    Such a session reads one snapshot, so a second query would return the same. In any other session
    *find* is called each time.
    """
    cache = session.info.get(SNAPSHOT_CACHE_KEY)
    if cache is None:
        return find()
    if key not in cache:
        cache[key] = find()
    return cast("Result", cache[key])


def fetch_one(
    session: Session, statement: Select[*tuple[Any, ...]], **params: Any
) -> Row[*tuple[Any, ...]] | None:
    """Return the only row of *statement* for the parameters *params*, or None.

    The result is cached as by `cache_in_snapshot`. The statement must be a long-lived object:
    building one takes as long as executing it.
    """
    key = (statement, *params.values())
    return cache_in_snapshot(session, key, lambda: session.execute(statement, params).one_or_none())


def reset_snapshot(session: Session) -> None:
    """End the snapshot of a read-only session; the next read takes a new one."""
    session.close()
    session.info[SNAPSHOT_CACHE_KEY] = {}


def with_psycopg_driver(url: str) -> str:
    """Return *url* with our PostgreSQL driver.

    >>> with_psycopg_driver("postgresql://localhost/grader")
    'postgresql+psycopg://localhost/grader'
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


class InDoubtError(OperationalError):
    """The connection broke during a commit: the transaction may be stored or not."""


def is_database_unreachable(error: BaseException | None) -> TypeGuard[Exception]:
    """Return whether *error* means that the database is unreachable.

    An immediate retry would then fail in the same way.
    """
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", "") is None


class Database:
    """Database engine with its two kinds of transaction.

    *url* is ``sqlite:///file`` or ``postgresql://user@host/name``; *pool* is the number of
    connections that stay open.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self.engine = _create_engine(with_psycopg_driver(url), pool)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(**{WRITE_OPTION: True})
        self._reading = self.engine
        if not self.is_sqlite:
            self._reading = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self.sqlite_file: Path | None = None
        self._write_lock: Any = nullcontext()
        if self.is_sqlite:
            file = self.engine.url.database
            self.sqlite_file = Path(file) if file and file != IN_MEMORY_NAME else None
            self._write_lock = WriteLock(
                self.sqlite_file, timeout_seconds=WRITE_LOCK_TIMEOUT_SECONDS
            )

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session; commit at the end, or roll back on an error.

        Raises `InDoubtError` if it is unknown whether the commit succeeded.
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
        """Yield a session that reads one snapshot of the database and commits nothing."""
        with Session(self._reading, autoflush=False, info={SNAPSHOT_CACHE_KEY: {}}) as session:
            yield session

    @contextmanager
    def begin_migration(self) -> Iterator[Connection]:
        """Yield a connection for a schema change, in one transaction.

        SQLite changes a table by creating a new one and dropping the old one, which would delete
        the rows that refer to it. Therefore foreign keys are not enforced meanwhile.
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

    def find_unsafe_settings(self) -> list[str]:
        """Return the PostgreSQL settings that could lose confirmed data, sorted by name.

        Connections to SQLite set their own pragmas, so there the list is empty.
        """
        if self.is_sqlite:
            return []
        query = text("SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off'")
        with self.engine.connect() as connection:
            names = connection.scalars(query, {"names": list(DURABILITY_SETTINGS)})
            return sorted(names)

    def check_writable(self) -> None:
        """Commit a harmless write; raise the database's error if it fails.

        Only a real commit reveals a full disk or a quota. On SQLite it toggles an unused number
        (`user_version`); on PostgreSQL it rewrites a row unchanged.
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


def _create_engine(url: str, pool: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=pool,
            max_overflow=-1,
            json_serializer=to_json_column,
        )  # as many as threads: the holder of the write lock never waits for a connection
        event.listen(engine, "do_connect", _create_sqlite_file)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        hide_parameters=True,
        json_serializer=to_json_column,
        pool_size=pool,
        max_overflow=8,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={**POSTGRESQL_CONNECT_ARGS, "options": POSTGRESQL_OPTIONS},
    )
    event.listen(engine, "handle_error", _mark_read_only_as_disconnected)
    event.listen(engine, "checkin", _reset_read_only)
    return engine


def _mark_read_only_as_disconnected(context: ExceptionContext) -> None:
    """Treat a server that has become read-only as disconnected, so that the next try reconnects.

    A session keeps the default from its start, and would refuse writes after the server accepts
    them.
    """
    connection = context.connection
    writes = connection is not None and connection.get_execution_options().get(WRITE_OPTION)
    if writes and getattr(context.original_exception, "sqlstate", None) == READ_ONLY_SQLSTATE:
        context.is_disconnect = True


def _reset_read_only(connection: Any, _record: object) -> None:
    """Reset a connection that was used for reading, so that the server decides if it may write.

    SQLAlchemy would reset it to read-write even if the server's default is read-only by then.
    """
    if connection is not None and connection.read_only is not None:
        connection.read_only = None


def _create_sqlite_file(
    _dialect: object, _record: object, arguments: list[Any], _named: object
) -> None:
    """Create a new database file readable only by its owner; its side files inherit that.

    Errors are ignored here, because SQLite reports them when it opens the file next.
    """
    with suppress(OSError):
        Path(arguments[0]).touch(PRIVATE_FILE_MODE, exist_ok=False)


def _configure_sqlite(connection: Any, _record: object) -> None:
    """Configure a SQLite connection for durability and foreign keys."""
    connection.isolation_level = None  # keep the driver from starting transactions
    # SQLite's own handles only ASCII: a search for "åsa" would not find Åsa.
    connection.create_function("lower", 1, _lower_text_or_none, deterministic=True)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _lower_text_or_none(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITE_OPTION)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
