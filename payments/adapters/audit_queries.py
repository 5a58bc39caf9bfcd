"""The audit's statements: what it reads of a chunk of payments, of stored answers, and by which index. Runs none."""

from typing import Any, Final

from sqlalchemy import BigInteger, BindParameter, Select, Table, bindparam, cast, func, or_, select

from payments.adapters.tables import idem_response_cache, inbox_event, ledger_entry, outbox_event, payment
from payments.domain.events import Aggregate

MOST_LISTED: Final = 100
"""Wrong stored answers listed for each window: a broken table must not fill the memory."""

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
NEXT = select(payment.c.payment_id).where(payment.c.payment_id > bindparam("after"))
CHANGED = select(payment.c.payment_id).where(payment.c.updated_at >= bindparam("since"))
POSTED = select(inbox_event.c.payment_id).where(inbox_event.c.posted_at >= bindparam("since")).distinct()


def _by_index(query: Select[Any], table: Table, index: str) -> Select[Any]:
    """The query, bound to an index: left to itself, MariaDB goes by statistics when there are more than 200 ids, and
    reads the whole of a table that has grown since they were taken (its eq_range_index_dive_limit).
    """
    return query.with_hint(table, f"FORCE INDEX ({index})", "mysql")


PAYMENTS = _by_index(
    select(
        payment.c.payment_id,
        payment.c.amount,
        payment.c.captured_amount,
        payment.c.released_amount,
        payment.c.refunded_amount,
        payment.c.release_reason,
        payment.c.currency,
        payment.c.status,
    ).where(payment.c.payment_id.in_(IDS)),
    payment,
    "PRIMARY",
)
EVENTS = _by_index(
    select(
        outbox_event.c.event_id,
        outbox_event.c.aggregate_id,
        outbox_event.c.event_type,
        outbox_event.c.payload,
        outbox_event.c.created_at,
        inbox_event.c.posted_at,
    )
    .outerjoin(inbox_event, inbox_event.c.event_id == outbox_event.c.event_id)
    .where(outbox_event.c.aggregate_id.in_(IDS), outbox_event.c.aggregate_type == Aggregate.PAYMENT.value),
    outbox_event,
    "ix_outbox_aggregate",
)
ENTRIES = _by_index(
    select(
        ledger_entry.c.payment_id,
        ledger_entry.c.event_id,
        ledger_entry.c.debit_account,
        ledger_entry.c.credit_account,
        ledger_entry.c.amount,
        ledger_entry.c.currency,
    ).where(ledger_entry.c.payment_id.in_(IDS)),
    ledger_entry,
    "ix_entry_payment",
)
UNANSWERED = _by_index(
    select(payment.c.payment_id)
    .outerjoin(
        idem_response_cache,
        (idem_response_cache.c.merchant_id == payment.c.merchant_id)
        & (idem_response_cache.c.operation == "authorize")
        & (idem_response_cache.c.idempotency_key == payment.c.idempotency_key)
        & (idem_response_cache.c.http_status == 200),
    )
    .where(
        payment.c.payment_id.in_(IDS),
        payment.c.requested_at > bindparam("answers_since"),
        idem_response_cache.c.http_status.is_(None),
    ),
    payment,
    "PRIMARY",
)


def _in_body(member: str) -> Any:
    return cast(func.json_extract(idem_response_cache.c.response_body, f"$.{member}"), BigInteger)


WRONG_ANSWERS = (
    select(idem_response_cache)
    .outerjoin(payment, payment.c.payment_id == _in_body("paymentId"))
    .where(
        idem_response_cache.c.created_at >= bindparam("start"),
        idem_response_cache.c.created_at < bindparam("end"),
        idem_response_cache.c.http_status == 200,
        or_(
            payment.c.payment_id.is_(None),
            payment.c.merchant_id != idem_response_cache.c.merchant_id,
            payment.c.amount != _in_body("amount"),
            # amounts only grow: what was answered once can never be more than what is there now
            payment.c.captured_amount < _in_body("capturedAmount"),
            payment.c.released_amount < _in_body("releasedAmount"),
            payment.c.refunded_amount < _in_body("refundedAmount"),
        ),
    )
    .limit(MOST_LISTED)
)
