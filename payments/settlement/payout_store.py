"""Payouts in the table `payout`, and the batches that they pay."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select, update

from payments.merchants.rules import Mode
from payments.platform.tables.merchants import merchant
from payments.platform.tables.settlement import payout as table
from payments.platform.tables.settlement import settlement_batch as batch_table
from payments.settlement import payees
from payments.settlement.payout_file import Payout, PayoutState
from payments.settlement.rules import Batch, State
from payments.settlement.store import StoredBatch, batch_of


class StoredPayout(NamedTuple):
    """One row of `payout`; `amount` in minor units."""

    payout_id: int
    batch_id: int
    file_id: int
    merchant_id: str
    currency: str
    amount: int
    state: PayoutState


_IS_HELD: Final = batch_table.c.merchant_id.in_(payees.SUSPENDED)


def lock_approved(connection: Connection, currency: str, mode: Mode, limit: int) -> list[StoredBatch]:
    """Lock the APPROVED batches of a currency, at most `limit`, and read them, oldest first; not those that are held.

    `mode`: of their merchants; one that is not registered has no live money.
    """
    wanted = _approved(currency, mode) & ~_IS_HELD
    query = select(batch_table).where(wanted).order_by(batch_table.c.batch_id).limit(limit).with_for_update()
    return [batch_of(row) for row in connection.execute(query)]


def held(connection: Connection, currency: str, mode: Mode) -> list[str]:
    """The suspended merchants for whose sake `lock_approved` leaves out batches, by id."""
    query = select(batch_table.c.merchant_id).where(_approved(currency, mode), _IS_HELD).distinct()
    return list(connection.execute(query.order_by(batch_table.c.merchant_id)).scalars())


def save_exported(connection: Connection, batches: Sequence[Batch], now: datetime) -> None:
    """Write that these batches, which this transaction has locked, are EXPORTED; in one statement, for they are many.

    Raises ValueError for one that is not.
    """
    if any(each.state is not State.EXPORTED for each in batches):
        raise ValueError("not all of them are EXPORTED")
    of_file = batch_table.c.batch_id.in_([each.batch_id for each in batches])
    connection.execute(update(batch_table).where(of_file).values(state=State.EXPORTED.value, updated_at=now))


def add(connection: Connection, file_id: int, payouts: Sequence[Payout], now: datetime) -> None:
    """Store the payouts of a file, EXPORTED. Raises sqlalchemy's IntegrityError for a batch that has a payout."""
    state = {"file_id": file_id, "state": PayoutState.EXPORTED.value, "created_at": now, "updated_at": now}
    connection.execute(insert(table), [{**each._asdict(), **state} for each in payouts])


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


def _approved(currency: str, mode: Mode) -> ColumnElement[bool]:
    live = batch_table.c.merchant_id.in_(select(merchant.c.merchant_id).where(merchant.c.mode == Mode.LIVE.value))
    is_approved = (batch_table.c.state == State.APPROVED.value) & (batch_table.c.currency == currency)
    return is_approved & (live if mode is Mode.LIVE else ~live)
