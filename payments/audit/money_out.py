"""Audits settlement and reconciliation: each batch, adjustment, file and exception by itself, and the balances by sums.

An audit checks what changed since the last one and what has an open finding, with all items and lines; others in turn,
without them. `full` checks everything, and adds up the ledger.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Engine, bindparam, func, or_, select

from payments.audit import finding_store, reconciled_reads, settled_reads, source_reads, totals
from payments.audit import findings as audit_findings
from payments.audit import store as audit_store
from payments.audit.findings import Kept
from payments.audit.reconciled import exception_faults, file_faults
from payments.audit.settled import adjustment_faults, batch_faults, payout_file_faults
from payments.audit.snapshot import Difference, FindingKind
from payments.audit.sources import finding
from payments.audit.totals import Ledger
from payments.platform.clock import database_now
from payments.platform.recon_tables import recon_exception, recon_file
from payments.platform.settlement_tables import payout_file, settlement_adjustment, settlement_batch
from payments.platform.throttle import Throttle

CHUNK: Final = 50
"""Subjects in one snapshot."""
IN_TURN: Final = 100
"""Ids of each part that an audit checks in turn."""
SUSPECTS: Final = 1000
"""Open findings that are checked again in one audit, those that were checked longest ago first."""
RUNS_LAST: Final = timedelta(minutes=10)
"""A batch or a file has the time at which its run began: one that ended since the last audit may have an older time."""
KINDS: Final = (FindingKind.SETTLEMENT, FindingKind.RECONCILIATION)

Faults = dict[int, list[str]]
"""What is wrong about each subject that exists, by id; nothing: an empty list."""
_SINCE: Any = bindparam("since")


class Checked(NamedTuple):
    """What one step found, and what it changed among the findings; `subjects`: how many rows it checked."""

    subjects: int
    found: list[Difference]
    kept: Kept


@dataclass(frozen=True, slots=True)
class _Part:
    """A table of subjects; a finding about row 17 has the subject "noun 17"."""

    noun: str
    kind: FindingKind
    key: Column[int]
    has_changed: ColumnElement[bool]
    faults: Callable[[Connection, Sequence[int], bool], Faults]
    """(ids, whether to read items and lines)."""


def _batches(connection: Connection, ids: Sequence[int], thorough: bool) -> Faults:
    found = settled_reads.batches(connection, ids, with_items=thorough)
    return {each.row.batch_id: list(batch_faults(each)) for each in found}


def _adjustments(connection: Connection, ids: Sequence[int], _thorough: bool) -> Faults:
    found = settled_reads.adjustments(connection, ids)
    return {row.adjustment_id: list(adjustment_faults(row, posted)) for row, posted in found}


def _payout_files(connection: Connection, ids: Sequence[int], _thorough: bool) -> Faults:
    return {each.file_id: list(payout_file_faults(each)) for each in settled_reads.payout_files(connection, ids)}


def _files(connection: Connection, ids: Sequence[int], thorough: bool) -> Faults:
    found = reconciled_reads.files(connection, ids, with_lines=thorough)
    return {each.file_id: list(file_faults(each)) for each in found}


def _exceptions(connection: Connection, ids: Sequence[int], _thorough: bool) -> Faults:
    found = reconciled_reads.exceptions(connection, ids)
    return {each.row.exception_id: list(exception_faults(each)) for each in found}


_adjustment = settlement_adjustment.c
_PARTS: Final = (
    _Part(
        "batch",
        FindingKind.SETTLEMENT,
        settlement_batch.c.batch_id,
        settlement_batch.c.updated_at >= _SINCE,
        _batches,
    ),
    _Part(
        "adjustment",
        FindingKind.SETTLEMENT,
        _adjustment.adjustment_id,
        or_(_adjustment.created_at >= _SINCE, _adjustment.posted_at >= _SINCE),
        _adjustments,
    ),
    _Part(
        "payout file",
        FindingKind.SETTLEMENT,
        payout_file.c.file_id,
        payout_file.c.created_at >= _SINCE,
        _payout_files,
    ),
    _Part("file", FindingKind.RECONCILIATION, recon_file.c.file_id, recon_file.c.ended_at >= _SINCE, _files),
    _Part(
        "exception",
        FindingKind.RECONCILIATION,
        recon_exception.c.exception_id,
        recon_exception.c.ended_at >= _SINCE,
        _exceptions,
    ),
)


def check(engine: Engine, since: datetime | None, turn: int, throttle: Throttle) -> Iterator[Checked]:
    """Check, and store the findings, step by step.

    `since`: of the last audit, None to check everything; `turn`: the number of this audit, which says whose turn it is.
    """
    with audit_store.snapshot(engine) as connection:
        open_ = finding_store.open_without_payment(connection, KINDS, SUSPECTS)
    suspects = [Difference(FindingKind(each.kind), None, each.detail, each.subject) for each in open_]
    for part in _PARTS:
        yield from _Audit(engine, part, throttle).steps(_ids_of(part, suspects), since, turn)
    of_totals = [each for each in suspects if not any(_is_of(part, each.subject) for part in _PARTS)]
    if since is None or of_totals:
        yield from _totals(engine, of_totals, throttle)


def _is_of(part: _Part, subject: str) -> bool:
    noun, _, number = subject.rpartition(" ")
    return noun == part.noun and number.isdecimal()


def _ids_of(part: _Part, suspects: Sequence[Difference]) -> list[int]:
    return [int(each.subject.rpartition(" ")[2]) for each in suspects if _is_of(part, each.subject)]


class _Audit:
    """Of one part."""

    def __init__(self, engine: Engine, part: _Part, throttle: Throttle) -> None:
        self._engine = engine
        self._part = part
        self._throttle = throttle

    def steps(self, suspects: Sequence[int], since: datetime | None, turn: int) -> Iterator[Checked]:
        """Check all when `since` is None, or the suspects, what changed, and those whose turn it is."""
        if since is None:
            yield from self._everything()
            return
        key = self._part.key
        began = {"since": since - RUNS_LAST}
        with audit_store.snapshot(self._engine) as connection:
            changed = connection.execute(select(key).where(self._part.has_changed), began).scalars().all()
            first = sorted({*suspects, *changed})
            others = sorted(set(self._in_turn(connection, turn)) - set(first))
        yield from self._chunks(first, thorough=True)
        yield from self._chunks(others, thorough=False)

    def _everything(self) -> Iterator[Checked]:
        after, key = 0, self._part.key
        for _ in self._throttle.steps():
            with audit_store.snapshot(self._engine) as connection:
                ids = connection.execute(select(key).where(key > after).order_by(key).limit(CHUNK)).scalars().all()
            if not ids:
                return
            yield self._check(ids, thorough=True)
            after = ids[-1]

    def _in_turn(self, connection: Connection, turn: int) -> Sequence[int]:
        """The ids of one of the windows into which all ids are divided."""
        key = self._part.key
        highest = connection.execute(select(func.max(key))).scalar() or 0
        start = turn % (highest // IN_TURN + 1) * IN_TURN
        return connection.execute(select(key).where(key > start, key <= start + IN_TURN)).scalars().all()

    def _chunks(self, ids: Sequence[int], *, thorough: bool) -> Iterator[Checked]:
        for _, start in zip(self._throttle.steps(), range(0, len(ids), CHUNK), strict=False):
            yield self._check(ids[start : start + CHUNK], thorough=thorough)

    def _check(self, ids: Sequence[int], *, thorough: bool) -> Checked:
        with audit_store.snapshot(self._engine) as connection:
            now = database_now(connection)
            faults = self._part.faults(connection, ids, thorough)
        found = [difference for number, said in faults.items() for difference in self._finding(number, said)]
        # without its items or lines a subject may be wrong in what was not read
        cleared = [Difference(self._part.kind, None, "", self._subject(number)) for number in faults if thorough]
        return Checked(len(faults), found, audit_findings.keep_without_payment(self._engine, cleared, found, now))

    def _finding(self, number: int, said: Collection[str]) -> list[Difference]:
        return finding(self._part.kind, self._subject(number), said)

    def _subject(self, number: int) -> str:
        return f"{self._part.noun} {number}"


def _totals(engine: Engine, suspects: Sequence[Difference], throttle: Throttle) -> Iterator[Checked]:
    """All in one snapshot, so that a batch that is closed meanwhile changes neither side."""
    ledger = Ledger()
    with audit_store.snapshot(engine) as connection:
        now = database_now(connection)
        starts = list(source_reads.pieces(connection))
        added = 0
        for _, start in zip(throttle.steps(), starts, strict=False):
            source_reads.add_piece(connection, ledger, start)
            added += 1
        recorded = source_reads.recorded(connection)
    if added == len(starts):
        found = list(totals.check(ledger, recorded))
        yield Checked(1, found, audit_findings.keep_without_payment(engine, suspects, found, now))
