"""Payments at an acquirer whose words are the test's; for contracts of what is stored."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine

from payments.acquiring import store as acquiring_store
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Learned, Told
from payments.payment.answers import Result
from payments.payment.commands import Command, conclude
from payments.platform.connectors import ConnectorName
from tests.contracts import commands


class AtAcquirer:
    """One payment of a merchant whose connector is `simulator`; nothing is called."""

    def __init__(self, engine: Engine, key: str = "k", lifetime: timedelta = commands.WEEK) -> None:
        """Stored, sent and undecided."""
        self._engine = engine
        self._first = commands.authorize(key, lifetime=lifetime)
        self.payment_id = 0
        self.send()

    def send(self) -> Result:
        """Send the authorization, with its key: again if it was not sent."""
        command = replace(self._first, connector=ConnectorName.SIMULATOR.value, payment_method="tok")
        result = commands.run_one(self._engine, command)
        if result.call is not None:
            self.payment_id = result.call.payment_id
        return result

    def begin(self, command: Command) -> None:
        """T1 of a step."""
        assert commands.run_one(self._engine, command).call is not None

    def learn(self, learned: Learned, reference: str = "", **details: Any) -> Result:
        """T2: what is known of the operation, or of the newest."""
        told = Told(reference or self.operations()[-1].reference, learned, **details)
        return commands.run_one(self._engine, conclude("M1", self.payment_id, told, "r", {}))

    def do(self, command: Command) -> None:
        """A step that is approved at once."""
        self.begin(command)
        self.learn(Learned.APPROVED)

    def operations(self) -> list[StoredOperation]:
        """Oldest first."""
        with self._engine.connect() as connection:
            return acquiring_store.of_payment(connection, self.payment_id)


def settled(engine: Engine) -> AtAcquirer:
    """Every kind of step, approved."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    paid.do(commands.capture(paid.payment_id, "c", 6000))
    paid.do(commands.refund(paid.payment_id, "r", 1000))
    paid.do(commands.void(paid.payment_id, "v"))
    return paid


def waiting(engine: Engine) -> AtAcquirer:
    """Captured in part; a capture and a refund are undecided."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    paid.do(commands.capture(paid.payment_id, "c", 6000))
    paid.begin(commands.capture(paid.payment_id, "c2", 500))
    paid.learn(Learned.UNKNOWN, answered=False)
    paid.begin(commands.refund(paid.payment_id, "r", 1000))
    return paid


def declined(engine: Engine) -> AtAcquirer:
    """Its authorization was declined."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.DECLINED, decline_code="card_declined")
    return paid


def undecided(engine: Engine) -> AtAcquirer:
    """Nobody knows of its authorization."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.UNKNOWN, answered=False)
    return paid


def refused(engine: Engine) -> AtAcquirer:
    """A capture was declined, a void not sent."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    paid.begin(commands.capture(paid.payment_id, "c", 6000))
    paid.learn(Learned.DECLINED, decline_code="processing_error")
    paid.begin(commands.void(paid.payment_id, "v"))
    paid.learn(Learned.NOT_SENT)
    return paid


def sent_anew(engine: Engine) -> AtAcquirer:
    """Its authorization was not sent, then sent again and approved."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.NOT_SENT)
    paid.send()
    paid.learn(Learned.APPROVED)
    return paid


def taken_back(engine: Engine) -> AtAcquirer:
    """Approved after it had been cancelled."""
    paid = undecided(engine)
    for learned in (Learned.NOT_FOUND, Learned.CANCELLED, Learned.APPROVED):
        paid.learn(learned, is_repair=True)
    return paid


def captured_late(engine: Engine) -> AtAcquirer:
    """A capture was approved after it had been cancelled: it, and the refund that takes it back, are the last two."""
    paid = AtAcquirer(engine)
    paid.learn(Learned.APPROVED)
    paid.begin(commands.capture(paid.payment_id, "c", 6000))
    paid.learn(Learned.UNKNOWN, answered=False)
    capture = paid.operations()[-1].reference
    for each in (Learned.NOT_FOUND, Learned.CANCELLED, Learned.APPROVED):
        paid.learn(each, capture, is_repair=True)
    return paid


def contradicted(engine: Engine) -> AtAcquirer:
    """A refund was approved after it had been declined: an operator has to see it, and no money waits."""
    paid = settled(engine)
    paid.begin(commands.refund(paid.payment_id, "r2", 1000))
    paid.learn(Learned.DECLINED)
    paid.learn(Learned.APPROVED)
    return paid


def expiring(engine: Engine) -> AtAcquirer:
    """Housekeeping releases it."""
    paid = AtAcquirer(engine, lifetime=timedelta(0))
    paid.learn(Learned.APPROVED)
    commands.run_one(engine, commands.expire(paid.payment_id))
    return paid


MADE: Final[list[Callable[[Engine], AtAcquirer]]] = [
    settled,
    waiting,
    declined,
    undecided,
    refused,
    sent_anew,
    taken_back,
    contradicted,
    expiring,
]
