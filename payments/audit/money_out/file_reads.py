"""Reads acquirers' files for the audit. `file_rules` checks them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select

from payments.audit.money_out import line_reads
from payments.audit.money_out.file_sums import AuditedFile, ExceptionSums, Total
from payments.audit.money_out.source_reads import net_by_source
from payments.ledger.rules import SourceType
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_total
from payments.platform.tasks.throttle import Rest
from payments.reconciliation.rules import ExceptionClass, FileState

_IDS: Any = bindparam("ids", expanding=True)


_exception = recon_exception.c


_FILES = select(recon_file.c.file_id, recon_file.c.state, recon_file.c.line_count, recon_file.c.matched).where(
    recon_file.c.file_id.in_(_IDS)
)


_TOTALS = select(
    recon_total.c.file_id,
    recon_total.c.currency,
    recon_total.c.gross,
    recon_total.c.fee,
    recon_total.c.net,
    recon_total.c.matched_gross,
    recon_total.c.matched_fee,
    recon_total.c.suspense,
).where(recon_total.c.file_id.in_(_IDS))


_IS_FEE = _exception.exception_class == ExceptionClass.FEE


_OF_FILES = (
    select(
        _exception.file_id,
        _exception.currency,
        func.count(case((and_(_exception.number.is_not(None), ~_IS_FEE), 1))),
        func.sum(_exception.suspense),
        func.sum(case((_IS_FEE, _exception.suspense), else_=0)),
    )
    .where(_exception.file_id.in_(_IDS))
    .group_by(_exception.file_id, _exception.currency)
)


def files(connection: Connection, ids: Sequence[int], rest: Rest | None) -> list[AuditedFile]:
    """These files; the lines of those that are DONE are read, with a `rest` after each piece. None: not."""
    posted = net_by_source(connection, SourceType.RECON_FILE, ids)
    totals: defaultdict[int, dict[str, Total]] = defaultdict(dict)
    for file_id, currency, *sums in connection.execute(_TOTALS, {"ids": ids}):
        totals[file_id][currency] = Total(*sums)
    exceptions: defaultdict[int, dict[str, ExceptionSums]] = defaultdict(dict)
    for file_id, currency, *sums in connection.execute(_OF_FILES, {"ids": ids}):
        exceptions[file_id][currency] = ExceptionSums(*map(int, sums))
    found = []
    for file_id, state, line_count, matched in connection.execute(_FILES, {"ids": ids}).all():
        lines = line_reads.lines(connection, file_id, rest) if rest and state == FileState.DONE else None
        its = (totals[file_id], lines, exceptions[file_id], posted.get(file_id, Counter()))
        found.append(AuditedFile(file_id, state, line_count, matched, *its))
    return found
