"""What a batch has decided to write. Pure; `payments.payment.batch` writes it."""

from dataclasses import dataclass, field

from payments.acquiring.operation import StoredOperation
from payments.outbox.rules import PaymentEvent
from payments.payment.answers import StoredAnswer
from payments.payment.commands import Command, Key
from payments.payment.rules import Payment


@dataclass(slots=True)
class Changes:
    """Rows to write: payments, events and new operations with their command, answers, and concluded operations."""

    events: list[tuple[PaymentEvent, Command]] = field(default_factory=list)
    answers: dict[Key, StoredAnswer] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)
    intents: list[tuple[StoredOperation, Command]] = field(default_factory=list)
    concluded: dict[str, StoredOperation] = field(default_factory=dict)
    """By reference."""
