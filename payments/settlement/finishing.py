"""Closes one batch whose items are collected: its sums, its statement's hash, and the postings of fees and payout."""

from datetime import datetime

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.ledger import source_store
from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import SourcePosting
from payments.platform.database import begin_snapshot
from payments.platform.trusted_clock.guard import Now
from payments.settlement import item_store, store
from payments.settlement.rules import Batch, State, closed_with
from payments.settlement.statement import sha256


def finish(engine: Engine, batch: Batch, minimum: int, now: Now) -> Batch | None:
    """Close an OPEN batch and post what it moves, in one transaction; less than `minimum` (minor units) is carried.

    None, and nothing is done, when somebody else has closed it or adds items to it: then read it again.
    """
    with engine.connect().execution_options(reading=True) as connection:
        begin_snapshot(connection)  # the statement is of the items that are summed up, and may take a while
        sums = item_store.sums(connection, batch.batch_id)
        done = closed_with(batch, sums, minimum)
        digest = sha256(done, (stored.item for stored in item_store.of_batch(connection, batch.batch_id)))
    with engine.begin() as connection:
        locked = store.get(connection, batch.batch_id, lock=True)
        if locked is None or locked.batch != batch or item_store.count(connection, batch.batch_id) != sums.items:
            return None
        _close(connection, done, digest, now(connection))
        crash_points.reach("before_closing_commit")
    return done


def postings(done: Batch) -> list[SourcePosting]:
    """What closing moves out of merchant_payable: the fees, and what is to be paid out."""
    payable, currency = Account.MERCHANT_PAYABLE, done.currency
    fees = source_store.moved(0, payable, Account.FEE_REVENUE, done.fees, currency)
    if done.state is not State.CLOSED:
        return fees
    return fees + source_store.moved(1, payable, Account.PAYOUT_CLEARING, done.net, currency)


def _close(connection: Connection, done: Batch, digest: str, now: datetime) -> None:
    if not store.close(connection, done, digest, now):
        raise ValueError(f"batch {done.batch_id} is not OPEN: it is closed once")
    crash_points.reach("in_closing")
    of_batch = (SourceType.SETTLEMENT_BATCH, done.batch_id, done.merchant_id)
    source_store.post(connection, *of_batch, postings(done), now, now)
