"""What a merchant sees of a closed batch: a CSV file of its items, whose sum is what is paid out. Pure."""

from collections.abc import Sequence
from typing import Final

from payments.platform.money import DECIMALS
from payments.settlement.rules import Batch, Item, State, with_sums
from payments.settlement.sealed_csv import Row, seal

COLUMNS: Final = ("batch", "event", "kind", "currency", "decimals", "gross", "fee")


def statement(batch: Batch, items: Sequence[Item]) -> bytes:
    """The file: one line for each item, and one for what is carried in and out. In each `amount` is `gross` − `fee`.

    Raises ValueError while the batch is OPEN, and when the items are not those of its sums.
    """
    if batch.state is State.OPEN:
        raise ValueError(f"batch {batch.batch_id} is still OPEN")
    if with_sums(batch, items) != batch:
        raise ValueError(f"these are not the items of batch {batch.batch_id}")
    rows = [
        _row(batch, "item", item.signed, item.fee, event=str(item.event_id or ""), kind=item.kind.value)
        for item in items
    ]
    if batch.carried_in:
        rows.append(_row(batch, "carried_in", batch.carried_in))
    if batch.carried_out:
        rows.append(_row(batch, "carried_out", -batch.carried_out))
    return seal(COLUMNS, rows)


def _row(batch: Batch, record: str, gross: int, fee: int = 0, *, event: str = "", kind: str = "") -> Row:
    currency, decimals = batch.currency, str(DECIMALS[batch.currency])
    return Row(record, (str(batch.batch_id), event, kind, currency, decimals, str(gross), str(fee)), gross - fee)
