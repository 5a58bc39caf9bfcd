"""Postings as a pure function of one event. A posting names both accounts in one row, so it balances by itself.

Per payment, always: customer_hold = what is open; merchant_payable = captured − refunded.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from payments.outbox.rules import EventType


class Account(StrEnum):
    """The four accounts of the ledger."""

    CUSTOMER_HOLD = "customer_hold"
    HOLD_CLEARING = "hold_clearing"
    ACQUIRER_RECEIVABLE = "acquirer_receivable"
    MERCHANT_PAYABLE = "merchant_payable"


@dataclass(frozen=True, slots=True)
class Posting:
    """One row: `amount` (minor units, > 0) goes from the credit account to the debit account."""

    posting_no: int
    debit: Account
    credit: Account
    amount: int


_HOLD = (Account.CUSTOMER_HOLD, Account.HOLD_CLEARING)
_UNHOLD = (Account.HOLD_CLEARING, Account.CUSTOMER_HOLD)
_EARN = (Account.ACQUIRER_RECEIVABLE, Account.MERCHANT_PAYABLE)
_GIVE_BACK = (Account.MERCHANT_PAYABLE, Account.ACQUIRER_RECEIVABLE)

RULES: Final[dict[EventType, tuple[tuple[Account, Account], ...]]] = {
    EventType.AUTHORIZED: (_HOLD,),
    EventType.CAPTURED: (_UNHOLD, _EARN),
    EventType.REFUNDED: (_GIVE_BACK,),
    EventType.VOIDED: (_UNHOLD,),
    EventType.EXPIRED: (_UNHOLD,),
}
"""Event type → (debit, credit) of each posting, in order of its posting number."""


def postings(event_type: EventType, amount: int) -> list[Posting]:
    """The postings of one event whose step was `amount` (minor units)."""
    return [Posting(number, debit, credit, amount) for number, (debit, credit) in enumerate(RULES[event_type])]


CREDIT_NORMAL: Final = frozenset({Account.HOLD_CLEARING, Account.MERCHANT_PAYABLE})
"""Accounts that grow by credits (liabilities); the others grow by debits (assets and holds)."""


def balance(account: Account, debits: int, credits: int) -> int:
    """An account's balance on its normal side, never negative in a correct ledger (minor units)."""
    return credits - debits if account in CREDIT_NORMAL else debits - credits


def balances_of(amount: int, captured: int, released: int, refunded: int) -> dict[Account, int]:
    """The balance of each account for a payment with these amounts (minor units) once all its events are posted."""
    still_open = amount - captured - released
    earned = captured - refunded
    return {
        Account.CUSTOMER_HOLD: still_open,
        Account.HOLD_CLEARING: still_open,
        Account.ACQUIRER_RECEIVABLE: earned,
        Account.MERCHANT_PAYABLE: earned,
    }
