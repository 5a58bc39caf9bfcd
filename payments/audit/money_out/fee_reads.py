"""Adds up what each payment of a batch has cost until then. `fees` says whether that is right."""

from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, case, func, select

from payments.audit.money_out import fees
from payments.audit.money_out.fees import ANYBODY, Charged, Schedule, WrongFees
from payments.platform.settlement_tables import fee_schedule, settlement_item
from payments.platform.tables import payment
from payments.settlement.rules import ItemKind

PIECE: Final = 1_000
"""Items whose payments one statement adds up."""


_item = settlement_item.c


_SCHEDULES: Select[Any] = select(*(fee_schedule.c[name] for name in Schedule._fields)).where(
    fee_schedule.c.currency == bindparam("currency"),
    fee_schedule.c.merchant_id.in_(bindparam("owners", expanding=True)),
)


_PIECE: Select[Any] = (
    select(_item.item_id, _item.payment_id)
    .where(_item.batch_id == bindparam("batch_id"), _item.item_id > bindparam("after"))
    .order_by(_item.item_id)
    .limit(PIECE)
)


def _sum_of(kind: ItemKind) -> Any:
    return func.sum(case((_item.kind == kind, _item.amount), else_=0))


_CHARGED: Select[Any] = (
    select(
        _item.payment_id,
        payment.c.requested_at,
        _sum_of(ItemKind.CAPTURE),
        _sum_of(ItemKind.REFUND),
        func.sum(_item.fee),
    )
    .join(payment, payment.c.payment_id == _item.payment_id)
    .where(_item.payment_id.in_(bindparam("ids", expanding=True)), _item.batch_id <= bindparam("batch_id"))
    .group_by(_item.payment_id, payment.c.requested_at)
)


def wrong_fees(connection: Connection, batch_id: int, merchant_id: str, currency: str) -> WrongFees:
    """The payments of a batch, as the items in it and in those before it say, PIECE items at a time."""
    owners = {"currency": currency, "owners": [merchant_id, ANYBODY]}
    schedules = [Schedule(*row) for row in connection.execute(_SCHEDULES, owners)]
    wrong: set[int] = set()
    after = 0
    while rows := connection.execute(_PIECE, {"batch_id": batch_id, "after": after}).all():
        after = rows[-1].item_id
        ids = sorted({row.payment_id for row in rows if row.payment_id is not None})
        if ids:
            charged = connection.execute(_CHARGED, {"batch_id": batch_id, "ids": ids})
            wrong |= fees.wrong_fees((_charged(*row) for row in charged), schedules)
    return WrongFees(len(wrong), min(wrong, default=None))


def _charged(payment_id: int, authorized_at: Any, *sums: Any) -> Charged:
    return Charged(payment_id, authorized_at, *map(int, sums))  # MariaDB adds integers up to decimals
