"""Payments at an acquirer whose words are the test's; for contracts of what is stored."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

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
