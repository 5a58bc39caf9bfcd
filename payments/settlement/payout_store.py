"""Payouts and their files in the tables `payout` and `payout_file`. A file is stored once and never written again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, insert, select, update

from payments.platform.merchant_tables import merchant
from payments.platform.settlement_tables import payout as table
from payments.platform.settlement_tables import payout_file as file_table
from payments.platform.settlement_tables import settlement_batch as batch_table
from payments.platform.tables import payment
from payments.settlement.payout_file import Format, Payout, PayoutState
from payments.settlement.rules import Batch, State
from payments.settlement.store import StoredBatch, batch_of

_DESCRIBED: Final = tuple(column for column in file_table.c if column.name != "content")


class StoredPayout(NamedTuple):
    """One row of `payout`; `amount` in minor units."""

    payout_id: int
    batch_id: int
    file_id: int
    merchant_id: str
    currency: str
    amount: int
    state: PayoutState


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """One row of `payout_file` without its content. `payouts`: how many; `total`: their sum in minor units."""

    file_id: int
    name: str
    format: Format
    currency: str
    payouts: int
    total: int
    sha256: str
    created_by: str
    created_at: datetime


def lock_approved(connection: Connection, currency: str, limit: int) -> list[StoredBatch]:
    """Lock the APPROVED batches of a currency, at most `limit`, and read them, oldest first."""
    of_currency = (batch_table.c.state == State.APPROVED.value) & (batch_table.c.currency == currency)
    query = select(batch_table).where(of_currency).order_by(batch_table.c.batch_id).limit(limit).with_for_update()
    return [batch_of(row) for row in connection.execute(query)]


def save_exported(connection: Connection, batches: Sequence[Batch], now: datetime) -> None:
    """Write that these batches, which this transaction has locked, are EXPORTED; in one statement, for they are many.

    Raises ValueError for one that is not.
    """
    if any(each.state is not State.EXPORTED for each in batches):
        raise ValueError("not all of them are EXPORTED")
    of_file = batch_table.c.batch_id.in_([each.batch_id for each in batches])
    connection.execute(update(batch_table).where(of_file).values(state=State.EXPORTED.value, updated_at=now))


def accounts(connection: Connection, merchant_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Name and IBAN of these merchants; those without an IBAN are absent."""
    query = select(merchant.c.merchant_id, merchant.c.name, merchant.c.iban)
    query = query.where(merchant.c.merchant_id.in_(merchant_ids), merchant.c.iban.is_not(None))
    return {row.merchant_id: (row.name, row.iban) for row in connection.execute(query)}


def is_known(connection: Connection, merchant_id: str) -> bool:
    """Whether there is such a merchant, or a payment of it: where keys are not required, its name is enough."""
    made = select(merchant.c.merchant_id).where(merchant.c.merchant_id == merchant_id)
    paid = select(payment.c.payment_id).where(payment.c.merchant_id == merchant_id).limit(1)
    return any(connection.execute(query).first() is not None for query in (made, paid))


def add_file(connection: Connection, file: StoredFile, content: str, payouts: Sequence[Payout]) -> StoredFile:
    """Store a file with its payouts, EXPORTED; returns it with its id.

    Raises sqlalchemy's IntegrityError for a name that is taken, or a batch that has a payout.
    """
    values = {column.name: getattr(file, column.name) for column in _DESCRIBED if column.name != "file_id"}
    values |= {"format": file.format.value, "content": content}
    file_id = int(connection.execute(insert(file_table), values).lastrowid)
    times = {"created_at": file.created_at, "updated_at": file.created_at}
    state = {"file_id": file_id, "state": PayoutState.EXPORTED.value}
    connection.execute(insert(table), [{**each._asdict(), **state, **times} for each in payouts])
    return replace(file, file_id=file_id)


def get_file(connection: Connection, file_id: int) -> StoredFile | None:
    """One file, without its content."""
    row = connection.execute(select(*_DESCRIBED).where(file_table.c.file_id == file_id)).one_or_none()
    return None if row is None else _file(row)


def content_of(connection: Connection, file_id: int) -> str | None:
    """The text of a file."""
    found: str | None = connection.execute(
        select(file_table.c.content).where(file_table.c.file_id == file_id)
    ).scalar_one_or_none()
    return found


def files(connection: Connection, before: int | None, limit: int) -> list[StoredFile]:
    """At most `limit` files with ids smaller than `before`, newest first."""
    query = select(*_DESCRIBED).order_by(file_table.c.file_id.desc()).limit(limit)
    return [
        _file(row)
        for row in connection.execute(query if before is None else query.where(file_table.c.file_id < before))
    ]


def files_of(connection: Connection, batch_ids: Collection[int]) -> dict[int, int]:
    """The id of the file in which each of these batches is; those in none are absent."""
    query = select(table.c.batch_id, table.c.file_id).where(table.c.batch_id.in_(batch_ids))
    return {row.batch_id: row.file_id for row in connection.execute(query)}


def lock_of_batch(connection: Connection, batch_id: int) -> StoredPayout | None:
    """Lock the payout of a batch; lock its batch first."""
    row = connection.execute(select(table).where(table.c.batch_id == batch_id).with_for_update()).one_or_none()
    if row is None:
        return None
    values = {name: row._mapping[name] for name in StoredPayout._fields}
    return StoredPayout(**{**values, "state": PayoutState(row.state)})


def save_state(connection: Connection, payout_id: int, state: PayoutState, now: datetime) -> None:
    """Write the state of a payout."""
    values = {"state": state.value, "updated_at": now}
    connection.execute(update(table).where(table.c.payout_id == payout_id).values(values))


def _file(row: Row[Any]) -> StoredFile:
    values = dict(row._mapping)
    return StoredFile(**{**values, "format": Format(row.format)})
