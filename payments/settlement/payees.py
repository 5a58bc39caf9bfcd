"""Who is paid: whether there is such a merchant, whether it is suspended, and its account."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, select

from payments.merchants.rules import MerchantState
from payments.platform.tables.merchants import merchant
from payments.platform.tables.payments import payment

SUSPENDED: Final = select(merchant.c.merchant_id).where(merchant.c.state == MerchantState.SUSPENDED.value)
"""Merchants that are not paid until they are active again. One that is not registered is none of them."""


def accounts(connection: Connection, merchant_ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Name and IBAN of these merchants; those without an IBAN are absent."""
    query = select(merchant.c.merchant_id, merchant.c.name, merchant.c.iban)
    query = query.where(merchant.c.merchant_id.in_(merchant_ids), merchant.c.iban.is_not(None))
    return {row.merchant_id: (row.name, row.iban) for row in connection.execute(query)}


def suspended(connection: Connection, merchant_ids: Collection[str]) -> set[str]:
    """Those of these merchants that are suspended."""
    return set(connection.execute(SUSPENDED.where(merchant.c.merchant_id.in_(merchant_ids))).scalars())


def is_known(connection: Connection, merchant_id: str) -> bool:
    """Whether there is such a merchant, or a payment of it: where keys are not required, its name is enough."""
    made = select(merchant.c.merchant_id).where(merchant.c.merchant_id == merchant_id)
    paid = select(payment.c.payment_id).where(payment.c.merchant_id == merchant_id).limit(1)
    return any(connection.execute(query).first() is not None for query in (made, paid))
