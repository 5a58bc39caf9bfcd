"""What merchants are told of an operation follows from what is known of it, and never from what came too late."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation
from payments.acquiring.payment_view import Outcome, outcome, to_merchant
from payments.acquiring.rules import State
from payments.platform.json_types import names_of

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SENT = StoredOperation(
    payment_id=7,
    merchant_id="M1",
    connector="simulator",
    kind=Kind.CAPTURE,
    amount=600,
    currency="KRW",
    reference="00-7-capture-1",
    authorization_reference="00-7-authorization-1",
    state=State.SENT,
    created_at=NOW,
    sent_at=NOW,
    operation_id=3,
)


@pytest.mark.parametrize(
    ("state", "decided", "code", "shown"),
    [
        (State.CREATED, False, None, Outcome.PROCESSING),
        (State.SENT, False, None, Outcome.PROCESSING),
        (State.UNKNOWN, False, None, Outcome.PROCESSING),
        (State.FENCING, False, None, Outcome.PROCESSING),
        (State.MANUAL, False, None, Outcome.PROCESSING),
        (State.APPROVED, True, None, Outcome.APPROVED),
        (State.DECLINED, True, "card_declined", Outcome.DECLINED),
        (State.DECLINED, True, None, Outcome.DECLINED),
        (State.FAILED, True, None, Outcome.FAILED),
        (State.NOT_SENT, True, None, Outcome.FAILED),
        (State.REVERSED, True, "card_declined", Outcome.DECLINED),
        (State.REVERSED, True, None, Outcome.FAILED),
        (State.MANUAL, True, "card_declined", Outcome.DECLINED),
        (State.MANUAL, True, None, Outcome.FAILED),
    ],
)
def test_each_state_has_its_outcome(state: State, decided: bool, code: str | None, shown: Outcome) -> None:
    assert outcome(replace(SENT, state=state, decided_at=NOW if decided else None, decline_code=code)) is shown


def test_every_state_is_known() -> None:
    for state in State:
        assert outcome(replace(SENT, state=state, decided_at=NOW)) in Outcome


def test_a_merchant_sees_no_more_than_its_step() -> None:
    assert [getattr(to_merchant(SENT), name) for name in ("operation_id", "amount", "reference", "created_at")] == [
        3,
        600,
        "00-7-capture-1",
        "2026-01-02T03:04:05.678901Z",
    ]
    assert names_of(type(to_merchant(SENT))) == (
        "operationId",
        "kind",
        "amount",
        "state",
        "declineCode",
        "reference",
        "createdAt",
    )
