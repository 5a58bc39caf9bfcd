"""What a merchant sees of a closed batch: a CSV file of its items, whose sum is what is paid out. Pure."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from payments.platform.values.money import DECIMALS
from payments.settlement.rules import Batch, Item, ItemKind, State
from payments.settlement.sealed_csv import Row, seal
from payments.settlement.sealed_csv import parts as sealed_parts

COLUMNS: Final = ("batch", "entry", "event", "payment", "kind", "currency", "decimals", "gross", "fee")
_SUM_OF: Final = {ItemKind.CAPTURE: "gross", ItemKind.REFUND: "refunds", ItemKind.ADJUSTMENT: "adjustments"}


def statement(batch: Batch, items: Iterable[Item]) -> bytes:
    """The file: one line for each item, and one for what is carried in and out. In each `amount` is `gross` − `fee`.

    Raises ValueError while the batch is OPEN, and when the items are not those of its sums.
    """
    return seal(COLUMNS, _rows(batch, items))


def parts(batch: Batch, items: Iterable[Item]) -> Iterator[bytes]:
    """The bytes of `statement`, piece by piece; it raises the same, before the trailer."""
    return sealed_parts(COLUMNS, _rows(batch, items))


def sha256(batch: Batch, items: Iterable[Item]) -> str:
    """The SHA-256 (hex) of the file, of which no more than a piece is kept. Raises as `statement`."""
    digest = hashlib.sha256()
    for part in parts(batch, items):
        digest.update(part)
    return digest.hexdigest()


def _rows(batch: Batch, items: Iterable[Item]) -> Iterator[Row]:
    if batch.state is State.OPEN:
        raise ValueError(f"batch {batch.batch_id} is still OPEN")
    sums = dict.fromkeys((*_SUM_OF.values(), "fees", "items"), 0)
    for item in items:
        if item.batch_id != batch.batch_id:
            raise ValueError(f"an item is not of batch {batch.batch_id}")
        sums[_SUM_OF[item.kind]] += item.amount
        sums["fees"] += item.fee
        sums["items"] += 1
        yield _row(batch, "item", item.signed, item.fee, _of(item))
    if any(getattr(batch, name) != found for name, found in sums.items()):
        raise ValueError(f"these are not the items of batch {batch.batch_id}")
    if batch.carried_in:
        yield _row(batch, "carried_in", batch.carried_in)
    if batch.carried_out:
        yield _row(batch, "carried_out", -batch.carried_out)


def _of(item: Item) -> tuple[str, ...]:
    return str(item.entry_id), str(item.event_id or ""), str(item.payment_id or ""), item.kind.value


def _row(batch: Batch, record: str, gross: int, fee: int = 0, of: tuple[str, ...] = ("",) * 4) -> Row:
    currency, decimals = batch.currency, str(DECIMALS[batch.currency])
    return Row(record, (str(batch.batch_id), *of, currency, decimals, str(gross), str(fee)), gross - fee)
