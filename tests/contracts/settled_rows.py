"""Rows of settlement as closing and payouts leave them, written by hand: what the audit must find right."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, insert, select

from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import SourcePosting, moved, post
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.settlement import (
    fee_schedule,
    payout,
    payout_file,
    settlement_adjustment,
    settlement_batch,
    settlement_item,
)
from tests.contracts import commands
from tests.contracts.posting import publish_and_post

NOW: Final = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=9)
"""Long before any audit of a test, so that only the first one finds the rows new."""
CUTOFF: Final = NOW + timedelta(days=2)
BATCH: Final = {
    "merchant_id": "M1",
    "currency": "KRW",
    "carried_in": 0,
    "gross": 0,
    "refunds": 0,
    "fees": 0,
    "adjustments": 0,
    "net": 0,
    "carried_out": 0,
    "items": 0,
    "created_at": NOW,
    "updated_at": NOW,
}

SCHEDULE: Final = {
    "schedule_id": 1000,
    "merchant_id": "M1",
    "currency": "KRW",
    "basis_points": 120,
    "fixed": 60,
    "minimum": 0,
    "valid_from": NOW,
    "on_refund": "KEEP",
    "created_at": NOW,
    "created_by": "ann",
}


def add(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row; returns its id."""
    key = connection.execute(insert(table), values).inserted_primary_key
    return 0 if key is None else int(key[0])


def settled(engine: Engine) -> None:
    """A payment of 10,000 KRW, 1,000 of it refunded; batches that were paid out, that are carried, that are open."""
    first = commands.run_one(engine, commands.authorize("k"))
    payment_id = json.loads(first.body)["paymentId"]
    commands.run_one(engine, commands.capture(payment_id, "c"))
    commands.run_one(engine, commands.refund(payment_id, "r", 1_000))
    publish_and_post(engine)
    with engine.begin() as connection:
        add(connection, fee_schedule, **SCHEDULE)
        _paid(connection)
        _carried(connection)
        add(
            connection,
            settlement_batch,
            **BATCH | {"number": 3, "state": "OPEN", "cutoff": CUTOFF + timedelta(days=2), "carried_in": -20},
        )


def _paid(connection: Connection) -> None:
    sums = {"gross": 10_000, "refunds": 1_000, "fees": 180, "net": 8_820, "items": 2, "approved_by": "ann"}
    state = {"number": 1, "state": "CONFIRMED", "cutoff": CUTOFF, "closed_at": NOW}
    batch = add(connection, settlement_batch, **BATCH | sums | state)
    entry = ledger_entry.c
    for kind, account, fee in (("CAPTURE", entry.credit_account, 180), ("REFUND", entry.debit_account, 0)):
        found = connection.execute(select(ledger_entry).where(account == Account.MERCHANT_PAYABLE)).one()
        of_event = {"entry_id": found.entry_id, "event_id": found.event_id, "payment_id": found.payment_id}
        add(connection, settlement_item, batch_id=batch, **of_event, kind=kind, amount=found.amount, fee=fee)
    payable = Account.MERCHANT_PAYABLE
    closing = [
        SourcePosting(0, payable, Account.FEE_REVENUE, 180, "KRW"),
        SourcePosting(1, payable, Account.PAYOUT_CLEARING, 8_820, "KRW"),
    ]
    post(connection, SourceType.SETTLEMENT_BATCH, batch, "M1", closing, NOW, NOW)
    content = "record,number\n"
    digest = hashlib.sha256(content.encode()).hexdigest()
    made = {"format": "CSV", "created_by": "ann", "created_at": NOW, "content": content, "sha256": digest}
    file = add(connection, payout_file, name="1", mode="TEST", currency="KRW", payouts=1, total=8_820, **made)
    whose = {"merchant_id": "M1", "currency": "KRW", "created_at": NOW, "updated_at": NOW}
    paid = add(connection, payout, batch_id=batch, file_id=file, amount=8_820, state="CONFIRMED", **whose)
    confirmed = moved(0, Account.PAYOUT_CLEARING, Account.BANK, 8_820, "KRW")
    post(connection, SourceType.PAYOUT, paid, "M1", confirmed, NOW, NOW)


def _carried(connection: Connection) -> None:
    whose = {"merchant_id": "M1", "currency": "KRW", "reason": "a box", "created_at": NOW, "posted_at": NOW}
    adjustment = add(connection, settlement_adjustment, amount=-20, proposed_by="ann", **whose)
    taken = moved(0, Account.FEE_REVENUE, Account.MERCHANT_PAYABLE, -20, "KRW")
    post(connection, SourceType.ADJUSTMENT, adjustment, "M1", taken, NOW, NOW)
    sums = {"adjustments": -20, "net": -20, "carried_out": -20, "items": 1}
    state = {"number": 2, "state": "CARRIED", "cutoff": CUTOFF + timedelta(days=1), "closed_at": NOW}
    batch = add(connection, settlement_batch, **BATCH | sums | state)
    found = connection.execute(select(ledger_entry).where(ledger_entry.c.source_type == SourceType.ADJUSTMENT)).one()
    add(connection, settlement_item, batch_id=batch, entry_id=found.entry_id, kind="ADJUSTMENT", amount=-20, fee=0)
