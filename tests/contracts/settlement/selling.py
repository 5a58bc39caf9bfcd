"""Sales at given times, settlement runs, and what must hold after each, on any database."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from sqlalchemy import Engine, func, or_, select, update

from payments.ledger.rules import Account, SourceType
from payments.merchants import service
from payments.merchants.rules import Mode
from payments.platform.tables.events import outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.merchants import merchant
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import settlement_item
from payments.platform.values.money import AmountsByCurrency
from payments.settlement import item_store, schedule_store, store
from payments.settlement.closing import SettleReport, settle_due
from payments.settlement.fees import FeeSchedule, OnRefund
from payments.settlement.rules import State
from payments.settlement.store import StoredBatch, Wanted
from tests.contracts import commands
from tests.contracts.posting import publish_and_post
from tests.moments import always

DAY: Final = timedelta(days=1)
NOON: Final = datetime(2030, 5, 17, 12, tzinfo=UTC)
"""Of the first day; its cut-off in UTC is the next midnight."""
NEXT: Final = NOON + DAY
KEYS: Final = count()
_PAYABLE: Final = Account.MERCHANT_PAYABLE.value


def never(_seconds: float) -> bool:
    """A pause that takes no time and ends nothing."""
    return False


def settle(
    engine: Engine, now: datetime = NEXT, minimum: int = 0, delay: timedelta = timedelta(), **more: Any
) -> SettleReport:
    """A run at `now`."""
    return settle_due(engine, always(now), AmountsByCurrency(minimum, {}), delay, never, **more)


def post(engine: Engine, at: datetime) -> None:
    """Post all that waits, as if it had occurred at `at`."""
    with engine.begin() as connection:
        waiting = outbox_event.c.published == 0
        connection.execute(update(outbox_event).where(waiting).values(created_at=at))
    publish_and_post(engine)


def captured(engine: Engine, amount: int, merchant_id: str = "M1", currency: str = "KRW", at: datetime = NOON) -> int:
    """A payment of twice the amount that is captured in part, not posted yet; returns its id."""
    made = commands.authorize(f"k{next(KEYS)}", 2 * amount, merchant_id, currency)
    payment_id = int(json.loads(commands.run_one(engine, made).body)["paymentId"])
    with engine.begin() as connection:
        mine = payment.c.payment_id == payment_id
        connection.execute(update(payment).where(mine).values(requested_at=at))
    capture(engine, payment_id, amount, merchant_id)
    return payment_id


def capture(engine: Engine, payment_id: int, amount: int, merchant_id: str = "M1") -> None:
    """Capture more, not posted yet."""
    done = commands.run_one(engine, commands.capture(payment_id, f"k{next(KEYS)}", amount, merchant_id))
    assert done.status == 200, done.body


def refund(engine: Engine, payment_id: int, amount: int, merchant_id: str = "M1") -> None:
    """Refund, not posted yet."""
    done = commands.run_one(engine, commands.refund(payment_id, f"k{next(KEYS)}", amount, merchant_id))
    assert done.status == 200, done.body


def sell(engine: Engine, amount: int, merchant_id: str = "M1", currency: str = "KRW", at: datetime = NOON) -> int:
    """A captured payment, posted; returns its id."""
    payment_id = captured(engine, amount, merchant_id, currency, at)
    post(engine, at)
    return payment_id


def hold(engine: Engine, event_type: str) -> None:
    """Keep the waiting events of one type from being posted until `release`."""
    with engine.begin() as connection:
        waiting = (outbox_event.c.published == 0, outbox_event.c.event_type == event_type)
        connection.execute(update(outbox_event).where(*waiting).values(published=3))


def release(engine: Engine) -> None:
    """Let what was held wait to be posted."""
    with engine.begin() as connection:
        connection.execute(update(outbox_event).where(outbox_event.c.published == 3).values(published=0))


def register(engine: Engine, merchant_id: str, zone: str, mode: Mode = Mode.LIVE) -> None:
    """Make a merchant whose days end in this time zone."""
    with engine.begin() as connection:
        service.create_merchant(connection, merchant_id, "A shop", mode, "cli:me")
        mine = merchant.c.merchant_id == merchant_id
        connection.execute(update(merchant).where(mine).values(time_zone=zone))


def price(engine: Engine, merchant_id: str = "*", currency: str = "KRW", **changed: Any) -> None:
    """A schedule of 1.5 % plus 30 that is in force on the first day."""
    plain: dict[str, Any] = {"basis_points": 150, "fixed": 30, "minimum": 0, "maximum": None}
    plain |= {"valid_from": NOON - DAY, "on_refund": OnRefund.RETURN}
    with engine.begin() as connection:
        new = FeeSchedule(merchant_id=merchant_id, currency=currency, **(plain | changed))
        schedule_store.add(connection, new, "cli:me", NOON - 2 * DAY)


def batches(engine: Engine, merchant_id: str | None = None, currency: str | None = None) -> list[StoredBatch]:
    """All batches, the oldest first."""
    with engine.connect() as connection:
        return store.page(connection, Wanted(merchant_id, currency), None, 1000)[::-1]


def payable(engine: Engine) -> Counter[tuple[str, str]]:
    """The balance of merchant_payable by merchant and currency."""
    balances: Counter[tuple[str, str]] = Counter()
    with engine.connect() as connection:
        for row in connection.execute(_moved()):
            sign = 1 if row.credit_account == _PAYABLE else -1
            balances[row.owner, row.currency] += sign * row.amount
    return balances


def _moved(*conditions: Any) -> Any:
    owner = func.coalesce(payment.c.merchant_id, ledger_entry.c.merchant_id).label("owner")
    joined = ledger_entry.outerjoin(payment, payment.c.payment_id == ledger_entry.c.payment_id)
    accounts = (ledger_entry.c.debit_account, ledger_entry.c.credit_account)
    return (
        select(ledger_entry, owner)
        .select_from(joined)
        .where(or_(*(each == _PAYABLE for each in accounts)), *conditions)
        .order_by(ledger_entry.c.entry_id)
    )


def left(engine: Engine) -> list[Any]:
    """The postings on merchant_payable that are in no item, without those of batches."""
    of_batch = func.coalesce(ledger_entry.c.source_type, "") == SourceType.SETTLEMENT_BATCH.value
    in_item = ledger_entry.c.entry_id.in_(select(settlement_item.c.entry_id))
    with engine.connect() as connection:
        return list(connection.execute(_moved(~of_batch, ~in_item)))


def check(engine: Engine) -> None:
    """What holds after any run: chains without gaps, sums of items, and what merchant_payable has."""
    expected: Counter[tuple[str, str]] = Counter()
    for row in left(engine):
        expected[row.owner, row.currency] += row.amount if row.credit_account == _PAYABLE else -row.amount
    chains: dict[tuple[str, str], list[StoredBatch]] = {}
    with engine.connect() as connection:
        for each in batches(engine):
            chains.setdefault((each.batch.merchant_id, each.batch.currency), []).append(each)
            items = [stored.item for stored in item_store.of_batch(connection, each.batch.batch_id)]
            if each.batch.state is State.OPEN:
                expected[each.batch.merchant_id, each.batch.currency] += sum(item.signed for item in items)
                continue
            assert item_store.sums(connection, each.batch.batch_id)[-1] == each.batch.items == len(items)
            signed = sum(item.signed - item.fee for item in items)
            assert each.batch.net == each.batch.carried_in + signed
    for of, chain in chains.items():
        assert [each.number for each in chain] == list(range(1, len(chain) + 1))
        carried = [each.batch.carried_out for each in chain]
        assert [each.batch.carried_in for each in chain] == [0, *carried[:-1]]
        expected[of] += carried[-1] if chain[-1].batch.state is not State.OPEN else chain[-1].batch.carried_in
    balances = payable(engine)
    assert {of: balances[of] for of in chains} == {of: expected[of] for of in chains}
