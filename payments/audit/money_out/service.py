"""Audits settlement and reconciliation: each batch, adjustment, file and exception by itself, and the balances by sums.

An audit checks what changed since the last one and what has an open finding, with all items and lines; others in turn,
without them. `full` checks everything, and adds up the ledger.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from payments.audit import finding_store
from payments.audit import findings as audit_findings
from payments.audit import store as audit_store
from payments.audit.money_out import piece_reads, recorded_reads, totals
from payments.audit.money_out.parts import KINDS, PARTS, Part
from payments.audit.money_out.rows import Checked, RowsAudit
from payments.audit.money_out.totals import Ledger
from payments.audit.snapshot import Difference, FindingKind
from payments.platform.clock import database_now
from payments.platform.tasks.throttle import Rests, Stopped, Throttle

SUSPECTS: Final = 1000
"""Open findings that are checked again in one audit, those that were checked longest ago first."""


def check(engine: Engine, since: datetime | None, turn: int, throttle: Throttle) -> Iterator[Checked]:
    """Check, and store the findings, step by step.

    `since`: of the last audit, None to check everything; `turn`: the number of this audit, which says whose turn it is.
    """
    with audit_store.snapshot(engine) as connection:
        open_ = finding_store.open_without_payment(connection, KINDS, SUSPECTS)
    suspects = [Difference(FindingKind(each.kind), None, each.detail, each.subject) for each in open_]
    rest = Rests(throttle)
    try:
        for part in PARTS:
            yield from RowsAudit(engine, part, rest).steps(_ids_of(part, suspects), since, turn)
    except Stopped:
        return
    of_totals = [each for each in suspects if not any(_is_of(part, each.subject) for part in PARTS)]
    if since is None or of_totals:
        yield from _totals(engine, of_totals, throttle)


def _is_of(part: Part, subject: str) -> bool:
    noun, _, number = subject.rpartition(" ")
    return noun == part.noun and number.isdecimal()


def _ids_of(part: Part, suspects: Sequence[Difference]) -> list[int]:
    return [int(each.subject.rpartition(" ")[2]) for each in suspects if _is_of(part, each.subject)]


def _totals(engine: Engine, suspects: Sequence[Difference], throttle: Throttle) -> Iterator[Checked]:
    """All in one snapshot, so that a batch that is closed meanwhile changes neither side."""
    ledger = Ledger()
    with audit_store.snapshot(engine) as connection:
        now = database_now(connection)
        starts = list(piece_reads.pieces(connection))
        added = 0
        for _, start in zip(throttle.steps(), starts, strict=False):
            piece_reads.add_piece(connection, ledger, start)
            added += 1
        recorded = recorded_reads.recorded(connection)
    if added == len(starts):
        found = list(totals.check(ledger, recorded))
        yield Checked(1, found, audit_findings.keep_without_payment(engine, suspects, found, now))
