"""What the API answers to a merchant. Written by `make client` from /openapi.json; do not edit."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

Status: TypeAlias = Literal[
    "PROCESSING",
    "DECLINED",
    "AUTHORIZED",
    "PARTIALLY_CAPTURED",
    "CAPTURED",
    "PARTIALLY_REFUNDED",
    "REFUNDED",
    "VOIDED",
    "EXPIRED",
]


Account: TypeAlias = Literal[
    "customer_hold",
    "hold_clearing",
    "acquirer_receivable",
    "merchant_payable",
    "fee_revenue",
    "acquirer_fee_expense",
    "payout_clearing",
    "bank",
    "reconciliation_suspense",
]


SourceType: TypeAlias = Literal["settlement_batch", "payout", "adjustment", "recon_file", "recon_exception"]


class Entry(TypedDict):
    """
    One posting: the amount goes from the credit account to the debit account.

    It is of an event of a payment, or of a source: a batch, a payout, a correction, an acquirer's file.
    """

    entryId: int
    paymentId: int | None
    eventId: int | None
    postingNo: int
    debitAccount: Account
    creditAccount: Account
    amount: int
    currency: str
    occurredAt: str
    postedAt: str
    sourceType: SourceType
    sourceId: int | None
    merchantId: str | None


EventType: TypeAlias = Literal[
    "PAYMENT_AUTHORIZED", "PAYMENT_CAPTURED", "PAYMENT_REFUNDED", "PAYMENT_VOIDED", "PAYMENT_EXPIRED"
]


class Event(TypedDict):
    """One step of a payment, on its way to the ledger."""

    eventId: int
    eventType: EventType
    amount: int
    status: Status
    occurredAt: str
    publishedAt: str | None
    postedAt: str | None


class PaymentItem(TypedDict):
    """A payment in a list."""

    paymentId: int
    merchantId: str
    status: Status
    amount: int
    capturedAmount: int
    releasedAmount: int
    refundedAmount: int
    currency: str
    createdAt: str
    expiresAt: str


Kind: TypeAlias = Literal["authorization", "capture", "refund", "void"]


State: TypeAlias = Literal["PROCESSING", "APPROVED", "DECLINED", "FAILED"]


class PaymentOperation(TypedDict):
    """A step of a payment at its acquirer."""

    operationId: int
    kind: Kind
    amount: int
    state: State
    declineCode: str | None
    reference: str
    createdAt: str


class PaymentPage(TypedDict):
    """Payments, newest first."""

    nextCursor: str | None
    items: list[PaymentItem]


class CommandAnswer(TypedDict):
    """A payment right after a command; its postings follow later, see GET."""

    paymentId: int
    merchantId: str
    status: Status
    amount: int
    capturedAmount: int
    releasedAmount: int
    refundedAmount: int
    currency: str
    createdAt: str
    expiresAt: str
    ledgerEntries: list[Entry]
    message: str


class PaymentAnswer(TypedDict):
    """A payment with its postings, its events, and its operations at an acquirer (none where nobody is asked)."""

    paymentId: int
    merchantId: str
    status: Status
    amount: int
    capturedAmount: int
    releasedAmount: int
    refundedAmount: int
    currency: str
    createdAt: str
    expiresAt: str
    ledgerEntries: list[Entry]
    events: list[Event]
    operations: list[PaymentOperation]
