"""Engines for both databases, and the classification of their errors: who lost, and whether a retry can help."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, Table, event
from sqlalchemy import create_engine as sqlalchemy_create_engine
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from payments.platform.driver import CONVERSIONS, PlainCursor
from payments.platform.tls import Trust

NETWORK_TIMEOUT: Final = 2
"""Seconds for each connect, read and write: a frozen server must not hold a request beyond its 5 s."""
LOCK_WAIT: Final = 1
"""Seconds that a statement waits for a row lock (InnoDB's smallest unit)."""
IDLE_WRITE_TRANSACTION: Final = 5
"""Seconds after which MariaDB ends a writing transaction of a silent client and frees its locks."""
GIVE_UP_MARGIN: Final = 0.5
"""Seconds for which MariaDB continues a statement after its client has given up."""
SQLITE_BUSY_MS: Final = 5000
_CA: Final = "ssl_ca"
"""The parameter of a URL that names the CA file; SQLAlchemy reads it too, so no engine overlooks it."""
OLDEST_SQLITE: Final = (3, 35)  # RETURNING

_COMMON: Final[dict[str, Any]] = {
    "hide_parameters": True,  # an error's text is logged: keep keys and responses out of logs
    "pool_reset_on_return": None,  # else one more round trip, a ROLLBACK after every COMMIT
}

TLS_FAILED: Final = 2026
"""Also PyMySQL's number when the server offers no TLS."""
_DUPLICATE = {1062, 1586}
_LOCKED = {1205, 1213, 1020, 1305}
"""Also a savepoint that is not there: a deadlock in it has taken it back with its transaction."""
_REFUSED = {1153, 1292, 1366, 1406, 1644, 3819, 4025}
"""Too large for a packet, invalid, too long, refused by a trigger or a CHECK: PyMySQL has no class for these."""
_LOST = {2002, 2003, 2006, 2013, 2014, TLS_FAILED, 2055, 1927, 1053, 1152, 1158, 1159, 1160, 1161, 4031, 1040, 1226}
_TOO_LONG = {1969, 3024}


class Failure(Enum):
    """What a database error means, and whether a retry can help."""

    DUPLICATE = "a unique key is taken: somebody else was first"
    LOCKED = "a lock was not given in time, or a deadlock chose us"
    LOST = "the connection is gone, or there is none to be had; or the server has ended a statement that took too long"
    BUSY = "SQLite: another process is writing; nothing was begun"
    OTHER = "anything else: the statement itself is at fault"


def classify(error: Exception) -> Failure:
    """Classify `error` (of SQLAlchemy). Never raises."""
    if isinstance(error, PoolTimeout):
        return Failure.LOST
    if not isinstance(error, DBAPIError):
        return Failure.OTHER
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    if error.connection_invalidated or code in _LOST | _TOO_LONG or isinstance(error, InterfaceError):
        return Failure.LOST
    if code in _LOCKED:
        return Failure.LOCKED
    text = str(error.orig)
    if code in _DUPLICATE or (isinstance(error, IntegrityError) and text.startswith("UNIQUE constraint")):
        return Failure.DUPLICATE
    if isinstance(error, OperationalError) and ("database is locked" in text or "database table is locked" in text):
        return Failure.BUSY
    if isinstance(error, OperationalError) and ("unable to open" in text or "disk I/O error" in text):
        return Failure.LOST
    return Failure.OTHER


def refuses_a_value(error: Exception) -> bool:
    """Whether `error` is about a value that was to be written, so that other rows would be accepted.

    False for failures of the service: a missing table or right, a full disk, a lost connection. Errors that are not
    SQLAlchemy's are about a value, unless they are OSError or MemoryError.
    """
    if not isinstance(error, SQLAlchemyError):
        return not isinstance(error, OSError | MemoryError)
    if not isinstance(error, DBAPIError):
        return isinstance(error, StatementError)
    if classify(error) is not Failure.OTHER:
        return False
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return isinstance(error, DataError | IntegrityError) or code in _REFUSED


def took_too_long(error: Exception) -> bool:
    """Whether `error` (of SQLAlchemy) says that a statement timed out, here or in the server."""
    if not isinstance(error, DBAPIError) or error.orig is None or not error.orig.args:
        return False
    code, text = error.orig.args[0], str(error.orig)
    return code in _TOO_LONG or (code in _LOST and "timed out" in text)


def engine_options(
    url: str,
    *,
    pool_size: int = 8,
    busy_ms: int = SQLITE_BUSY_MS,
    timeout: int = NETWORK_TIMEOUT,
    statement_seconds: float | None = None,
) -> dict[str, Any]:
    """Keyword arguments for `sqlalchemy.create_engine` (also for Flask-SQLAlchemy's engine options).

    MariaDB: READ COMMITTED and short waits in every session; no pre-ping: a lost connection is handled where it fails.
    A read or write gives up after `timeout` seconds, and the server ends the statement after `statement_seconds` (None:
    GIVE_UP_MARGIN later). SQLite: a writer waits `busy_ms` milliseconds for the file's lock.
    """
    if make_url(url).get_backend_name() == "sqlite":
        lock_wait = {"timeout": busy_ms / 1000, "check_same_thread": False}
        return {"connect_args": lock_wait, "pool_size": pool_size, **_COMMON}
    longest = timeout + GIVE_UP_MARGIN if statement_seconds is None else statement_seconds
    session = (
        f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT}, idle_write_transaction_timeout={IDLE_WRITE_TRANSACTION},"
        f" max_statement_time={longest},"
        " tx_isolation='READ-COMMITTED', time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
    )
    return {
        "connect_args": {
            "connect_timeout": NETWORK_TIMEOUT,
            "read_timeout": timeout,
            "write_timeout": timeout,
            "charset": "utf8mb4",
            "init_command": session,
            "cursorclass": PlainCursor,
            "conv": CONVERSIONS,
        },
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 1,
        "pool_use_lifo": True,
        "pool_recycle": 3600,
        **_COMMON,
    }


