"""A payment's rules: the status table, every step from every small state, and properties of long sequences."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.payment.rules import NewPayment, Payment, ReleaseReason, Status, status_of
from payments.platform.errors import CaptureConflict, Conflict, RefundConflict, VoidConflict

NOW = datetime(2025, 10, 27, 6, 16, 28, 123456, UTC)
LIFETIME = timedelta(days=7)
TOO_LATE = NOW + LIFETIME

RELEASES = (ReleaseReason.VOIDED, ReleaseReason.EXPIRED)
ANY_REASON = (None, *RELEASES)
NONE, SOME, ALL = "0", "> 0", "= captured"
TABLE = [
    # captured, refunded, still open, release_reason, status: docs/architecture.md, section 3
    (False, NONE, True, ANY_REASON, Status.AUTHORIZED),
    (False, NONE, False, (ReleaseReason.VOIDED,), Status.VOIDED),
    (False, NONE, False, (ReleaseReason.EXPIRED,), Status.EXPIRED),
    (True, NONE, True, ANY_REASON, Status.PARTIALLY_CAPTURED),
    (True, NONE, False, ANY_REASON, Status.CAPTURED),
    (True, SOME, True, ANY_REASON, Status.PARTIALLY_REFUNDED),
    (True, SOME, False, ANY_REASON, Status.PARTIALLY_REFUNDED),
    (True, ALL, True, ANY_REASON, Status.PARTIALLY_REFUNDED),
    (True, ALL, False, ANY_REASON, Status.REFUNDED),
]


def row_of(payment: Payment) -> tuple[bool, str, bool]:
    refunded = SOME if payment.refunded_amount else NONE
    if payment.refunded_amount and payment.refunded_amount == payment.captured_amount:
        refunded = ALL
    return payment.captured_amount > 0, refunded, payment.open_amount > 0


def states(amount: int) -> list[Payment]:
    """Every state that the CHECKs of the table allow for an authorization of `amount`."""
    new = NewPayment("M1", "key", amount, "KRW", LIFETIME).stored(0, NOW)
    amounts = [
        (captured, released, refunded)
        for captured, released in product(range(amount + 1), repeat=2)
        if captured + released <= amount
        for refunded in range(captured + 1)
    ]
    return [
        replace(new, captured_amount=c, released_amount=rel, refunded_amount=ref, release_reason=reason)
        for c, rel, ref in amounts
        for reason in (RELEASES if rel else [None])
    ]


def amounts(payment: Payment) -> str:
    """A state's name in the report: authorized, captured, released (and why), refunded."""
    released = f"{payment.released_amount}{(payment.release_reason or '')[:1].lower()}"
    return f"{payment.amount}/{payment.captured_amount}/{released}/{payment.refunded_amount}"


@pytest.mark.parametrize("payment", states(4), ids=amounts)
def test_every_state_has_exactly_the_status_of_its_row(payment: Payment) -> None:
    rows = [
        status for *row, reasons, status in TABLE if tuple(row) == row_of(payment) and payment.release_reason in reasons
    ]
    assert rows == [payment.status]


@pytest.mark.parametrize("payment", states(3), ids=amounts)
@pytest.mark.parametrize("amount", [None, -1, 0, 1, 2, 3, 4])
@pytest.mark.parametrize("late", [False, True], ids=["in time", "too late"])
def test_capture(payment: Payment, amount: int | None, late: bool) -> None:
    step = payment.open_amount if amount is None else amount
    if payment.open_amount == 0 or late or not 1 <= step <= payment.open_amount:
        with pytest.raises(CaptureConflict):
            payment.capture(amount, TOO_LATE if late else NOW)
        return
    after = replace(payment, captured_amount=payment.captured_amount + step)
    assert payment.capture(amount, NOW) == (after, step)


