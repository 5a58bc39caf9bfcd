"""The client of payops for merchants: `Payops`, its errors, and the types of its answers."""

from payops_client.answers import CommandAnswer, Entry, Event, PaymentAnswer, PaymentItem, Status
from payops_client.client import Payops
from payops_client.errors import (
    AuthenticationFailed,
    Conflict,
    FieldError,
    IdempotencyKeyUnusable,
    InvalidRequest,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PaymentDeclined,
    PayopsError,
    Processing,
    RateLimited,
    RequestInProgress,
    ServerNotTrusted,
    TryAgain,
    Unavailable,
    UnexpectedAnswer,
)
from payops_client.version import __version__

__all__ = [
    "AuthenticationFailed",
    "CommandAnswer",
    "Conflict",
    "Entry",
    "Event",
    "FieldError",
    "IdempotencyKeyUnusable",
    "InvalidRequest",
    "NotAllowed",
    "NotFound",
    "OutcomeUnknown",
    "PaymentAnswer",
    "PaymentDeclined",
    "PaymentItem",
    "Payops",
    "PayopsError",
    "Processing",
    "RateLimited",
    "RequestInProgress",
    "ServerNotTrusted",
    "Status",
    "TryAgain",
    "Unavailable",
    "UnexpectedAnswer",
    "__version__",
]