def create_engine(
    url: str, *, pool_size: int = 8, busy_ms: int = SQLITE_BUSY_MS, timeout: int = NETWORK_TIMEOUT
) -> Engine:
    """An engine for MariaDB or SQLite, set up by `prepare`; parameters as in `engine_options`. Connects lazily."""
    options = engine_options(url, pool_size=pool_size, busy_ms=busy_ms, timeout=timeout)
    engine = sqlalchemy_create_engine(url, **options)
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Configure an engine's sessions; on SQLite: WAL, foreign keys, and BEGIN IMMEDIATE for transactions.

    A connection whose COMMIT or ROLLBACK failed does not go back to the pool: its transaction may still be open, and
    the next COMMIT on it would commit that transaction, too.
    """

    @event.listens_for(engine, "handle_error")
    def _on_error(context: ExceptionContext) -> None:
        if context.statement is None and context.connection is not None:
            context.is_disconnect, context.invalidate_pool_on_disconnect = True, False

    if engine.dialect.name != "sqlite":
        _verify_server(engine)
        return

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is sent explicitly: pysqlite's own is deferred
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")  # an answered payment survives a power cut, as on MariaDB
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA recursive_triggers=ON")  # else REPLACE deletes postings past the append-only trigger
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        mode = "DEFERRED" if connection.get_execution_options().get("reading") else "IMMEDIATE"
        connection.exec_driver_sql(f"BEGIN {mode}")


def with_ca(url: str, ca: str) -> str:
    """The URL of a MariaDB whose certificate every connection verifies against the CAs of the file `ca`."""
    return make_url(url).update_query_dict({_CA: ca}).render_as_string(hide_password=False)


def _verify_server(engine: Engine) -> None:
    """Make each connection TLS, verified with the host's name, if the URL has a CA."""
    file = engine.url.query.get(_CA)
    if file is None:
        return
    trust = Trust(str(file))

    @event.listens_for(engine, "do_connect")
    def _on_do_connect(dialect: Dialect, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        try:
            options["ssl"] = trust.context()  # PyMySQL then refuses a server that offers no TLS
        except OSError as error:  # else no caller would know it as an error of the database
            text = f"the CA file {file} cannot be read: {error}"
            raise dialect.loaded_dbapi.OperationalError(TLS_FAILED, text) from error


def check_sqlite_version(version: tuple[int, ...]) -> None:
    """Raise RuntimeError when this Python's SQLite is too old for RETURNING."""
    if version < OLDEST_SQLITE:
        found, least = ".".join(map(str, version)), ".".join(map(str, OLDEST_SQLITE))
        raise RuntimeError(f"SQLite {found} is too old: payops needs {least} or newer; use another Python or MariaDB.")


def upsert(connection: Connection, table: Table, keys: Sequence[str], changed: Sequence[str]) -> Any:
    """INSERT that updates `changed` where the row with `keys` exists; run it with a list of whole rows."""
    if connection.dialect.name == "sqlite":
        into = sqlite.insert(table)
        return into.on_conflict_do_update(index_elements=list(keys), set_={c: into.excluded[c] for c in changed})
    row = mysql.insert(table)
    return row.on_duplicate_key_update({c: row.inserted[c] for c in changed})


def begin_snapshot(connection: Connection) -> None:
    """Make a transaction read one consistent snapshot, and nothing but read. Call it before the first statement.

    On SQLite every transaction reads one snapshot.
    """
    if connection.dialect.name != "sqlite":
        # a statement, because SQLAlchemy's isolation_level raises the driver's errors unwrapped
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
