"""Commands as the API makes them, and functions to run them; for contracts and stories."""

import hashlib
from datetime import timedelta
from threading import Event
from typing import Any, Final

from sqlalchemy import Engine

from payments.acquiring.rules import Learned, Told
from payments.payment.answers import Result
from payments.payment.batch import run_batch
from payments.payment.commands import Command, Operation
from payments.payment.commands import conclude as made_conclusion
from payments.payment.execution import execute
from payments.payment.rules import NewPayment
from payments.platform.clock import Clock, monotonic

WEEK: Final = timedelta(days=7)
_NEVER: Final = Event()


def _command(operation: Operation, merchant: str, key: str, **fields: Any) -> Command:
    asked = (operation, fields.get("payment_id"), fields.get("amount"), fields.get("currency"))
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()
    return Command(operation, merchant, key, digest, request_id=f"r-{key}", **fields)


def authorize(
    key: str,
    amount: int = 10_000,
    merchant: str = "M1",
    currency: str = "KRW",
    lifetime: timedelta = WEEK,
    connector: str = "none",
) -> Command:
    """Authorize `amount` minor units."""
    fields = {"amount": amount, "currency": currency, "lifetime": lifetime, "connector": connector}
    return _command(Operation.AUTHORIZE, merchant, key, **fields)


def new_payment(key: str, amount: int = 10_000, merchant: str = "M1", currency: str = "KRW") -> NewPayment:
    """The NewPayment of that authorization."""
    return NewPayment(merchant, key, amount, currency, WEEK)


def capture(payment_id: int, key: str, amount: int | None = None, merchant: str = "M1") -> Command:
    """Capture `amount`, or all that is open."""
    return _command(Operation.CAPTURE, merchant, key, payment_id=payment_id, amount=amount)


def refund(payment_id: int, key: str, amount: int | None = None, merchant: str = "M1") -> Command:
    """Refund `amount`, or all that is captured."""
    return _command(Operation.REFUND, merchant, key, payment_id=payment_id, amount=amount)


def void(payment_id: int, key: str, merchant: str = "M1") -> Command:
    """Release what is open."""
    return _command(Operation.VOID, merchant, key, payment_id=payment_id)


def expire(payment_id: int, merchant: str = "M1") -> Command:
    """Housekeeping's command for an expired authorization."""
    return Command(Operation.EXPIRE, merchant, payment_id=payment_id)


def conclude(reference: str, learned: Learned, merchant: str = "M1", **told: Any) -> Command:
    """What an acquirer has told about the operation `reference`."""
    return made_conclusion(merchant, int(reference.split("-")[1]), Told(reference, learned, **told), "r", {})


def run(engine: Engine, *commands: Command) -> list[Result]:
    """Run all in one transaction."""
    with engine.connect() as connection:
        return run_batch(connection, commands)


def run_one(engine: Engine, command: Command) -> Result:
    """Run one command in a transaction of its own."""
    return run(engine, command)[0]


def carry_out(engine: Engine, *commands: Command, seconds: float = 10.0, clock: Clock = monotonic) -> list[Result]:
    """Run as the API does, with retries for `seconds`."""
    return execute(engine, commands, clock() + seconds, clock, _pause)


def _pause(seconds: float) -> None:
    _NEVER.wait(seconds)
