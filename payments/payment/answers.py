"""What a command comes to: an answer, which is stored and sent again as it was, or an error, which is never stored."""

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
        """Whether the answer is no longer kept: only that the key was used is known."""
        return self.status == 0


@dataclass(frozen=True, slots=True)
class Result:
    """An answer to store and send (`status`, `body`), or the error that is answered but never stored.

    `step` is what a success moved just now, in minor units of `currency`; 0 for conflicts and replays. `payment_id`: of
    the payment that it is about; 0 when it is not known (an authorization that made none, or a replayed one).
    """

    status: int = 0
    body: str = ""
    replayed: bool = False
    error: PaymentsError | None = None
    step: int = 0
    currency: str = ""
    payment_id: int = 0
