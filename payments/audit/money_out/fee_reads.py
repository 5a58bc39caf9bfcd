"""Adds up what each payment of a batch has cost until then. `fees` says whether that is right."""

from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, bindparam, case, cast, func, select

from payments.audit.money_out import fees
from payments.audit.money_out.fees import Charged, Schedule, WrongFees
from payments.platform.tables.payments import payment
from payments.platform.tables.settlement import fee_schedule, settlement_item
from payments.platform.tasks.throttle import Rest
from payments.settlement.fees import ANY_MERCHANT
from payments.settlement.rules import ItemKind

PIECE: Final = 500
"""Items whose payments one statement adds up: few, as elsewhere in the audit (ADR 14)."""


_item = settlement_item.c


_SCHEDULES: Select[Any] = select(*(fee_schedule.c[name] for name in Schedule._fields)).where(
    fee_schedule.c.currency == bindparam("currency"),
    fee_schedule.c.merchant_id.in_(bindparam("owners", expanding=True)),
)


_PIECE: Select[Any] = (
    select(_item.item_id, _item.payment_id)
    .where(_item.batch_id == bindparam("batch_id"), _item.item_id > bindparam("after"))
    .order_by(_item.item_id)
    .limit(bindparam("piece"))
)


def _sum(amount: Any) -> Any:
    return cast(func.sum(amount), BigInteger)  # MariaDB adds integers up to decimals


def _sum_of(kind: ItemKind) -> Any:
    return _sum(case((_item.kind == kind, _item.amount), else_=0))


_CHARGED: Select[Any] = (
    select(
        _item.payment_id,
        payment.c.requested_at,
        _sum_of(ItemKind.CAPTURE),
        _sum_of(ItemKind.REFUND),
        _sum(_item.fee),
    )
    .join(payment, payment.c.payment_id == _item.payment_id)
    .where(_item.payment_id.in_(bindparam("ids", expanding=True)), _item.batch_id <= bindparam("batch_id"))
    .group_by(_item.payment_id, payment.c.requested_at)
)


def wrong_fees(connection: Connection, batch_id: int, merchant_id: str, currency: str, rest: Rest) -> WrongFees:
    """The payments of a batch, as the items in it and in those before it say; a rest after each PIECE items."""
    owners = {"currency": currency, "owners": [merchant_id, ANY_MERCHANT]}
    schedules = [Schedule(*row) for row in connection.execute(_SCHEDULES, owners)]
    wrong: set[int] = set()
    after = 0
    while rows := connection.execute(_PIECE, {"batch_id": batch_id, "after": after, "piece": PIECE}).all():
        after = rows[-1].item_id
        ids = sorted({row.payment_id for row in rows if row.payment_id is not None})
        if ids:
            charged = connection.execute(_CHARGED, {"batch_id": batch_id, "ids": ids})
            wrong |= fees.wrong_fees(map(Charged._make, charged), schedules)
        rest()
    return WrongFees(len(wrong), min(wrong, default=None))
