"""The acquirer of a month: the simulator's rules in memory, at the time of the month's clock."""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Final

from sqlalchemy import Engine

from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned, Told
from payments.payment.answers import Call, Result
from payments.payment.commands import Command, conclude
from psp import operations
from tests.contracts.commands import carry_out
from tests.psp.in_memory import InMemory
from tests.psp.simulator import APPROVED
from tests.psp.tampered import Tampered
from tests.stories.month.clock import MovedClock

AT_ONCE: Final = 200
"""Commands in one transaction, as in the API."""
SECOND: Final = 1_000_000


class Acquirer:
    """Does what is asked of it at once. `files`: what its files say, which a test may change."""

    def __init__(self, clock: MovedClock) -> None:
        """Without operations."""
        self._clock = clock
        self._memory = InMemory()
        self.files = Tampered(self._memory.connection)

    def close(self) -> None:
        """Forget all."""
        self._memory.close()

    def ask(self, call: Call, heard: Learned = Learned.APPROVED) -> Told:
        """Carry out a call. The acquirer approves it, whatever is `heard` of that."""
        self._memory.now = round(self._clock.now.timestamp() * SECOND)
        asked = call.operation
        token = APPROVED if asked.kind is Kind.AUTHORIZATION else None
        command = operations.Command(
            operations.Kind(asked.kind.value), asked.reference, asked.amount, asked.currency, token, call.authorization
        )
        answer = self._memory.acquirer.operate(command).answer
        assert answer.status == 201, answer
        if heard is Learned.UNKNOWN:
            return Told(asked.reference, heard, answered=False)
        return Told(asked.reference, heard, acquirer_reference=answer.body["id"])


def pay(engine: Engine, acquirer: Acquirer, commands: Sequence[Command], heard: Sequence[Learned] = ()) -> list[Call]:
    """Run commands as the API does: the intent, the call, its conclusion. Returns the calls, one for each.

    `heard`: what is heard of the first ones; the others are heard to be approved, as all of them are.
    """
    results = list(_in_batches(engine, commands))
    assert [result.error for result in results if result.error] == []
    calls = [result.call for result in results if result.call is not None]
    assert len(calls) == len(commands), "each is a call"
    told = [
        conclude(call.merchant_id, call.payment_id, acquirer.ask(call, learned), "r", {})
        for call, learned in zip(calls, chain(heard, repeat(Learned.APPROVED)), strict=False)
    ]
    for result in _in_batches(engine, told):
        assert result.error is None
    return calls


def _in_batches(engine: Engine, commands: Sequence[Command]) -> Iterable[Result]:
    for start in range(0, len(commands), AT_ONCE):
        yield from carry_out(engine, *commands[start : start + AT_ONCE])
