"""The values that an audit compares, as of one moment, and the differences it finds.

`audit.store` and `audit.progress` read them, `audit.rules`, `audit.answers` and `audit.operations` check them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from payments.acquiring.connector import Kind
from payments.acquiring.rules import State
from payments.payment.rules import ReleaseReason
from payments.platform.connectors import ConnectorName

LATE: Final = timedelta(seconds=60)
"""An event that waits for longer than this is late."""

Lane = tuple[str, int]
"""(event type, partition): its events are posted in the order in which they are published."""


@dataclass(frozen=True, slots=True)
class AuditedPayment:
    """A payment's row, including its stored status."""

    payment_id: int
    amount: int
    captured: int
    released: int
    refunded: int
    release_reason: str | None
    currency: str
    status: str
    requested_at: datetime
    connector: str
    decided_at: datetime | None
    """When its authorization was decided; None: it is not yet. Means nothing without a connector."""
    pending_capture: int
    pending_refund: int
    pending_release: int

    @property
    def has_connector(self) -> bool:
        """Whether an acquirer decides its steps."""
        return self.connector != ConnectorName.NONE

    @property
    def is_declined(self) -> bool:
        """Whether its authorization was refused, or never happened."""
        return self.release_reason == ReleaseReason.DECLINED

    @property
    def is_authorized(self) -> bool:
        """Whether its authorization succeeded: without that it needs no event and no posting."""
        return self.decided_at is not None and not self.is_declined

    @property
    def authorized_at(self) -> datetime:
        """The time of its first event and of that answer, if it is authorized."""
        return self.decided_at if self.has_connector and self.decided_at is not None else self.requested_at


@dataclass(frozen=True, slots=True)
class AuditedEvent:
    """A stored event of a payment, and whether the ledger has posted it."""

    event_id: int
    payment_id: int
    event_type: str
    amount: int
    currency: str
    created_at: datetime
    posted: bool
    occurred_at: datetime
    """`occurredAt` of its payload; the same as `created_at`, unless one of them was changed."""
    readable: bool = True
    """False: its type or its payload is broken, and `amount` is unknown."""


@dataclass(frozen=True, slots=True)
class AuditedEntry:
    """One row of the ledger."""

    payment_id: int
    event_id: int
    debit: str
    credit: str
    amount: int
    currency: str
    posting_no: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class AuditedAnswer:
    """A stored success to a change of a payment. `body` is the JSON text."""

    payment_id: int
    operation: str
    created_at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class AuditedOperation:
    """A payment's operation at an acquirer, and the HTTP status that is stored for its idempotency key.

    `answer_status` None: none is stored, or nobody waits for it (`key` is None).
    """

    operation_id: int
    payment_id: int
    kind: Kind
    state: State
    amount: int
    currency: str
    reference: str
    reverses: int | None
    key: str | None
    created_at: datetime
    decided_at: datetime | None
    answer_status: int | None


@dataclass(frozen=True, slots=True)
class WrongAnswer:
    """A stored success or decline that matches no payment.

    `payment_id`: from its body; `is_found`: whether that payment exists.
    """

    merchant_id: str
    operation: str
    key: str
    payment_id: int | None
    is_found: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payments with their events, postings, answers and operations, as of one moment.

    `authorizations`: the answer's body (None: missing) of each payment that is young enough to have one.
    """

    payments: list[AuditedPayment]
    events: list[AuditedEvent]
    entries: list[AuditedEntry]
    authorizations: dict[int, str | None]
    operations: list[AuditedOperation]


@dataclass(frozen=True, slots=True)
class Progress:
    """The ledger's progress at one moment.

    `possible_since`: since when publishing and posting have worked; None: they do not work now.
    `compared_with`: the time of the last audit (None: there was none). `draining`: late events were posted since then,
    or within LEAST.
    `passed`: by lane, the highest event that was posted LATE ago or earlier, among the newest of those.
    """

    possible_since: datetime | None
    compared_with: datetime | None = None
    draining: bool = False
    passed: Mapping[Lane, int] | None = None


class FindingKind(StrEnum):
    """What does not agree."""

    LEDGER = "ledger"
    OUTBOX = "outbox"
    ANSWERS = "answers"
    ORPHAN_POSTING = "orphan_posting"
    STUCK = "stuck"
    ACQUIRER = "acquirer"
    SETTLEMENT = "settlement"
    RECONCILIATION = "reconciliation"


class FindingState(StrEnum):
    """OPEN until a check of its subject finds it right."""

    OPEN = "OPEN"
    CLEARED = "CLEARED"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    `kind`, `payment_id` and `subject` identify it: they are the same in each audit, while `detail` may change.
    """

    kind: FindingKind
    payment_id: int | None
    detail: str
    subject: str

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of `kind`, `payment_id` and `subject`."""
        return hashlib.sha256(json.dumps([self.kind, self.payment_id, self.subject]).encode()).hexdigest()
