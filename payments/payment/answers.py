"""Results of commands: an answer, which is stored and sent again unchanged, or an error, which is never stored."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from payments.acquiring.connector import Operation
from payments.platform.errors import PaymentsError

RUNNING: Final = 102
"""`http_status` of an answer that is not there yet: the call to the acquirer runs."""
PROCESSING: Final = 202
"""What became of the step is not known; the stored answer says so until it is."""
NOT_SENT: Final = 503
"""The step certainly did not reach the acquirer: the same request is run anew."""
LASTING: Final = frozenset({200, 402, 409})
"""Statuses of answers that stay as they are."""


class Call(NamedTuple):
    """What is to be asked of an acquirer now that it is stored. `authorization`: our reference of the one it is of."""

    connector: str
    merchant_id: str
    payment_id: int
    operation: Operation
    authorization: str | None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer and the SHA-256 (hex) of the command that it answered."""

    digest: str
    status: int
    body: str

    @property
    def is_expired(self) -> bool:
        """Whether the answer was pruned: only the used key is still known."""
        return self.status == 0

    @property
    def is_lasting(self) -> bool:
        """Whether a repetition may be given this answer without asking the database."""
        return self.status in LASTING


@dataclass(frozen=True, slots=True)
class Result:
    """An answer to store and send (`status`, `body`), or an error to send but not store.

    `step`: the amount that this success moved, in minor units of `currency`; 0 for conflicts and replays.
    `payment_id`: 0 when it is not known (an authorization that failed, or a replayed one). `call`: make it, and
    conclude; until then the answer is that it is being processed.
    """

    status: int = 0
    body: str = ""
    replayed: bool = False
    error: PaymentsError | None = None
    step: int = 0
    currency: str = ""
    payment_id: int = 0
    call: Call | None = None
