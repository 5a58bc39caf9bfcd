"""Accounts, and postings as a pure function of one event. A posting names both accounts, so it balances by itself.

Per payment, always: customer_hold = what is open; merchant_payable = captured − refunded, until it is settled.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from payments.outbox.rules import EventType


class Account(StrEnum):
    """The accounts of the ledger. Events of payments post to the first four, sources to all but the first two."""

    CUSTOMER_HOLD = "customer_hold"
    HOLD_CLEARING = "hold_clearing"
    ACQUIRER_RECEIVABLE = "acquirer_receivable"
    MERCHANT_PAYABLE = "merchant_payable"
    FEE_REVENUE = "fee_revenue"
    """What merchants pay us."""
    ACQUIRER_FEE_EXPENSE = "acquirer_fee_expense"
    """What acquirers keep, and what was written off."""
    PAYOUT_CLEARING = "payout_clearing"
    """What merchants are to be paid, until the bank has paid it."""
    BANK = "bank"
    RECONCILIATION_SUSPENSE = "reconciliation_suspense"
    """What came from an acquirer and nobody can explain yet."""


class SourceType(StrEnum):
    """What a posting is of that is of no event."""

    SETTLEMENT_BATCH = "settlement_batch"
    PAYOUT = "payout"
    ADJUSTMENT = "adjustment"
    RECON_FILE = "recon_file"
    RECON_EXCEPTION = "recon_exception"


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


CREDIT_NORMAL: Final = frozenset(
    {
        Account.HOLD_CLEARING,
        Account.MERCHANT_PAYABLE,
        Account.FEE_REVENUE,
        Account.PAYOUT_CLEARING,
        Account.RECONCILIATION_SUSPENSE,
    }
)
"""Accounts that grow by credits (liabilities, revenue); the others grow by debits (assets, expenses, holds)."""


def balance(account: Account, debits: int, credits: int) -> int:
    """An account's balance on its normal side (minor units). Of a payment it is never negative in a correct ledger."""
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
