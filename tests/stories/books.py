"""The ledger of a test: delivers events as Kafka does, and reads the accounts."""

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, select, text, update

from payments.audit.service import Report, audit
from payments.ledger.checking import Message
from payments.ledger.posting import PostingResult, post_batch
from payments.ledger.rules import Account, balance
from payments.outbox import store as outbox_store
from payments.outbox.rules import with_event_id
from payments.outbox.store import OutboxRow
from payments.payment import store as payment_store
from payments.payment.rules import Payment
from payments.platform.tables.events import outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import payment
from tests.contracts.commands import authorize, run_one

CLUSTER = "cluster-of-the-stories"


class Books:
    """One database: its payments, their events, and the ledger."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: of a migrated database."""
        self.engine = engine
        self._offset = 0

    def authorize(self, key: str, amount: int, currency: str = "KRW") -> int:
        """Authorize `amount`; returns the payment's id."""
        return int(json.loads(run_one(self.engine, authorize(key, amount, currency=currency)).body)["paymentId"])

    def payment(self, payment_id: int) -> Payment:
        """The payment as it is stored."""
        with self.engine.connect() as connection:
            found = payment_store.get(connection, payment_id)
        assert found is not None
        return found

    def let_a_week_pass(self, payment_id: int) -> None:
        """Make the authorization seven days older, so that it has expired."""
        with self.engine.begin() as connection:
            now_over = update(payment).where(payment.c.payment_id == payment_id)
            connection.execute(now_over.values(expires_at=payment.c.requested_at))

    def events(self) -> list[OutboxRow]:
        """All events that are stored, in the order of their ids."""
        with self.engine.connect() as connection:
            ids = connection.execute(select(outbox_event.c.event_id).order_by(outbox_event.c.event_id)).scalars().all()
            return list(outbox_store.payment_events(connection, ids).values())

    def deliver(self, events: Sequence[OutboxRow] | None = None) -> list[PostingResult]:
        """Deliver `events` (or all) to the ledger in this order; each delivery is a message of its own."""
        messages = [self._message(event) for event in (self.events() if events is None else events)]
        return post_batch(self.engine, messages, CLUSTER) if messages else []

    def _message(self, event: OutboxRow) -> Message:
        self._offset += 1
        value = with_event_id(event.payload, event.event_id).encode()
        return Message(event.topic, 0, self._offset, 1_700_000_000_000, str(event.aggregate_id).encode(), value)

    def entries(self, payment_id: int) -> list[tuple[str, str, int]]:
        """(debit, credit, amount) of each posting of a payment, oldest first."""
        wanted = (ledger_entry.c.debit_account, ledger_entry.c.credit_account, ledger_entry.c.amount)
        of_payment = select(*wanted).where(ledger_entry.c.payment_id == payment_id).order_by(ledger_entry.c.entry_id)
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(of_payment)]

    def trial_balance(self) -> int:
        """Debits − credits over all lines; zero in a correct ledger."""
        with self.engine.connect() as connection:
            return int(
                connection.execute(text("SELECT COALESCE(SUM(debit) - SUM(credit), 0) FROM ledger_line")).scalar_one()
            )

    def audit(self) -> Report:
        """The audit's report."""
        return audit(self.engine, full=True, answers_kept=timedelta(days=30))


def balances(entries: Sequence[tuple[str, str, int]]) -> dict[Account, int]:
    """The balance of each account, on its normal side, after these postings."""
    return {
        account: balance(
            account,
            sum(amount for debit, _, amount in entries if debit == account),
            sum(amount for _, credit, amount in entries if credit == account),
        )
        for account in Account
    }
