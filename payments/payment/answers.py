"""Results of commands: an answer, which is stored and sent again unchanged, or an error, which is never stored."""

from dataclasses import dataclass

from payments.platform.errors import PaymentsError


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


@dataclass(frozen=True, slots=True)
class Result:
    """An answer to store and send (`status`, `body`), or an error to send but not store.

    `step`: the amount that this success moved, in minor units of `currency`; 0 for conflicts and replays.
    `payment_id`: 0 when it is not known (an authorization that failed, or a replayed one).
    """

    status: int = 0
    body: str = ""
    replayed: bool = False
    error: PaymentsError | None = None
    step: int = 0
    currency: str = ""
    payment_id: int = 0
