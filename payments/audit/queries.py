"""The audit's statements on payments and stored answers, with their indexes. Does not run them."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    tuple_,
)

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.outbox.rules import Aggregate
from payments.platform.tables.acquirer import acquirer_operation
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment

LISTED_LIMIT: Final = 500
"""Wrong stored answers listed by one statement; the next statement continues behind them."""

IDS: BindParameter[Any] = bindparam("ids", expanding=True)
NEXT = select(payment.c.payment_id).where(payment.c.payment_id > bindparam("after"))
CHANGED = select(payment.c.payment_id).where(payment.c.updated_at >= bindparam("since"))
POSTED = select(inbox_event.c.payment_id).where(inbox_event.c.posted_at >= bindparam("since")).distinct()


def _by_index(query: Select[Any], table: Table, index: str) -> Select[Any]:
    """The query with an index hint: with more than 200 ids MariaDB uses statistics, and reads a whole table that has
    grown since they were taken (eq_range_index_dive_limit).
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
        payment.c.requested_at,
        payment.c.connector,
        payment.c.decided_at,
        payment.c.pending_capture,
        payment.c.pending_refund,
        payment.c.pending_release,
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
        ledger_entry.c.posting_no,
        ledger_entry.c.occurred_at,
    ).where(ledger_entry.c.payment_id.in_(IDS)),
    ledger_entry,
    "ix_entry_payment",
)
AUTHORIZATIONS = _by_index(
    select(payment.c.payment_id, idem_response_cache.c.response_body)
    .outerjoin(
        idem_response_cache,
        (idem_response_cache.c.merchant_id == payment.c.merchant_id)
        & (idem_response_cache.c.operation == "authorize")
        & (idem_response_cache.c.idempotency_key == payment.c.idempotency_key)
        & (idem_response_cache.c.http_status == 200),
    )
    .where(payment.c.payment_id.in_(IDS), payment.c.requested_at > bindparam("answers_since")),
    payment,
    "PRIMARY",
)


_OPERATION_OF_KEY = case(
    (acquirer_operation.c.kind == Kind.AUTHORIZATION, "authorize"), else_=acquirer_operation.c.kind
)
OPERATIONS = _by_index(
    select(
        acquirer_operation.c.operation_id,
        acquirer_operation.c.payment_id,
        acquirer_operation.c.kind,
        acquirer_operation.c.state,
        acquirer_operation.c.amount,
        acquirer_operation.c.currency,
        acquirer_operation.c.reference,
        acquirer_operation.c.reverses,
        acquirer_operation.c.idempotency_key,
        acquirer_operation.c.created_at,
        acquirer_operation.c.decided_at,
        idem_response_cache.c.http_status,
    )
    .outerjoin(
        idem_response_cache,
        (idem_response_cache.c.merchant_id == acquirer_operation.c.merchant_id)
        & (idem_response_cache.c.operation == _OPERATION_OF_KEY)
        & (idem_response_cache.c.idempotency_key == acquirer_operation.c.idempotency_key),
    )
    .where(acquirer_operation.c.payment_id.in_(IDS))
    .order_by(acquirer_operation.c.payment_id, acquirer_operation.c.operation_id),
    acquirer_operation,
    "ix_acquirer_payment",
)
_AT = acquirer_operation.c.payment_id
OPERATIONS_SPAN = select(
    select(func.min(_AT)).scalar_subquery().label("lowest"), select(func.max(_AT)).scalar_subquery().label("highest")
)
"""The payments between which all operations are; two subqueries, because SQLite reads all of an index for both."""


def _in_body(member: str) -> ColumnElement[int]:
    """A number in a stored success or decline; NULL where the body lacks it or is not JSON (SQLite raises on that)."""
    body = idem_response_cache.c.response_body
    is_read = and_(idem_response_cache.c.http_status.in_((200, 402)), func.json_valid(body) == 1)
    return case((is_read, cast(func.json_extract(body, f"$.{member}"), BigInteger)))


_PAYMENT_ID = _in_body("paymentId")
STEPS = _by_index(
    select(
        _PAYMENT_ID.label("payment_id"),
        idem_response_cache.c.operation,
        idem_response_cache.c.created_at,
        idem_response_cache.c.response_body,
    ).where(
        idem_response_cache.c.created_at.in_(bindparam("times", expanding=True)),
        idem_response_cache.c.operation.in_(("capture", "refund", "void")),
        idem_response_cache.c.http_status == 200,
        _PAYMENT_ID.in_(IDS),
    ),
    idem_response_cache,
    "ix_idem_created",
)
"""Answers to changes of payments, found by time: they have the time of their event, and no index on their content."""

_MATCHED = and_(
    idem_response_cache.c.http_status == 200,
    payment.c.merchant_id == idem_response_cache.c.merchant_id,
    payment.c.amount == _in_body("amount"),
    # amounts only grow: an answer can never show more than the payment has now
    payment.c.captured_amount >= _in_body("capturedAmount"),
    payment.c.released_amount >= _in_body("releasedAmount"),
    payment.c.refunded_amount >= _in_body("refundedAmount"),
)
_OF_DECLINE = and_(
    acquirer_operation.c.payment_id == case((idem_response_cache.c.http_status == 402, _PAYMENT_ID)),
    acquirer_operation.c.merchant_id == idem_response_cache.c.merchant_id,
    idem_response_cache.c.operation == _OPERATION_OF_KEY,
    acquirer_operation.c.idempotency_key == idem_response_cache.c.idempotency_key,
    # MANUAL: the acquirer has contradicted its decline
    acquirer_operation.c.state.in_((State.DECLINED, State.FAILED, State.REVERSED, State.MANUAL)),
)
_KEY = (
    idem_response_cache.c.merchant_id,
    idem_response_cache.c.operation,
    idem_response_cache.c.idempotency_key,
)
_WRONG = (
    select(*_KEY, _PAYMENT_ID.label("payment_id"), payment.c.payment_id.label("found_id"))
    .outerjoin(payment, payment.c.payment_id == _PAYMENT_ID)
    .outerjoin(acquirer_operation, _OF_DECLINE)
    .where(
        # other statuses promise nothing: a conflict, or a call whose outcome is not known or that was not sent
        idem_response_cache.c.http_status.in_((200, 402)),
        # a missing value makes a comparison NULL, which counts as wrong
        case((_MATCHED, literal(1)), else_=literal(0)) == 0,
        acquirer_operation.c.operation_id.is_(None),
    )
)
_WRONG_IN_WINDOW = _WRONG.where(
    idem_response_cache.c.created_at >= bindparam("start"), idem_response_cache.c.created_at < bindparam("end")
)
WRONG_ANSWERS = _WRONG_IN_WINDOW.order_by(*_KEY).limit(LISTED_LIMIT)
WRONG_ANSWERS_NEXT = WRONG_ANSWERS.where(
    tuple_(*_KEY) > tuple_(bindparam("merchant_id"), bindparam("operation"), bindparam("idempotency_key"))
)
WRONG_AMONG = _WRONG.where(tuple_(*_KEY).in_(bindparam("keys", expanding=True)))
