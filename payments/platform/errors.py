"""The business errors, one tree; each leaf has a stable code.

Recoverable: the same request may succeed later. Permanent: it fails again, unless something else changes.
HTTP statuses are not here: `payments.platform.problems` maps codes to them.
"""


class PaymentsError(Exception):
    """Base of the tree. `message` is shown to people; `payment_id` is set where there is one."""

    code = "INTERNAL"

    def __init__(self, message: str, *, payment_id: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.payment_id = payment_id


class Permanent(PaymentsError):
    """Repeating the same request gives the same answer."""


class Recoverable(PaymentsError):
    """The same request, with the same key, may succeed after `retry_after` seconds."""

    retry_after = 1


class ValidationFailed(Permanent):
    """A value is outside what the API accepts; `errors` lists (field, message)."""

    code = "VALIDATION_FAILED"

    def __init__(self, message: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class NotFound(Permanent):
    """No such payment, or it belongs to another merchant: callers cannot distinguish them."""

    code = "NOT_FOUND"


class Conflict(Permanent):
    """The payment's amounts do not allow the command. Stored and replayed like a success."""


class CaptureConflict(Conflict):
    """Nothing is open, the authorization expired, or the amount is more than what is open."""

    code = "CAPTURE_CONFLICT"


class RefundConflict(Conflict):
    """The amount is more than what is captured and not yet refunded."""

    code = "REFUND_CONFLICT"


class VoidConflict(Conflict):
    """Nothing is open, so there is nothing to release."""

    code = "VOID_CONFLICT"


class IdempotencyKeyReused(Permanent):
    """The key was used before with another command."""

    code = "IDEMPOTENCY_KEY_REUSED"

    def __init__(
        self,
        message: str = "This idempotency key was used before with another request; use a new key for a new request.",
    ) -> None:
        super().__init__(message)


class IdempotencyKeyExpired(Permanent):
    """The key made a payment whose stored answer is no longer kept."""

    code = "IDEMPOTENCY_KEY_EXPIRED"


class DeadLetterConflict(Permanent):
    """The dead letter is not OPEN any more."""

    code = "DEAD_LETTER_CONFLICT"


class OutboxConflict(Permanent):
    """The event is not parked, or it is one that must not be discarded."""

    code = "OUTBOX_CONFLICT"


class TransitionNotAllowed(Permanent):
    """The circuit breaker cannot go from its state to the one asked for."""

    code = "TRANSITION_NOT_ALLOWED"


class PaymentDeclined(Permanent):
    """The acquirer refused the step, for a reason that it calls `decline_code`. Stored and replayed like a success."""

    code = "PAYMENT_DECLINED"

    def __init__(self, decline_code: str, *, payment_id: int) -> None:
        super().__init__(f"The acquirer declined it: {decline_code}.", payment_id=payment_id)
        self.decline_code = decline_code


class NotAdmitted(Permanent):
    """The request has no key, or one that does not open this. Each leaf has a sentence of its own."""

    sentence = ""

    def __init__(self) -> None:
        super().__init__(self.sentence)


class ApiKeyMissing(NotAdmitted):
    """The route needs a key."""

    code = "API_KEY_MISSING"
    sentence = "Send an API key as Authorization: Bearer <key>."


class ApiKeyInvalid(NotAdmitted):
    """No such key, or it was revoked."""

    code = "API_KEY_INVALID"
    sentence = "This is not a valid API key; it may have been revoked."


class ApiKeyExpired(NotAdmitted):
    """The key's end has come; said only when the secret was right."""

    code = "API_KEY_EXPIRED"
    sentence = "This API key has expired; use its successor or make a new key."


class MerchantSuspended(NotAdmitted):
    """The merchant that the request acts for is suspended."""

    code = "MERCHANT_SUSPENDED"
    sentence = "This merchant is suspended; ask the platform's operators."


class NetworkNotAllowed(NotAdmitted):
    """The key may not be used from the client's address."""

    code = "NETWORK_NOT_ALLOWED"
    sentence = "This API key may not be used from your network."


class InsufficientScope(NotAdmitted):
    """The key is valid, and not for this."""

    code = "INSUFFICIENT_SCOPE"
    sentence = "This API key may not do that; use one with the scope that this operation names."


class MerchantMismatch(NotAdmitted):
    """The request names another merchant than the one that it acts for: its key's, or the shop's."""

    code = "MERCHANT_MISMATCH"
    sentence = "merchantId is not the merchant that this request acts for; leave it out."


class MerchantExists(Permanent):
    """There is a merchant with this id."""

    code = "MERCHANT_EXISTS"


class ApiKeyConflict(Permanent):
    """The key has ended, so it cannot be rotated."""

    code = "API_KEY_CONFLICT"


class RotationInProgress(Permanent):
    """The key has a successor and still goes on beside it."""

    code = "ROTATION_IN_PROGRESS"


class TooManyKeys(Permanent):
    """The merchant, or operators, have as many keys that have not ended as they may."""

    code = "TOO_MANY_KEYS"


class ShopOff(Permanent):
    """No merchant is set for the shop."""

    code = "SHOP_OFF"


class ShopMerchantUnusable(Recoverable):
    """The shop's merchant is not there, or is LIVE: operators have to change that."""

    code = "SHOP_MERCHANT_UNUSABLE"


class TooManyWrongKeys(Recoverable):
    """So many keys of an address were unknown that another one is not looked up."""

    code = "RATE_LIMIT_EXCEEDED"
    retry_after = 60

    def __init__(self) -> None:
        super().__init__("Too many unknown API keys came from this address; wait for Retry-After seconds.")


class AcquirerUnavailable(Recoverable):
    """The request did not reach the acquirer, and never will: nothing was done."""

    code = "ACQUIRER_UNAVAILABLE"
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("The acquirer cannot be reached; nothing was done. Try again with the same key.")


class RequestInProgress(Recoverable):
    """The first request with this key has not been answered yet."""

    code = "REQUEST_IN_PROGRESS"


class ServiceUnavailable(Recoverable):
    """The request was not carried out: nothing was sent to COMMIT."""

    code = "SERVICE_UNAVAILABLE"


class OutcomeUnknown(Recoverable):
    """The request may have been carried out; repeating it with the same key gives the answer."""

    code = "OUTCOME_UNKNOWN"
