"""Settlement files as operators see them, and how reconciliation stands. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import Connection

from payments.outbox.rules import format_time
from payments.platform.connectors import ConnectorName
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, OneOf, Time
from payments.platform.paging import page
from payments.reconciliation import desk_store, store
from payments.reconciliation.faults import Reason
from payments.reconciliation.rules import ExceptionClass, ExceptionState, FileState
from payments.reconciliation.store import StoredFile
from payments.reconciliation.tally import Total


@dataclass(frozen=True, slots=True)
class FileFault(JsonObject):
    """Why a file was refused; `line` is in the file, from 1, which is the header."""

    line: int
    reason: Annotated[str, OneOf(Reason)]


@dataclass(frozen=True, slots=True)
class FileTotal(JsonObject):
    """Sums of a file's lines in one currency, in minor units with their signs.

    `matchedFee` is what the contract says for the matched lines; `suspense` is what came and is not explained.
    """

    currency: str
    gross: int
    fee: int
    net: int
    matched_gross: int
    matched_fee: int
    suspense: int


@dataclass(frozen=True, slots=True)
class ReconFile(JsonObject):
    """A settlement file of an acquirer. `day` (UTC) is null until it is read; `exceptions` counts those with a line.

    `faults`: the first 100 of a file that was refused, of which nothing counts.
    """

    file_id: Identifier
    sha256: str
    connector: Annotated[str, OneOf(ConnectorName)]
    name: str
    day: str | None
    state: Annotated[str, OneOf(FileState)]
    lines: Count
    matched: Count
    exceptions: Count
    faults: list[FileFault]
    totals: list[FileTotal]
    created_by: str
    created_at: Time
    ended_at: Time | None


@dataclass(frozen=True, slots=True)
class ExceptionCount(JsonObject):
    """Exceptions of one class that have not ended: `open`, by age since they were found, and `waiting`."""

    class_: Annotated[str, OneOf(ExceptionClass)]
    open: Count
    waiting: Count
    older_than_day: Count
    older_than_week: Count
    oldest_at: Time | None


@dataclass(frozen=True, slots=True)
class Suspense(JsonObject):
    """What exceptions that have not ended leave in suspense, in minor units."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reconciliation(JsonObject):
    """How reconciliation stands: each class of exceptions, suspense by currency, and the file that came last."""

    exceptions: list[ExceptionCount]
    suspense: list[Suspense]
    newest_file: ReconFile | None


def summary(connection: Connection, now: datetime) -> Reconciliation:
    """How it stands at `now`."""
    counted = desk_store.not_ended(connection, now)
    newest = store.page(connection, None, 1)
    return Reconciliation(
        [_count(one, [each for each in counted if each.exception_class is one]) for one in ExceptionClass],
        [Suspense(currency, amount) for currency, amount in desk_store.suspense(connection)],
        _file(connection, newest[0]) if newest else None,
    )


def files(connection: Connection, before: int | None, limit: int) -> tuple[list[ReconFile], int | None]:
    """A page of files, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[StoredFile]:
        return store.page(connection, behind, size)

    return page(read, lambda one: _file(connection, one), lambda one: one.file_id, before, limit)


def get_file(connection: Connection, file_id: int) -> ReconFile:
    """One file. Raises NotFound."""
    found = store.get(connection, file_id)
    if found is None:
        raise NotFound(f"There is no settlement file {file_id}.")
    return _file(connection, found)


def _file(connection: Connection, found: StoredFile) -> ReconFile:
    return ReconFile(
        file_id=found.file_id,
        sha256=found.sha256,
        connector=found.connector,
        name=found.name,
        day=None if found.day is None else found.day.isoformat(),
        state=found.state.value,
        lines=found.line_count,
        matched=found.matched,
        exceptions=found.exceptions,
        faults=[FileFault(fault.line, str(fault.reason)) for fault in found.faults],
        totals=[_total(*each) for each in store.totals(connection, found.file_id).items()],
        created_by=found.created_by,
        created_at=format_time(found.created_at),
        ended_at=_time(found.ended_at),
    )


def _total(currency: str, total: Total) -> FileTotal:
    sums = (total.gross, total.fee, total.net, total.matched_gross, total.matched_fee, total.suspense)
    return FileTotal(currency, *sums)


def _count(exception_class: ExceptionClass, counted: Sequence[desk_store.Waiting]) -> ExceptionCount:
    opened = [each for each in counted if each.state is ExceptionState.OPEN]
    return ExceptionCount(
        class_=exception_class.value,
        open=sum(each.number for each in opened),
        waiting=sum(each.number for each in counted) - sum(each.number for each in opened),
        older_than_day=sum(each.older_than_day for each in opened),
        older_than_week=sum(each.older_than_week for each in opened),
        oldest_at=_time(min((each.oldest_at for each in opened), default=None)),
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
