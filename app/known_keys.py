"""Reads API keys and the shop's merchant for the checks of requests, each in a snapshot of its own."""

from sqlalchemy import Connection

from app.transactions import read
from payments.merchants import store
from payments.merchants.store import Merchant
from payments.merchants.verification import Reading
from payments.platform.clock import database_now


def read_key(key_id: str) -> Reading:
    """The key as it is stored now. Raises ServiceUnavailable when the database does not answer."""

    def run(connection: Connection) -> Reading:
        return Reading(store.get_key(connection, key_id), database_now(connection))

    return read(run)


def read_merchant(merchant_id: str) -> Merchant | None:
    """The merchant as it is stored now, or None. Raises as `read_key`."""
    return read(lambda connection: store.get_merchant(connection, merchant_id))
