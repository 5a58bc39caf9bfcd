"""A payment: its status is a total function of its amounts and of whether it is decided.

Commands return the changed payment and the amount of the step, or raise a Conflict. Where an acquirer decides, a step
only reserves its amount; `approved` or `refused` ends it. No I/O; time is passed in.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from payments.acquiring.connector import Kind
from payments.platform.connectors import ConnectorName
from payments.platform.errors import CaptureConflict, RefundConflict, VoidConflict


class Status(StrEnum):
    """The status that a merchant sees; derived from the amounts by `status_of`."""

    PROCESSING = "PROCESSING"
    """The acquirer has not decided, or its answer was lost."""
    DECLINED = "DECLINED"
    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_CAPTURED = "PARTIALLY_CAPTURED"
    CAPTURED = "CAPTURED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


class ReleaseReason(StrEnum):
    """Why nothing is open that was not captured: it was released, or never held."""

    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"
    DECLINED = "DECLINED"


def status_of(
    amount: int,
    captured: int,
    released: int,
    refunded: int,
    reason: ReleaseReason | None,
    *,
    is_decided: bool = True,
) -> Status:
    """Derive the status from the amounts (minor units); total over every state the CHECKs of the table allow."""
    if not is_decided:
        return Status.PROCESSING
    if reason is ReleaseReason.DECLINED:
        return Status.DECLINED
    still_open = amount - captured - released
    if captured == 0:
        if still_open > 0:
            return Status.AUTHORIZED
        return Status.EXPIRED if reason is ReleaseReason.EXPIRED else Status.VOIDED
    if refunded == 0:
        return Status.PARTIALLY_CAPTURED if still_open > 0 else Status.CAPTURED
    return Status.REFUNDED if refunded == captured and still_open == 0 else Status.PARTIALLY_REFUNDED


@dataclass(frozen=True, slots=True)
class Payment:
    """One authorization with its captured, released and refunded amounts. Amounts in minor units, times in UTC.

    `decided_at` None: the acquirer has not approved or declined it yet. Pending amounts are of undecided steps.
    """

    payment_id: int
    merchant_id: str
    idempotency_key: str
    amount: int
    currency: str
    requested_at: datetime
    updated_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    captured_amount: int = 0
    released_amount: int = 0
    refunded_amount: int = 0
    release_reason: ReleaseReason | None = None
    connector: str = ConnectorName.NONE
    pending_capture: int = 0
    pending_refund: int = 0
    pending_release: int = 0

    @property
    def open_amount(self) -> int:
        """Authorized, not captured, not released and not reserved for either: what can still be captured or voided."""
        if self.decided_at is None or self.release_reason is ReleaseReason.DECLINED:
            return 0
        taken = self.captured_amount + self.pending_capture + self.released_amount + self.pending_release
        return self.amount - taken

    @property
    def refundable_amount(self) -> int:
        """Captured, not yet refunded and not reserved for it."""
        return self.captured_amount - self.refunded_amount - self.pending_refund

    @property
    def status(self) -> Status:
        """The status, from the amounts."""
        return status_of(
            self.amount,
            self.captured_amount,
            self.released_amount,
            self.refunded_amount,
            self.release_reason,
            is_decided=self.decided_at is not None,
        )

    @property
    def is_decided_here(self) -> bool:
        """Whether steps happen at once, because no acquirer is asked."""
        return self.connector == ConnectorName.NONE

    def capture(self, amount: int | None, now: datetime) -> tuple["Payment", int]:
        """Capture `amount` (None: all that is open). Several captures are allowed, also after a refund.

        Raises CaptureConflict when nothing is open, the authorization has expired, or `amount` exceeds what is open.
        """
        if self.open_amount == 0:
            raise CaptureConflict(
                f"Nothing is open to capture: the payment is {self.status}.", payment_id=self.payment_id
            )
        if now >= self.expires_at:
            raise CaptureConflict("The authorization has expired.", payment_id=self.payment_id)
        step = self.open_amount if amount is None else amount
        if not 1 <= step <= self.open_amount:
            raise CaptureConflict(
                f"Cannot capture {step}: only {self.open_amount} is open.", payment_id=self.payment_id
            )
        if not self.is_decided_here:
            return replace(self, pending_capture=self.pending_capture + step, updated_at=now), step
        return replace(self, captured_amount=self.captured_amount + step, updated_at=now), step

    def refund(self, amount: int | None, now: datetime) -> tuple["Payment", int]:
        """Refund `amount` (None: all that is captured and not refunded). Raises RefundConflict when it exceeds that."""
        if self.refundable_amount == 0:
            raise RefundConflict(
                f"Nothing is left to refund: the payment is {self.status}.", payment_id=self.payment_id
            )
        step = self.refundable_amount if amount is None else amount
        if not 1 <= step <= self.refundable_amount:
            raise RefundConflict(
                f"Cannot refund {step}: only {self.refundable_amount} is captured and not refunded.",
                payment_id=self.payment_id,
            )
        if not self.is_decided_here:
            return replace(self, pending_refund=self.pending_refund + step, updated_at=now), step
        return replace(self, refunded_amount=self.refunded_amount + step, updated_at=now), step

    def void(self, now: datetime) -> tuple["Payment", int]:
        """Release all that is open, also after a partial capture. Raises VoidConflict when nothing is open."""
        return self._release(ReleaseReason.VOIDED, now)

    def expire(self, now: datetime) -> tuple["Payment", int]:
        """Release the open amount once expired. Raises VoidConflict when nothing is open or it has not expired."""
        if now < self.expires_at:
            raise VoidConflict("The authorization has not expired yet.", payment_id=self.payment_id)
        return self._release(ReleaseReason.EXPIRED, now)

    def _release(self, reason: ReleaseReason, now: datetime) -> tuple["Payment", int]:
        step = self.open_amount
        if step == 0:
            raise VoidConflict(f"Nothing is open to release: the payment is {self.status}.", payment_id=self.payment_id)
        if self.pending_capture:  # a release is all that is open, once; this amount may become open again
            raise VoidConflict("A capture of this payment is still being processed.", payment_id=self.payment_id)
        if not self.is_decided_here:
            return replace(self, pending_release=step, updated_at=now), step
        return replace(self, released_amount=self.released_amount + step, release_reason=reason, updated_at=now), step

    def approved(self, kind: Kind, amount: int, now: datetime, reason: ReleaseReason) -> "Payment":
        """After the acquirer approved a step of `amount` that was reserved. `reason`: of a release."""
        if kind is Kind.AUTHORIZATION:
            return replace(self, decided_at=now, updated_at=now)
        done = self._without_pending(kind, amount, now)
        if kind is Kind.CAPTURE:
            return replace(done, captured_amount=self.captured_amount + amount)
        if kind is Kind.REFUND:
            return replace(done, refunded_amount=self.refunded_amount + amount)
        return replace(done, released_amount=self.released_amount + amount, release_reason=reason)

    def refused(self, kind: Kind, amount: int, now: datetime) -> "Payment":
        """After a step of `amount` that was reserved came to nothing."""
        if kind is Kind.AUTHORIZATION:
            return replace(self, decided_at=now, release_reason=ReleaseReason.DECLINED, updated_at=now)
        return self._without_pending(kind, amount, now)

    def asked_again(self, now: datetime) -> "Payment":
        """Undecided again: its authorization was never sent, and is asked for anew."""
        return replace(self, decided_at=None, release_reason=None, updated_at=now)

    def _without_pending(self, kind: Kind, amount: int, now: datetime) -> "Payment":
        if kind is Kind.CAPTURE:
            return replace(self, pending_capture=self.pending_capture - amount, updated_at=now)
        if kind is Kind.REFUND:
            return replace(self, pending_refund=self.pending_refund - amount, updated_at=now)
        return replace(self, pending_release=self.pending_release - amount, updated_at=now)


@dataclass(frozen=True, slots=True)
class NewPayment:
    """An authorization before the database gives it an id and a time. All of `amount` (minor units) is open."""

    merchant_id: str
    idempotency_key: str
    amount: int
    currency: str
    lifetime: timedelta
    connector: str = ConnectorName.NONE

    def stored(self, payment_id: int, at: datetime) -> Payment:
        """The payment as stored with this id at this time (UTC); it expires `lifetime` later."""
        return Payment(
            payment_id=payment_id,
            merchant_id=self.merchant_id,
            idempotency_key=self.idempotency_key,
            amount=self.amount,
            currency=self.currency,
            requested_at=at,
            updated_at=at,
            expires_at=at + self.lifetime,
            decided_at=at if self.connector == ConnectorName.NONE else None,
            connector=self.connector,
        )
