"""Fetches the settlement file of a day from its acquirer, and imports it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, Engine

from payments.acquiring.deadline import Deadline
from payments.platform.desk_errors import DuplicateFile
from payments.platform.tasks.throttle import AT_ONCE, Throttle
from payments.platform.tls import client_context
from payments.platform.trusted_clock.guard import Now
from payments.reconciliation import backlog, store
from payments.reconciliation.file import LARGEST
from payments.reconciliation.file_days import lacking
from payments.reconciliation.importing import Asked, Report, import_file
from payments.reconciliation.profile import PROFILES

SILENT_SECONDS: Final = 10.0
"""For which the acquirer may say nothing."""
FETCH_SECONDS: Final = 600.0
"""For all of a file, however slowly it comes; one that is cut off is not taken, and is fetched again."""
CHUNK: Final = 65_536
_NOT_THERE: Final = (404, 409)


class Access(NamedTuple):
    """Where an acquirer is, and our key there."""

    url: str
    key: str
    ca: str | None = None
    """The CA file that counts for https; None: the system's."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Access({self.url!r})"


class NotFetched(Exception):
    """The acquirer has not answered with a file; the text says what happened, without the key."""


def days_to_fetch(connection: Connection, connector: str, now: datetime) -> list[date]:
    """The last days of which no file was read after they had ended, oldest first; none before the acquirer's time."""
    return lacking(now, backlog.first_day(connection, connector), backlog.days_there(connection, connector, now))


def fetch_day(
    engine: Engine,
    access: Access,
    connector: str,
    day: date,
    actor: str,
    now: Now,
    *,
    dry_run: bool = False,
    throttle: Throttle = AT_ONCE,
) -> Report | None:
    """Fetch and import the file of a day; None when the acquirer does not have it yet.

    Raises NotFetched, and what `import_file` raises. After its day the duplicate of a file that was read before makes
    that one count as its day's.
    """
    with TemporaryFile() as file:
        if not _fetch(access, PROFILES[connector].path.format(day=day), file):
            return None
        asked = Asked(f"{day}.csv", connector, actor)
        try:
            return import_file(engine, chunks_of(file), asked, now, dry_run=dry_run, throttle=throttle)
        except DuplicateFile as same:
            if same.file_id is not None and not dry_run:
                with engine.begin() as connection:
                    store.read_again(connection, same.file_id, day, now(connection))
            raise


def chunks_of(file: IO[bytes]) -> Callable[[], Iterator[bytes]]:
    """A file that can be read again, as `import_file` takes it."""

    def chunks() -> Iterator[bytes]:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk

    return chunks


def _fetch(access: Access, path: str, file: IO[bytes]) -> bool:
    try:
        with closing(_connection(access)) as connection, Deadline(FETCH_SECONDS) as deadline:
            connection.connect()
            deadline.watch(connection.sock)
            return _answered(connection, access, path, file)
    except (OSError, HTTPException) as error:
        raise NotFetched(f"{access.url}{path}: {type(error).__name__}") from error


def _answered(connection: HTTPConnection, access: Access, path: str, file: IO[bytes]) -> bool:
    headers = {"Authorization": f"Bearer {access.key}", "Accept": "text/csv", "User-Agent": "payops"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status in _NOT_THERE:
        return False
    if answer.status != 200:
        raise NotFetched(f"{access.url}{path}: status {answer.status}")
    # no more than is read: what is larger is refused there
    while file.tell() <= LARGEST and (chunk := answer.read(CHUNK)):
        file.write(chunk)
    return True


def _connection(access: Access) -> HTTPConnection:
    """No proxy, no redirect; what the URL may be was checked when it was set."""
    parts = urlsplit(access.url)
    if parts.scheme == "https":
        tls = client_context(access.ca)
        return HTTPSConnection(parts.hostname or "", parts.port, timeout=SILENT_SECONDS, context=tls)
    return HTTPConnection(parts.hostname or "", parts.port, timeout=SILENT_SECONDS)
