"""One import at a time, on all machines, by the lease "reconcile"."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from payments.outbox import lease
from payments.outbox.lease import Lease

NAME: Final = "reconcile"
SECONDS: Final = 60.0
"""After which another process may take the turn of one that was killed. It is taken anew with each chunk."""

_log = logging.getLogger(__name__)


class ImportRunning(Exception):
    """Another import has the turn: try again later."""


class TurnLost(Exception):
    """The process was silent for so long that another one has taken its turn, and undone what it had written."""


@contextmanager
def turn(engine: Engine) -> Iterator[Lease]:
    """Have the turn until the end of the block. Raises ImportRunning."""
    held = _taken(engine)
    try:
        yield held
    finally:
        try:
            with engine.begin() as connection:
                lease.give_back(connection, held)
        except SQLAlchemyError as error:  # it ends by itself; what the block has raised says more
            _log.warning("turn_not_given_back", extra={"error": str(getattr(error, "orig", error))})


def keep(connection: Connection, held: Lease) -> None:
    """Go on having it: the last statement of each transaction that writes. Raises TurnLost: then nothing may remain."""
    if not lease.renew(connection, held, SECONDS):
        raise TurnLost("another import has taken the turn of this one")


def _taken(engine: Engine) -> Lease:
    holder = f"{socket.gethostname()}:{os.getpid()}:{token_hex(8)}"[-128:]
    try:
        with engine.begin() as connection:
            held = lease.acquire(connection, NAME, holder, SECONDS)
    except IntegrityError as error:  # two of them at once, the first time ever
        raise ImportRunning("Another import has just begun.") from error
    if held is None:
        raise ImportRunning("Another import is running.")
    return held
