"""The file of what is to be paid to merchants: approved batches of one currency. It has no bank accounts. Pure.

Written once for each batch. A reader takes nothing from a file that is not whole.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from payments.merchants.rules import Mode
from payments.platform.values.money import DECIMALS
from payments.settlement.rules import Batch, State
from payments.settlement.sealed_csv import BrokenFile, Row, seal, unseal

COLUMNS: Final = ("file", "batch", "merchant", "currency", "decimals")
PAYOUT: Final = "payout"


class Format(StrEnum):
    """How a payout file is written."""

    CSV = "CSV"
    """Ours, without bank accounts, in any currency."""
    PAIN_001 = "PAIN_001"
    """For a bank, in EUR (`pain_001.py`)."""


class PayoutState(StrEnum):
    """What the bank has done about a payout."""

    EXPORTED = "EXPORTED"
    CONFIRMED = "CONFIRMED"
    RETURNED = "RETURNED"


class Payout(NamedTuple):
    """What one merchant is paid for one batch, in minor units."""

    batch_id: int
    merchant_id: str
    currency: str
    amount: int


def name_of(payouts: Sequence[Payout], mode: Mode, at: datetime) -> str:
    """The name of their file: day (UTC), currency, first batch. No other file has it, for a batch is in one file.

    That of test money begins with TEST, which then stands in each of its lines.
    """
    first = min(payouts)
    name = f"{at:%Y-%m-%d}-{first.currency}-{first.batch_id}"
    return name if mode is Mode.LIVE else f"{mode}-{name}"


def payout(batch: Batch) -> Payout:
    """The payout of a batch. Raises ValueError unless it is APPROVED."""
    if batch.state is not State.APPROVED:
        raise ValueError(f"batch {batch.batch_id} is {batch.state}: what is APPROVED is paid out")
    return Payout(batch.batch_id, batch.merchant_id, batch.currency, batch.net)


def write(name: str, payouts: Sequence[Payout]) -> bytes:
    """The file called `name`. Raises ValueError for none, two currencies, a batch twice, or an amount below 1."""
    _check(payouts)
    return seal(COLUMNS, [Row(PAYOUT, _cells(name, each), each.amount) for each in payouts])


def read(data: bytes) -> tuple[str, list[Payout]]:
    """(name, payouts) of a file. Raises BrokenFile unless it is what `write` makes of them."""
    rows = unseal(COLUMNS, data)
    if not rows:
        raise BrokenFile("the file has no payouts")
    name = rows[0].cells[0]
    try:
        payouts = [_payout(row) for row in rows]
        _check(payouts)
    except ValueError as wrong:
        raise BrokenFile(f"the file's payouts cannot be: {wrong}") from wrong
    if rows != [Row(PAYOUT, _cells(name, each), each.amount) for each in payouts]:
        raise BrokenFile("a line has another file's name or the wrong decimals")
    return name, payouts


def _cells(name: str, of: Payout) -> tuple[str, ...]:
    return name, str(of.batch_id), of.merchant_id, of.currency, str(DECIMALS[of.currency])


def _payout(row: Row) -> Payout:
    _name, batch, merchant_id, currency, _decimals = row.cells
    return Payout(int(batch), merchant_id, currency, row.amount)


def _check(payouts: Sequence[Payout]) -> None:
    if not payouts:
        raise ValueError("no payouts")
    if len({each.currency for each in payouts}) > 1 or payouts[0].currency not in DECIMALS:
        raise ValueError("not one known currency")
    if len({each.batch_id for each in payouts}) < len(payouts):
        raise ValueError("a batch twice")
    if any(each.amount < 1 for each in payouts):
        raise ValueError("an amount below 1")
