"""Laws of payments at an acquirer: what is stored against what the acquirer says happened, by SQL of their own."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, text

Rows = Sequence[Row[Any]]

UNDECIDED: Final = ("CREATED", "SENT", "UNKNOWN", "FENCING")
_HAPPENED: Final[Mapping[str, tuple[str | None, ...]]] = {
    "APPROVED": ("APPROVED",),
    "REVERSED": ("APPROVED",),
    "DECLINED": ("DECLINED",),
    "FAILED": ("CANCELLED", "DECLINED"),
    "NOT_SENT": (None,),
}
"""The platform's final word about an operation → what the acquirer may say of it; None: it never came."""
_COLUMN: Final = {
    "authorization": "amount",
    "capture": "captured_amount",
    "refund": "refunded_amount",
    "void": "released_amount",
}
_KIND: Final = {
    "PAYMENT_AUTHORIZED": "authorization",
    "PAYMENT_CAPTURED": "capture",
    "PAYMENT_REFUNDED": "refund",
    "PAYMENT_VOIDED": "void",
    "PAYMENT_EXPIRED": "void",
}
_STATUS: Final = {
    "APPROVED": (200,),
    "DECLINED": (402,),
    "FAILED": (402,),
    "NOT_SENT": (503, 409),
    "REVERSED": (402, 503, 409),
}
"""The platform's word → the status of the stored answer. What was not sent may conflict when it is repeated."""
_ACTION: Final = {"authorization": "authorize", "capture": "capture", "refund": "refund", "void": "void"}
Key = tuple[str, str, str]
"""(merchant, operation, idempotency key)."""


class Happened(NamedTuple):
    """An operation in the acquirer's books; `state`: APPROVED, DECLINED, CANCELLED, or PROCESSING."""

    kind: str
    state: str
    amount: int


class Books:
    """What the platform has stored of payments at an acquirer."""

    def __init__(self, connection: Connection) -> None:
        """Read all of it."""
        self.operations: Rows = connection.execute(text("SELECT * FROM acquirer_operation ORDER BY operation_id")).all()
        self.payments: Rows = connection.execute(text("SELECT * FROM payment WHERE connector <> 'none'")).all()
        columns = "merchant_id, operation, idempotency_key, http_status, response_body"
        answers = connection.execute(text(f"SELECT {columns} FROM idem_response_cache")).all()
        self.answers: dict[Key, tuple[int, str]] = {(row[0], row[1], row[2]): (row[3], row[4]) for row in answers}
        events = connection.execute(
            text("SELECT aggregate_id, event_type, payload FROM outbox_event WHERE aggregate_type = 'payment'")
        )
        self.events: Counter[tuple[int, str]] = Counter()
        for row in events:
            self.events[row.aggregate_id, _KIND[row.event_type]] += json.loads(row.payload)["amount"]


def undecided(connection: Connection) -> list[str]:
    """References of operations that are not decided."""
    states = ", ".join(f"'{state}'" for state in UNDECIDED)
    rows = connection.execute(text(f"SELECT reference FROM acquirer_operation WHERE state IN ({states})"))
    return list(rows.scalars())


def wrong_words(books: Books, happened: Mapping[str, Happened]) -> Iterator[str]:
    """Final states that the acquirer contradicts. What is undecided may be anything."""
    for row in books.operations:
        said = happened.get(row.reference)
        if row.state in UNDECIDED:
            continue
        if (said and said.state) not in _HAPPENED.get(row.state, ()):
            yield f"{row.reference} is {row.state}, and at the acquirer {said}"
        elif said is not None and said.state != "CANCELLED" and said[::2] != (row.kind, row.amount):
            yield f"{row.reference} is a {row.kind} of {row.amount}, and at the acquirer {said}"


def contradictions(books: Books, happened: Mapping[str, Happened]) -> list[str]:
    """Each law that is broken, once nothing is undecided any more."""
    return list(
        chain(
            wrong_words(books, happened),
            (f"{row.reference} is {row.state}" for row in books.operations if row.state in UNDECIDED),
            _forgotten(books, happened),
            _wrong_sums(books, happened),
            _not_taken_back(books),
            _wrong_answers(books),
        )
    )


def _forgotten(books: Books, happened: Mapping[str, Happened]) -> Iterator[str]:
    known = {row.reference for row in books.operations}
    return (f"{reference} is known to the acquirer alone" for reference in happened if reference not in known)


def _wrong_sums(books: Books, happened: Mapping[str, Happened]) -> Iterator[str]:
    """Of each kind and payment: the acquirer's approved amounts, the payment's own, and those of its events."""
    moved: Counter[tuple[int, str]] = Counter()
    for row in books.operations:
        said = happened.get(row.reference)
        if said is not None and said.state == "APPROVED" and row.state != "REVERSED" and row.reverses is None:
            moved[row.payment_id, said.kind] += said.amount
    for payment in books.payments:
        for kind, column in _COLUMN.items():
            is_none = kind == "authorization" and payment.release_reason == "DECLINED"
            own, key = 0 if is_none else getattr(payment, column), (payment.payment_id, kind)
            if not own == moved[key] == books.events[key]:
                yield f"{key}: the payment has {own}, the acquirer {moved[key]}, events {books.events[key]}"
        if payment.pending_capture or payment.pending_refund or payment.pending_release or not payment.decided_at:
            yield f"payment {payment.payment_id} waits for an operation"


def _not_taken_back(books: Books) -> Iterator[str]:
    reversals = Counter((row.reverses, row.amount) for row in books.operations if row.state == "APPROVED")
    for row in books.operations:
        if row.state == "REVERSED" and reversals[row.operation_id, row.amount] != 1:
            yield f"{row.reference} is taken back {reversals[row.operation_id, row.amount]} times"


def _wrong_answers(books: Books) -> Iterator[str]:
    """The stored answer of each key against the newest operation that was made for it."""
    newest = {
        (row.merchant_id, _ACTION[row.kind], row.idempotency_key): row
        for row in books.operations
        if row.idempotency_key is not None
    }
    for key, row in newest.items():
        status, _ = books.answers.get(key, (None, ""))
        if status not in _STATUS.get(row.state, ()):
            yield f"{row.reference} is {row.state}, and its answer {status}"
