"""A payment: its status is a total function of its amounts.

Commands return the changed payment and the amount of the step, or raise a Conflict. No I/O; time is passed in.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from payments.platform.errors import CaptureConflict, RefundConflict, VoidConflict


class Status(StrEnum):
    """The status that a merchant sees; derived from the amounts by `status_of`."""

    AUTHORIZED = "AUTHORIZED"
    PARTIALLY_CAPTURED = "PARTIALLY_CAPTURED"
    CAPTURED = "CAPTURED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


class ReleaseReason(StrEnum):
    """Why the open amount of an authorization was released."""

    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"


def status_of(amount: int, captured: int, released: int, refunded: int, reason: ReleaseReason | None) -> Status:
    """Derive the status from the amounts (minor units); total over every state the CHECKs of the table allow."""
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
    """One authorization with its captured, released and refunded amounts. Amounts in minor units, times in UTC."""

    payment_id: int
    merchant_id: str
    idempotency_key: str
    amount: int
    currency: str
    requested_at: datetime
    updated_at: datetime
    expires_at: datetime
    captured_amount: int = 0
    released_amount: int = 0
    refunded_amount: int = 0
    release_reason: ReleaseReason | None = None

    @property
    def open_amount(self) -> int:
        """Authorized, not captured and not released: what can still be captured or voided."""
        return self.amount - self.captured_amount - self.released_amount

    @property
    def refundable_amount(self) -> int:
        """Captured and not yet refunded."""
        return self.captured_amount - self.refunded_amount

    @property
    def status(self) -> Status:
        """The status, from the amounts."""
        return status_of(
            self.amount, self.captured_amount, self.released_amount, self.refunded_amount, self.release_reason
        )

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
        return replace(self, released_amount=self.released_amount + step, release_reason=reason, updated_at=now), step


@dataclass(frozen=True, slots=True)
class NewPayment:
    """An authorization before the database gives it an id and a time. All of `amount` (minor units) is open."""

    merchant_id: str
    idempotency_key: str
    amount: int
    currency: str
    lifetime: timedelta

    def stored(self, payment_id: int, at: datetime) -> Payment:
        """The payment as stored with this id at this time (UTC); it expires `lifetime` later."""
        return Payment(
            payment_id, self.merchant_id, self.idempotency_key, self.amount, self.currency, at, at, at + self.lifetime
        )
