"""The tables of settlement and reconciliation that audits check row by row. `service` says when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, bindparam, or_

from payments.audit.money_out import batch_reads, exception_reads, file_reads, payout_reads
from payments.audit.money_out.batch_rules import batch_faults
from payments.audit.money_out.exception_rules import exception_faults
from payments.audit.money_out.file_rules import file_faults
from payments.audit.money_out.payout_rules import adjustment_faults, payout_file_faults
from payments.audit.snapshot import FindingKind
from payments.platform.tables.reconciliation import recon_exception, recon_file
from payments.platform.tables.settlement import payout_file, settlement_adjustment, settlement_batch
from payments.platform.tasks.throttle import Rest

KINDS: Final = (FindingKind.SETTLEMENT, FindingKind.RECONCILIATION)


Faults = dict[int, list[str]]
"""What is wrong about each subject that exists, by id; nothing: an empty list."""


_SINCE: Any = bindparam("since")


@dataclass(frozen=True, slots=True)
class Part:
    """A table of subjects; a finding about row 17 has the subject "noun 17"."""

    noun: str
    kind: FindingKind
    key: Column[int]
    has_changed: ColumnElement[bool]
    faults: Callable[[Connection, Sequence[int], Rest | None], Faults]
    """(ids, the rest after each piece of items and lines; None: these are not read)."""


def _batches(connection: Connection, ids: Sequence[int], rest: Rest | None) -> Faults:
    found = batch_reads.batches(connection, ids, rest)
    return {each.row.batch_id: list(batch_faults(each)) for each in found}


def _adjustments(connection: Connection, ids: Sequence[int], _rest: Rest | None) -> Faults:
    found = payout_reads.adjustments(connection, ids)
    return {row.adjustment_id: list(adjustment_faults(row, posted)) for row, posted in found}


def _payout_files(connection: Connection, ids: Sequence[int], _rest: Rest | None) -> Faults:
    return {each.file_id: list(payout_file_faults(each)) for each in payout_reads.payout_files(connection, ids)}


def _files(connection: Connection, ids: Sequence[int], rest: Rest | None) -> Faults:
    found = file_reads.files(connection, ids, rest)
    return {each.file_id: list(file_faults(each)) for each in found}


def _exceptions(connection: Connection, ids: Sequence[int], _rest: Rest | None) -> Faults:
    found = exception_reads.exceptions(connection, ids)
    return {each.row.exception_id: list(exception_faults(each)) for each in found}


_adjustment = settlement_adjustment.c


PARTS: Final = (
    Part(
        "batch",
        FindingKind.SETTLEMENT,
        settlement_batch.c.batch_id,
        settlement_batch.c.updated_at >= _SINCE,
        _batches,
    ),
    Part(
        "adjustment",
        FindingKind.SETTLEMENT,
        _adjustment.adjustment_id,
        or_(_adjustment.created_at >= _SINCE, _adjustment.posted_at >= _SINCE),
        _adjustments,
    ),
    Part(
        "payout file",
        FindingKind.SETTLEMENT,
        payout_file.c.file_id,
        payout_file.c.created_at >= _SINCE,
        _payout_files,
    ),
    Part("file", FindingKind.RECONCILIATION, recon_file.c.file_id, recon_file.c.ended_at >= _SINCE, _files),
    Part(
        "exception",
        FindingKind.RECONCILIATION,
        recon_exception.c.exception_id,
        recon_exception.c.ended_at >= _SINCE,
        _exceptions,
    ),
)
