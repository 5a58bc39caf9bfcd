"""The end of a lease term: a relay that was replaced finds it out by a write that changes nothing."""

from sqlalchemy import Connection

from payments.outbox import lease
from payments.outbox.lease import Lease


class LeaseLost(Exception):
    """Another relay has taken over; nothing may be written any more."""


def check_lease(connection: Connection, held: Lease) -> None:
    """After a write that changed nothing: fine when there was nothing left to change. Raises LeaseLost otherwise."""
    if not lease.holds(connection, held):
        raise LeaseLost
