"""Settlement files and their totals, in `recon_file` and `recon_total`.

`line_store` has their lines, `exception_store` what did not agree.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from payments.platform.tables.reconciliation import recon_file, recon_total, recon_upload
from payments.platform.writing import Insert, write
from payments.reconciliation.faults import Fault, Reason
from payments.reconciliation.file_days import end_of
from payments.reconciliation.rules import FileState
from payments.reconciliation.tally import Total

_TOTAL: Final = ("file_id", "currency", "gross", "fee", "net", "matched_gross", "matched_fee", "suspense")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One row of `recon_file`. `sha256` in hex; `day` in UTC; `faults` only of a REFUSED one."""

    file_id: int
    sha256: str
    connector: str
    name: str
    day: date | None
    state: FileState
    line_count: int
    matched: int
    exceptions: int
    faults: tuple[Fault, ...]
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    searched_at: datetime | None


def _file(row: Row[Any]) -> StoredFile:
    faults = tuple(Fault(each["line"], Reason(each["reason"])) for each in json.loads(row.faults or "[]"))
    return StoredFile(**{**row._mapping, "state": FileState(row.state), "faults": faults})


def get(connection: Connection, file_id: int) -> StoredFile | None:
    """One file, or None."""
    row = connection.execute(select(recon_file).where(recon_file.c.file_id == file_id)).first()
    return None if row is None else _file(row)


def with_digest(connection: Connection, sha256: str) -> StoredFile | None:
    """The file that has these bytes, or None."""
    row = connection.execute(select(recon_file).where(recon_file.c.sha256 == sha256)).first()
    return None if row is None else _file(row)


def page(connection: Connection, before: int | None, limit: int) -> list[StoredFile]:
    """At most `limit` files, newest first, with ids smaller than `before`."""
    query = select(recon_file).order_by(recon_file.c.file_id.desc()).limit(limit)
    if before is not None:
        query = query.where(recon_file.c.file_id < before)
    return [_file(row) for row in connection.execute(query)]


def in_state(connection: Connection, state: FileState) -> list[int]:
    """Ids of the files in this state, oldest first."""
    query = select(recon_file.c.file_id).where(recon_file.c.state == state.value).order_by(recon_file.c.file_id)
    return list(connection.execute(query).scalars())


def is_uploaded(connection: Connection, file_id: int) -> bool:
    """Whether the bytes of a file are kept, so that it can be read again."""
    query = select(recon_upload.c.file_id).where(recon_upload.c.file_id == file_id)
    return connection.execute(query).first() is not None


def first_day(connection: Connection, connector: str) -> date | None:
    """The first day of which an acquirer's file is DONE."""
    found: date | None = connection.execute(select(func.min(recon_file.c.day)).where(*_done(connector))).scalar()
    return found


def searched_day_before(connection: Connection, connector: str, day: date) -> date | None:
    """The last day before `day` of which an acquirer's file is DONE and the search for what is missing has ended."""
    is_searched = recon_file.c.searched_at.is_not(None)
    query = select(func.max(recon_file.c.day)).where(*_done(connector), is_searched, recon_file.c.day < day)
    found: date | None = connection.execute(query).scalar()
    return found


def done_files(connection: Connection, connector: str, day: date | None, lines: int) -> list[StoredFile]:
    """An acquirer's files of a day that are DONE and have so many lines."""
    query = select(recon_file).where(*_done(connector), recon_file.c.day == day, recon_file.c.line_count == lines)
    return [_file(row) for row in connection.execute(query)]


def early_files(connection: Connection, connector: str, day: date) -> list[StoredFile]:
    """An acquirer's files of a day that are DONE, have lines, and were read before the day had ended."""
    is_early = (recon_file.c.day == day, recon_file.c.line_count > 0, recon_file.c.ended_at < end_of(day))
    return [_file(row) for row in connection.execute(select(recon_file).where(*_done(connector), *is_early))]


def add(connection: Connection, sha256: str, connector: str, name: str, actor: str, now: datetime) -> int:
    """A new file, READING; returns its id. Raises sqlalchemy's IntegrityError when its bytes are there already."""
    told = {"sha256": sha256, "connector": connector, "name": name, "created_by": actor, "created_at": now}
    begun = {"state": FileState.READING.value, "line_count": 0, "matched": 0, "exceptions": 0}
    found: int = connection.execute(insert(recon_file).values(**told, **begun)).inserted_primary_key[0]  # type: ignore[index]
    return found


def forget(connection: Connection, file_id: int) -> None:
    """Delete a file whose lines are deleted."""
    connection.execute(delete(recon_file).where(recon_file.c.file_id == file_id))


def change(connection: Connection, file_id: int, before: FileState, **values: Any) -> bool:
    """Change columns of a file that is in the state `before`; False when it is not."""
    query = update(recon_file).where(recon_file.c.file_id == file_id, recon_file.c.state == before.value)
    return connection.execute(query.values(values)).rowcount == 1


def read_again(connection: Connection, file_id: int, day: date, now: datetime) -> None:
    """Say that the acquirer hands out the same file for its day at `now`: one that was read before the day had ended
    ends then.
    """
    file = get(connection, file_id)
    if file and file.day == day and file.ended_at and file.ended_at < end_of(day) <= now:
        change(connection, file_id, FileState.DONE, ended_at=now)


def count_lines(connection: Connection, file_id: int, more: int) -> bool:
    """Count lines that were written; False when the file is not READING any more."""
    return change(connection, file_id, FileState.READING, line_count=recon_file.c.line_count + more)


def faults_text(faults: Iterable[Fault]) -> str:
    """Faults as they are stored."""
    return json.dumps([{"line": fault.line, "reason": fault.reason.value} for fault in faults])


def add_totals(connection: Connection, file_id: int, totals: Mapping[str, Total]) -> None:
    """Write the sums of a file."""
    rows = [
        (file_id, currency, each.gross, each.fee, each.net, each.matched_gross, each.matched_fee, each.suspense)
        for currency, each in sorted(totals.items())
    ]
    if rows:
        write(connection, Insert(recon_total.name, _TOTAL, rows))


def uncount_match(
    connection: Connection, file_id: int, currency: str, gross: int, fee: int, is_new_exception: bool
) -> None:
    """Take a matched line out of what a file has matched. `fee`: the contract's, as it was counted."""
    of_file = (recon_total.c.file_id == file_id, recon_total.c.currency == currency)
    sums = {
        "matched_gross": recon_total.c.matched_gross - gross,
        "matched_fee": recon_total.c.matched_fee - fee,
        "suspense": recon_total.c.suspense + (gross - fee),
    }
    connection.execute(update(recon_total).where(*of_file).values(sums))
    counts = {"matched": recon_file.c.matched - 1, "exceptions": recon_file.c.exceptions + int(is_new_exception)}
    connection.execute(update(recon_file).where(recon_file.c.file_id == file_id).values(counts))


def totals(connection: Connection, file_id: int) -> dict[str, Total]:
    """The sums of a file by currency, in the order of their codes."""
    query = select(recon_total).where(recon_total.c.file_id == file_id).order_by(recon_total.c.currency)
    return {
        row.currency: Total(row.gross, row.fee, row.matched_gross, row.matched_fee) for row in connection.execute(query)
    }


def _done(connector: str) -> tuple[Any, ...]:
    return (recon_file.c.connector == connector, recon_file.c.state == FileState.DONE.value)
