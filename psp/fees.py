"""The acquirer's fee schedule, in integers: what a movement is in the settlement. Pure."""

from dataclasses import dataclass
from typing import Final

from psp.operations import Kind

BASIS_POINTS: Final = 150
"""Of a captured amount, rounded half up to a minor unit."""
FIXED: Final = {"USD": 10, "EUR": 10, "GBP": 8, "JPY": 10, "KRW": 100}
"""Minor units for each capture; other currencies have none."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the settlement, in minor units. `gross` has the sign; `net` = `gross` − `fee`."""

    gross: int
    fee: int

    @property
    def net(self) -> int:
        """What the acquirer pays out (negative: takes back) for it."""
        return self.gross - self.fee


def movement(kind: Kind, amount: int, currency: str) -> Movement | None:
    """The movement of an approved operation; None where no money moves. A refund returns no fee and costs none."""
    if kind is Kind.CAPTURE:
        return Movement(amount, (amount * BASIS_POINTS + 5000) // 10_000 + FIXED.get(currency, 0))
    if kind is Kind.REFUND:
        return Movement(-amount, 0)
    return None
