"""The end of a lease term: a replaced relay notices it when a write changes nothing."""

from sqlalchemy import Connection

from payments.outbox import lease
from payments.outbox.lease import Lease


class LeaseLost(Exception):
    """Another relay has taken over; this one must not write any more."""


def check_lease(connection: Connection, held: Lease) -> None:
    """Call it after a write that changed nothing. Raises LeaseLost when the lease was taken over."""
    if not lease.holds(connection, held):
        raise LeaseLost
