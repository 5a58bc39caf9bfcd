"""Reads what the postings of sources changed, and the sums of all postings in pieces. `audit.totals` compares them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, bindparam, case, func, or_, select

from payments.audit.reconciled import ENDED
from payments.audit.sources import Net, SourceEntry, net_of
from payments.audit.totals import Ledger, Moved, Recorded
from payments.ledger.rules import Account, SourceType
from payments.platform.recon_tables import recon_exception, recon_file, recon_total
from payments.platform.settlement_tables import payout, settlement_adjustment, settlement_batch, settlement_item
from payments.platform.tables import ledger_entry, payment
from payments.reconciliation.rules import FileState
from payments.settlement.rules import State

PIECE: Final = 20_000
"""Ids of postings that one statement adds up."""

_ENTRIES = select(
    ledger_entry.c.source_id,
    ledger_entry.c.debit_account,
    ledger_entry.c.credit_account,
    ledger_entry.c.amount,
    ledger_entry.c.currency,
    ledger_entry.c.merchant_id,
).where(
    ledger_entry.c.source_type == bindparam("source_type"),
    ledger_entry.c.source_id.in_(bindparam("ids", expanding=True)),
)


def net_by_source(connection: Connection, source_type: SourceType, ids: Sequence[int]) -> dict[int, Net]:
    """What the postings of these sources changed; those without postings are absent."""
    rows = connection.execute(_ENTRIES, {"source_type": source_type.value, "ids": ids})
    return net_of(SourceEntry(*row) for row in rows)


_ACCOUNTS: Final = (
    Account.MERCHANT_PAYABLE,
    Account.FEE_REVENUE,
    Account.PAYOUT_CLEARING,
    Account.BANK,
    Account.RECONCILIATION_SUSPENSE,
)
_OF_BATCH = and_(ledger_entry.c.source_type.is_not(None), ledger_entry.c.source_type == SourceType.SETTLEMENT_BATCH)
_IN_CLOSED = and_(settlement_batch.c.batch_id.is_not(None), settlement_batch.c.state != State.OPEN)
_GROUPS = (
    ledger_entry.c.debit_account,
    ledger_entry.c.credit_account,
    ledger_entry.c.currency,
    func.coalesce(payment.c.merchant_id, ledger_entry.c.merchant_id).label("merchant"),
    case((or_(_OF_BATCH, _IN_CLOSED), 0), else_=1).label("is_due"),
)
_MOVED: Select[Any] = (
    select(*_GROUPS, func.sum(ledger_entry.c.amount))
    .select_from(
        ledger_entry.outerjoin(payment, payment.c.payment_id == ledger_entry.c.payment_id)
        .outerjoin(settlement_item, settlement_item.c.entry_id == ledger_entry.c.entry_id)
        .outerjoin(settlement_batch, settlement_batch.c.batch_id == settlement_item.c.batch_id)
    )
    .where(
        ledger_entry.c.entry_id > bindparam("after"),
        ledger_entry.c.entry_id <= bindparam("until"),
        or_(ledger_entry.c.debit_account.in_(_ACCOUNTS), ledger_entry.c.credit_account.in_(_ACCOUNTS)),
    )
    .group_by(*_GROUPS)
)


def pieces(connection: Connection) -> Iterator[int]:
    """Where each piece of the ledger begins: `add_piece` adds it up."""
    last = connection.execute(select(func.max(ledger_entry.c.entry_id))).scalar() or 0
    yield from range(0, last, PIECE)


def add_piece(connection: Connection, ledger: Ledger, after: int) -> None:
    """Add the postings of the PIECE ids above `after`."""
    found = connection.execute(_MOVED, {"after": after, "until": after + PIECE})
    for debit, credit, currency, merchant_id, is_due, amount in found:
        ledger.add(Moved(debit, credit, currency, merchant_id, bool(is_due), int(amount)))


_CLOSED = settlement_batch.c.state != State.OPEN
_NEWEST = (
    select(settlement_batch.c.merchant_id, settlement_batch.c.currency, func.max(settlement_batch.c.number).label("n"))
    .where(_CLOSED)
    .group_by(settlement_batch.c.merchant_id, settlement_batch.c.currency)
    .subquery()
)
_CARRIED = select(settlement_batch.c.merchant_id, settlement_batch.c.currency, settlement_batch.c.carried_out).join(
    _NEWEST,
    and_(
        settlement_batch.c.merchant_id == _NEWEST.c.merchant_id,
        settlement_batch.c.currency == _NEWEST.c.currency,
        settlement_batch.c.number == _NEWEST.c.n,
    ),
)
_UNPAID = (State.CLOSED, State.APPROVED, State.EXPORTED)


def recorded(connection: Connection) -> Recorded:
    """The sums of the tables of settlement and reconciliation."""
    batch, adjustment, exception = settlement_batch.c, settlement_adjustment.c, recon_exception.c
    of_done = recon_total.c.file_id.in_(select(recon_file.c.file_id).where(recon_file.c.state == FileState.DONE))
    # nothing of a file counts before it is DONE; what is missing is of no file
    counts = or_(
        exception.file_id.is_(None),
        exception.file_id.in_(select(recon_file.c.file_id).where(recon_file.c.state == FileState.DONE)),
    )
    return Recorded(
        carried=Counter({(row[0], row[1]): row[2] for row in connection.execute(_CARRIED)}),
        unpaid=_sums(connection, _by(batch.currency, batch.net).where(batch.state.in_(_UNPAID))),
        fees=_sums(connection, _by(batch.currency, batch.fees).where(_CLOSED)),
        adjusted=_sums(
            connection, _by(adjustment.currency, adjustment.amount).where(adjustment.posted_at.is_not(None))
        ),
        confirmed=_sums(connection, _by(payout.c.currency, payout.c.amount).where(payout.c.state == State.CONFIRMED)),
        settled=_sums(connection, _by(recon_total.c.currency, recon_total.c.net).where(of_done)),
        suspense=_sums(
            connection, _by(exception.currency, exception.suspense).where(exception.state.not_in(ENDED), counts)
        ),
    )


def _by(currency: Any, amount: Any) -> Select[Any]:
    return select(currency, func.sum(amount)).group_by(currency)


def _sums(connection: Connection, query: Select[Any]) -> Counter[str]:
    return Counter({currency: int(amount) for currency, amount in connection.execute(query)})
