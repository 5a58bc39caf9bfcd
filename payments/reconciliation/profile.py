"""Profiles: what the settlement files of an acquirer look like, and the fees that its contract has. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from payments.acquiring.connector import Kind
from payments.platform.connectors import ConnectorName
from payments.reconciliation.rules import Fee


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A CSV file without quotes: header, movements, a total for each currency, an end line with the count.

    The names are those of columns in the header. `number` counts movements; in a total and in the end line it is how
    many there are. Gross, fee and net are integers in minor units with their sign, net = gross − fee.
    """

    path: str
    """Where the acquirer has the file of a day; `{day}` is YYYY-MM-DD."""
    header: tuple[str, ...]
    record: str
    """Says what the line is, by one of the next three words."""
    movement: str
    total: str
    end: str
    number: str
    day: str | None
    """In the end line, YYYY-MM-DD (UTC): what the file is about. None: the file does not say."""
    reference: str
    """Our reference."""
    acquirer_reference: str
    kind: str
    kinds: Mapping[str, Kind]
    """Words of the column `kind`, of movements of money alone."""
    currency: str
    gross: str
    fee: str
    net: str
    expected_fee: Fee


_BASIS_POINTS: Final = 150
_FIXED: Final = {"USD": 10, "EUR": 10, "GBP": 8, "JPY": 10, "KRW": 100}


def _fee_of_the_simulator(kind: Kind, amount: int, currency: str) -> int:
    if kind is not Kind.CAPTURE:
        return 0
    return (amount * _BASIS_POINTS + 5000) // 10_000 + _FIXED.get(currency, 0)


SIMULATOR: Final = Profile(
    path="/v1/settlements/{day}.csv",
    header=("record", "number", "reference", "id", "kind", "authorization", "at", "currency", "gross", "fee", "net"),
    record="record",
    movement="movement",
    total="total",
    end="end",
    number="number",
    day="at",
    reference="reference",
    acquirer_reference="id",
    kind="kind",
    kinds={"capture": Kind.CAPTURE, "refund": Kind.REFUND},
    currency="currency",
    gross="gross",
    fee="fee",
    net="net",
    expected_fee=_fee_of_the_simulator,
)
"""The acquirer's simulator: docs/simulator.md, Settlement."""
PROFILES: Final[Mapping[str, Profile]] = {ConnectorName.SIMULATOR.value: SIMULATOR}
"""By the names of connectors."""
