"""What an audit compares, as of one moment, and what it finds: plain values.

`audit.store` and `audit.progress` read them, `audit.rules` and `audit.answers` check them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

LATE: Final = timedelta(seconds=60)
"""An event that waits for longer than this is late."""

Lane = tuple[str, int]
"""Event type and partition: what is published first is posted first there."""


@dataclass(frozen=True, slots=True)
class AuditedPayment:
    """A payment's row as it stands, its stored status included."""

    payment_id: int
    amount: int
    captured: int
    released: int
    refunded: int
    release_reason: str | None
    currency: str
    status: str
    requested_at: datetime


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
    """As its payload says; the same as `created_at`, unless one of them was changed."""
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
class WrongAnswer:
    """A stored success that no payment bears out: `payment_id` is what it says, `is_found` whether that payment is."""

    merchant_id: str
    operation: str
    key: str
    payment_id: int | None
    is_found: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """Payments and all that hangs on them, as of one moment.

    `authorizations`: the answer's body (None: there is none) of each payment that is young enough to have one.
    """

    payments: list[AuditedPayment]
    events: list[AuditedEvent]
    entries: list[AuditedEntry]
    authorizations: dict[int, str | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of the ledger's progress at one moment.

    `possible_since`: since when events could be published and posted without hindrance; None: they cannot at present.
    `compared_with`: when the former audit ran (None: there was none). `draining`: since then, or within LEAST, late
    events were posted.
    `passed`: the highest event of a lane that was posted LATE ago or earlier, among the newest of those.
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


class FindingState(StrEnum):
    """OPEN until a check of its subject finds it right."""

    OPEN = "OPEN"
    CLEARED = "CLEARED"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree.

    With `kind` and `payment_id`, `subject` says which thing it is: the same one in each audit, whatever `detail` says.
    """

    kind: FindingKind
    payment_id: int | None
    detail: str
    subject: str

    @property
    def identity(self) -> str:
        """SHA-256 (hex) of what makes it the same finding in another audit."""
        return hashlib.sha256(json.dumps([self.kind, self.payment_id, self.subject]).encode()).hexdigest()
