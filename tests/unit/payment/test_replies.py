"""The stored answer of a money command: the payment as lists show it, then what OpenAPI says of it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from app.api.answers import CommandAnswer
from payments.payment.replies import MESSAGES, command_body
from payments.payment.rules import Payment
from payments.payment.view import PaymentItem, item_values, listed_item
from payments.platform.json_types import encode

AT = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
PAYMENT = Payment(
    payment_id=7,
    merchant_id='é "M" \u2028',
    idempotency_key="k",
    amount=10**12,
    currency="KRW",
    requested_at=AT,
    updated_at=AT,
    expires_at=AT + timedelta(days=7),
    decided_at=AT,
    captured_amount=3,
    released_amount=2,
    refunded_amount=1,
    release_reason=None,
)


@pytest.mark.parametrize("operation", MESSAGES)
def test_an_answer_begins_with_the_payment_as_lists_show_it(operation: str) -> None:
    item = encode(PaymentItem(*item_values(PAYMENT))).decode()
    assert command_body(PAYMENT, operation) == (
        f'{item.removesuffix("}")},"ledgerEntries":[],"message":"{MESSAGES[operation]}"}}'
    )


def test_an_answer_is_what_openapi_says() -> None:
    described = TypeAdapter(CommandAnswer).json_schema(by_alias=True)
    assert list(json.loads(command_body(PAYMENT, "capture"))) == list(described["properties"])
    assert described["required"] == list(described["properties"])


def test_a_row_of_a_list_is_shown_as_the_payment_is() -> None:
    *values, _, _ = item_values(PAYMENT)
    row = [*values, "2026-01-31 12:00:00.000000", "2026-02-07 12:00:00.000000"]
    assert listed_item(row) == PaymentItem(*item_values(PAYMENT))