@pytest.mark.parametrize("payment", states(3), ids=amounts)
@pytest.mark.parametrize("amount", [None, -1, 0, 1, 2, 3, 4])
def test_refund(payment: Payment, amount: int | None) -> None:
    step = payment.refundable_amount if amount is None else amount
    if payment.refundable_amount == 0 or not 1 <= step <= payment.refundable_amount:
        with pytest.raises(RefundConflict):
            payment.refund(amount, NOW)
        return
    after = replace(payment, refunded_amount=payment.refunded_amount + step, updated_at=TOO_LATE)
    assert payment.refund(amount, TOO_LATE) == (after, step), "a refund has no time limit"


@pytest.mark.parametrize("payment", states(3), ids=amounts)
def test_void_and_expire_release_all_that_is_open(payment: Payment) -> None:
    for release, reason in ((payment.void, ReleaseReason.VOIDED), (payment.expire, ReleaseReason.EXPIRED)):
        if payment.open_amount == 0:
            with pytest.raises(VoidConflict):
                release(TOO_LATE)
            continue
        released = payment.released_amount + payment.open_amount
        after = replace(payment, released_amount=released, release_reason=reason, updated_at=TOO_LATE)
        assert release(TOO_LATE) == (after, payment.open_amount)


def test_expiry_takes_effect_at_its_very_moment() -> None:
    payment = NewPayment("M1", "key", 3, "KRW", LIFETIME).stored(0, NOW)
    before = payment.expires_at - timedelta(microseconds=1)
    payment.capture(None, before)
    with pytest.raises(VoidConflict):
        payment.expire(before)
    with pytest.raises(CaptureConflict):
        payment.capture(None, payment.expires_at)
    assert payment.expire(payment.expires_at)[0].status is Status.EXPIRED


def test_a_new_payment_is_authorized_and_all_open() -> None:
    payment = NewPayment("M1", "key", 10_000, "KRW", LIFETIME).stored(0, NOW)
    assert (payment.status, payment.open_amount, payment.refundable_amount) == (Status.AUTHORIZED, 10_000, 0)
    assert payment.expires_at - payment.requested_at == LIFETIME


def test_conflicts_name_their_payment() -> None:
    payment = replace(NewPayment("M1", "key", 3, "KRW", LIFETIME).stored(0, NOW), payment_id=7)
    with pytest.raises(RefundConflict) as caught:
        payment.refund(1, NOW)
    assert (caught.value.payment_id, caught.value.code) == (7, "REFUND_CONFLICT")


STEPS = st.tuples(
    st.sampled_from(["capture", "refund", "void", "expire"]),
    st.none() | st.integers(-2, 12),
    st.sampled_from([NOW, TOO_LATE]),
)


@given(st.integers(1, 12), st.lists(STEPS, max_size=12))
def test_laws_over_any_sequence(amount: int, steps: list[tuple[str, int | None, datetime]]) -> None:
    payment = NewPayment("M1", "key", amount, "KRW", LIFETIME).stored(0, NOW)
    sums = dict.fromkeys(["capture", "refund", "void", "expire"], 0)
    for name, wanted, now in steps:
        try:
            if name in ("capture", "refund"):
                after, step = getattr(payment, name)(wanted, now)
            else:
                after, step = getattr(payment, name)(now)
        except Conflict:
            continue
        assert step >= 1
        assert wanted in (None, step) or name in ("void", "expire")
        sums[name] += step
        payment = after
        assert payment.captured_amount == sums["capture"]
        assert payment.refunded_amount == sums["refund"]
        assert payment.released_amount == sums["void"] + sums["expire"]
        assert payment.open_amount + payment.captured_amount + payment.released_amount == payment.amount == amount
        assert min(payment.open_amount, payment.refundable_amount) >= 0
        assert (payment.release_reason is None) == (payment.released_amount == 0)
        assert payment.updated_at == now


@given(*[st.integers(-5, 5)] * 4, st.none() | st.sampled_from(ReleaseReason))
def test_status_is_a_total_function(
    amount: int, captured: int, released: int, refunded: int, reason: ReleaseReason | None
) -> None:
    assert status_of(amount, captured, released, refunded, reason) in Status
