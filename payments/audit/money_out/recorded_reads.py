"""Adds up what the tables of settlement and reconciliation say. `totals` compares the sums."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from payments.audit.money_out.exceptions import ENDED
from payments.audit.money_out.totals import Recorded
from payments.platform.tables.reconciliation import recon_exception, recon_file, recon_total
from payments.platform.tables.settlement import payout, settlement_adjustment, settlement_batch
from payments.reconciliation.rules import FileState
from payments.settlement.rules import State

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
