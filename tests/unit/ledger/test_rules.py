"""Postings by the table of docs/architecture.md, and that they add up to the payment's amounts in any order."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.ledger.rules import CREDIT_NORMAL, Account, Posting, balance, balances_of, postings
from payments.outbox.rules import EventType
from payments.payment.rules import NewPayment
from payments.platform.errors import Conflict

HOLD, CLEARING = Account.CUSTOMER_HOLD, Account.HOLD_CLEARING
RECEIVABLE, PAYABLE = Account.ACQUIRER_RECEIVABLE, Account.MERCHANT_PAYABLE
NOW = datetime(2025, 10, 27, tzinfo=UTC)
LIFETIME = timedelta(days=7)


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        (EventType.AUTHORIZED, [Posting(0, HOLD, CLEARING, 700)]),
        (EventType.CAPTURED, [Posting(0, CLEARING, HOLD, 700), Posting(1, RECEIVABLE, PAYABLE, 700)]),
        (EventType.REFUNDED, [Posting(0, PAYABLE, RECEIVABLE, 700)]),
        (EventType.VOIDED, [Posting(0, CLEARING, HOLD, 700)]),
        (EventType.EXPIRED, [Posting(0, CLEARING, HOLD, 700)]),
    ],
)
def test_postings_by_the_table(event_type: EventType, expected: list[Posting]) -> None:
    assert postings(event_type, 700) == expected


def test_every_event_has_postings() -> None:
    assert all(postings(event_type, 1) for event_type in EventType)


@pytest.mark.parametrize("account", Account)
def test_a_balance_is_counted_on_the_account_s_normal_side(account: Account) -> None:
    assert balance(account, 5, 2) == (-3 if account in CREDIT_NORMAL else 3)


STEPS = st.lists(st.tuples(st.sampled_from(["capture", "refund", "void", "expire"]), st.integers(1, 9)), max_size=10)
EVENT = {
    "capture": EventType.CAPTURED,
    "refund": EventType.REFUNDED,
    "void": EventType.VOIDED,
    "expire": EventType.EXPIRED,
}


@given(st.integers(1, 30), STEPS, st.randoms(use_true_random=False))
def test_postings_of_any_legal_sequence_add_up_in_any_order(
    amount: int, steps: list[tuple[str, int]], random: Random
) -> None:
    payment = NewPayment("M1", "key", amount, "KRW", LIFETIME).stored(0, NOW)
    events = [(EventType.AUTHORIZED, amount)]
    for name, wanted in steps:
        now = NOW + LIFETIME if name == "expire" else NOW
        try:
            payment, step = getattr(payment, name)(*([wanted, now] if name in ("capture", "refund") else [now]))
        except Conflict:
            continue
        events.append((EVENT[name], step))
    random.shuffle(events)
    debits: Counter[Account] = Counter()
    credited: Counter[Account] = Counter()
    for event_type, step in events:
        for posting in postings(event_type, step):
            debits[posting.debit] += posting.amount
            credited[posting.credit] += posting.amount
    balances = {account: balance(account, debits[account], credited[account]) for account in Account}
    # an event moves nothing on the accounts of settlement and reconciliation
    assert balances == dict.fromkeys(Account, 0) | balances_of(
        amount, payment.captured_amount, payment.released_amount, payment.refunded_amount
    )
    assert debits.total() == credited.total()
