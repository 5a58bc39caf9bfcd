"""What waits on the way to the bank: batches that are not ended and payouts that are not confirmed. For metrics."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, func, select

from payments.platform.tables.settlement import payout, settlement_batch
from payments.settlement import payees
from payments.settlement.rules import UNPAID, State

LIVE: Final = (State.OPEN, State.CLOSED, State.APPROVED, State.EXPORTED)
"""The others are ends: their number only grows."""


@dataclass(frozen=True, slots=True)
class PayoutBacklog:
    """Batches by state (LIVE), and since when the oldest waits; None: nothing waits.

    `held`: those of `batches` that are to be paid out and whose merchant is suspended. `overdue_since`: the oldest
    cut-off whose batch is not closed. `unpaid_since`: the oldest closing of a batch that is in no payout file, and not
    held. `unconfirmed_since`: the oldest export that has neither been paid nor come back.
    """

    batches: dict[State, int]
    held: int
    overdue_since: datetime | None
    unpaid_since: datetime | None
    unconfirmed_since: datetime | None


_IS_SUSPENDED = settlement_batch.c.merchant_id.in_(payees.SUSPENDED)
_PAYABLE_SINCE = case((~_IS_SUSPENDED, settlement_batch.c.closed_at))
_BATCHES = (
    select(
        settlement_batch.c.state,
        func.count().label("number"),
        func.count(case((_IS_SUSPENDED, 1))).label("suspended"),
        func.min(settlement_batch.c.cutoff, type_=settlement_batch.c.cutoff.type).label("cutoff"),
        func.min(_PAYABLE_SINCE, type_=settlement_batch.c.closed_at.type).label("payable_since"),
    )
    .where(settlement_batch.c.state.in_([state.value for state in LIVE]))
    .group_by(settlement_batch.c.state)
)
_UNCONFIRMED = select(func.min(payout.c.created_at, type_=payout.c.created_at.type)).where(
    payout.c.state == State.EXPORTED.value
)


def payout_backlog(connection: Connection) -> PayoutBacklog:
    """The backlog now; reads only rows that wait."""
    found = {State(row.state): row for row in connection.execute(_BATCHES)}
    unpaid = [found[state] for state in UNPAID if state in found]
    return PayoutBacklog(
        {state: found[state].number if state in found else 0 for state in LIVE},
        sum(row.suspended for row in unpaid),
        found[State.OPEN].cutoff if State.OPEN in found else None,
        min((row.payable_since for row in unpaid if row.payable_since is not None), default=None),
        connection.execute(_UNCONFIRMED).scalar(),
    )
