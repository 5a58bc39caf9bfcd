"""What merchants are told of an operation follows from what is known of it, and never from what came too late."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from payments.acquiring.connector import Kind
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import State
from payments.platform.json_types import names_of
from payments.reading.payments import StepState, payment_operation, step_state

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
        (State.CREATED, False, None, StepState.PROCESSING),
        (State.SENT, False, None, StepState.PROCESSING),
        (State.UNKNOWN, False, None, StepState.PROCESSING),
        (State.FENCING, False, None, StepState.PROCESSING),
        (State.MANUAL, False, None, StepState.PROCESSING),
        (State.APPROVED, True, None, StepState.APPROVED),
        (State.DECLINED, True, "card_declined", StepState.DECLINED),
        (State.DECLINED, True, None, StepState.DECLINED),
        (State.FAILED, True, None, StepState.FAILED),
        (State.NOT_SENT, True, None, StepState.FAILED),
        (State.REVERSED, True, "card_declined", StepState.DECLINED),
        (State.REVERSED, True, None, StepState.FAILED),
        (State.MANUAL, True, "card_declined", StepState.DECLINED),
        (State.MANUAL, True, None, StepState.FAILED),
    ],
)
def test_each_state_has_its_step_state(state: State, decided: bool, code: str | None, shown: StepState) -> None:
    assert step_state(replace(SENT, state=state, decided_at=NOW if decided else None, decline_code=code)) is shown


def test_every_state_is_known() -> None:
    for state in State:
        assert step_state(replace(SENT, state=state, decided_at=NOW)) in StepState


def test_a_merchant_sees_no_more_than_its_step() -> None:
    shown = payment_operation(SENT)
    assert (shown.operation_id, shown.amount, shown.reference) == (3, 600, "00-7-capture-1")
    assert shown.created_at == "2026-01-02T03:04:05.678901Z"
    members = ("operationId", "kind", "amount", "state", "declineCode", "reference", "createdAt")
    assert names_of(type(shown)) == members
