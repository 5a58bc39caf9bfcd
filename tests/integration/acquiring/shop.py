"""A merchant whose payments are at the acquirer's simulator; what the API does of a step, and what is true of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine

from payments.acquiring.connector import Answer, Connector, Kind, Operation
from payments.acquiring.operation import UNDECIDED
from payments.acquiring.rules import REPAIR, State, told_by
from payments.payment.answers import Call
from payments.payment.commands import Command, conclude
from payments.payment.rules import Payment
from tests.contracts import commands
from tests.contracts.enquiring import NAME, make_due, payment_of, stored
from tests.psp.simulator import APPROVED, Client

AMOUNT: Final = 1000
MEANT: Final = {"APPROVED": State.APPROVED, "DECLINED": State.DECLINED, "CANCELLED": State.FAILED}
"""The truth of an operation → what we may say of it."""
_DONE: Final[dict[Kind, Callable[[Payment], int]]] = {
    Kind.AUTHORIZATION: lambda payment: payment.amount if payment.status not in ("PROCESSING", "DECLINED") else 0,
    Kind.CAPTURE: lambda payment: payment.captured_amount,
    Kind.REFUND: lambda payment: payment.refunded_amount,
    Kind.VOID: lambda payment: payment.released_amount,
}


@dataclass
class Shop:
    """Takes steps as the API does: the intent is stored, the call is made, its answer is stored."""

    engine: Engine
    connector: Connector
    psp: Client
    steps: int = 0

    def step(self, kind: Kind, within: float, token: str = APPROVED, *, crash: bool = False) -> str:
        """A payment with all that the step needs, and the step; returns its reference.

        `crash`: the process ends when the acquirer has answered.
        """
        held = 0 if kind is Kind.AUTHORIZATION else self._done(self.authorize(), 20.0)
        if kind is Kind.REFUND:
            self._done(commands.capture(held, self._key()), 20.0)
        command = {
            Kind.AUTHORIZATION: self.authorize,
            Kind.CAPTURE: lambda: commands.capture(held, self._key()),
            Kind.REFUND: lambda: commands.refund(held, self._key()),
            Kind.VOID: lambda: commands.void(held, self._key()),
        }[kind]()
        return self.take(command, within, token, crash=crash)

    def authorize(self, lifetime: timedelta = timedelta(days=7)) -> Command:
        """A new payment."""
        return commands.authorize(self._key(), AMOUNT, currency="USD", connector=NAME, lifetime=lifetime)

    def take(self, command: Command, within: float, token: str = APPROVED, *, crash: bool = False) -> str:
        """Carry out one command; returns the reference of its operation."""
        call = commands.run_one(self.engine, command).call
        assert call is not None, "the step has to be asked of the acquirer"
        answer = self._call(call, token, within)
        if not crash:
            told = told_by(call.operation, answer)
            commands.run_one(self.engine, conclude(command.merchant_id, call.payment_id, told, "r", {}))
        return call.operation.reference

    def agrees(self, reference: str) -> State:
        """What the platform says of an operation is the truth, and so are its payment's amounts; returns its state."""
        operation, truth = stored(self.engine, reference), self.truth(reference)
        state, payment = operation.state, payment_of(self.engine, reference)
        if state in MEANT.values():
            assert truth, f"{state}, but the acquirer knows nothing"
            assert MEANT.get(truth["state"]) is state, f"{state}, but it is {truth}"
        if state is State.NOT_SENT:
            assert truth is None, f"not sent, but it is {truth}"
        assert _DONE[operation.kind](payment) == (operation.amount if state is State.APPROVED else 0)
        assert (payment.pending_capture, payment.pending_refund, payment.pending_release) == (0, 0, 0) or (
            state in UNDECIDED
        )
        return state

    def truth(self, reference: str) -> Any:
        """The operation as the acquirer has it; None when it knows nothing."""
        entries = self.psp.journal(reference)
        return entries[-1]["operation"] if entries else None

    def repaired(self, reference: str, a_round: Callable[[], object], rounds: int = 4) -> State:
        """The state after some rounds, each of which says the truth."""
        for _ in range(rounds):
            if self.agrees(reference) not in (*REPAIR, State.SENT):
                break
            make_due(self.engine)
            a_round()
        return self.agrees(reference)

    def _done(self, command: Command, within: float) -> int:
        reference = self.take(command, within)
        assert stored(self.engine, reference).state is State.APPROVED
        return int(reference.split("-")[1])

    def _key(self) -> str:
        self.steps += 1
        return f"k{self.steps}"

    def _call(self, call: Call, token: str, within: float) -> Answer:
        if call.operation.kind is Kind.AUTHORIZATION:
            return self.connector.authorize(call.operation, token, within)
        calls: dict[Kind, Callable[[Operation, str, float], Answer]] = {
            Kind.CAPTURE: self.connector.capture,
            Kind.REFUND: self.connector.refund,
            Kind.VOID: self.connector.void,
        }
        return calls[call.operation.kind](call.operation, call.authorization or "", within)
