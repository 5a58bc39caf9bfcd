"""Any sequence of commands, repeated and in batches, with events repeated and out of order, keeps every sum."""

import json
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from payments.ledger.rules import Account, balances_of
from payments.outbox.store import OutboxRow
from payments.payment.answers import Result
from payments.payment.commands import Command, Operation
from tests.contracts.commands import authorize, capture, carry_out, expire, refund, void
from tests.stories.books import Books, balances

AMOUNTS = st.none() | st.integers(1, 4)  # small, so that sequences often reach the limits
STEPS = st.tuples(st.sampled_from(["capture", "refund", "void", "expire"]), st.integers(0, 1), AMOUNTS)


@dataclass
class Expected:
    """An independent model of one payment."""

    payment_id: int
    amount: int
    captured: int = 0
    released: int = 0
    refunded: int = 0
    over: bool = False
    events: int = 1

    def apply(self, operation: Operation, wanted: int | None) -> bool:
        """Whether the command is allowed; if so, apply it to the sums."""
        still_open = self.amount - self.captured - self.released
        if operation == Operation.CAPTURE:
            step, possible = wanted or still_open, 0 if self.over else still_open
        elif operation == Operation.REFUND:
            step, possible = wanted or self.captured - self.refunded, self.captured - self.refunded
        else:
            step, possible = still_open, still_open if self.over or operation == Operation.VOID else 0
        if not 1 <= step <= possible:
            return False
        self.captured += step if operation == Operation.CAPTURE else 0
        self.refunded += step if operation == Operation.REFUND else 0
        self.released += step if operation in (Operation.VOID, Operation.EXPIRE) else 0
        self.events += 1
        return True


@dataclass
class Said:
    """A command that was answered, and its answer."""

    command: Command
    result: Result


class AnySequence(RuleBasedStateMachine):
    """Two payments at a time; the model against the database."""

    def __init__(self, books: Books, run: str) -> None:
        super().__init__()
        self.books = books
        self.prefix = f"{run}-{len(books.events())}"
        self.keys = 0
        self.said: list[Said] = []
        self.payments: list[Expected] = []
        self.delivered: set[int] = set()

    def new_key(self) -> str:
        self.keys += 1
        return f"{self.prefix}-{self.keys}"

    @initialize(amounts=st.tuples(st.integers(1, 9), st.integers(1, 9)))
    def two_payments(self, amounts: tuple[int, int]) -> None:
        commands = [authorize(self.new_key(), amount) for amount in amounts]
        for command, result in zip(commands, carry_out(self.books.engine, *commands), strict=True):
            self.said.append(Said(command, result))
            self.payments.append(Expected(json.loads(result.body)["paymentId"], command.amount or 0))

    def command(self, step: tuple[str, int, int | None]) -> Command:
        name, index, amount = step
        payment_id = self.payments[index].payment_id
        if name == "expire":
            return expire(payment_id)
        if name == "void":
            return void(payment_id, self.new_key())
        return (capture if name == "capture" else refund)(payment_id, self.new_key(), amount)

    @rule(steps=st.lists(STEPS, min_size=1, max_size=5))
    def commands_in_one_batch(self, steps: list[tuple[str, int, int | None]]) -> None:
        commands = [self.command(step) for step in steps]
        results = carry_out(self.books.engine, *commands)
        in_turn = [pair for pair in zip(commands, results, strict=True) if pair[0].operation != Operation.EXPIRE]
        in_turn += [pair for pair in zip(commands, results, strict=True) if pair[0].operation == Operation.EXPIRE]
        for command, result in in_turn:  # a batch expires last
            (payment,) = (p for p in self.payments if p.payment_id == command.payment_id)
            allowed = payment.apply(command.operation, command.amount)
            if command.operation != Operation.EXPIRE:
                assert (result.status, result.replayed) == (200 if allowed else 409, False)
                self.said.append(Said(command, result))

    @rule(index=st.integers(0, 1))
    def a_week_passes(self, index: int) -> None:
        self.books.let_a_week_pass(self.payments[index].payment_id)
        self.payments[index].over = True

    @rule(data=st.data())
    def clients_repeat_themselves(self, data: st.DataObject) -> None:
        repeated = data.draw(st.lists(st.sampled_from(self.said), min_size=1, max_size=4))
        results = carry_out(self.books.engine, *(said.command for said in repeated))
        for said, result in zip(repeated, results, strict=True):
            assert (result.status, result.body, result.replayed) == (said.result.status, said.result.body, True)

    @rule(data=st.data())
    def a_client_uses_a_key_for_something_else(self, data: st.DataObject) -> None:
        said = data.draw(st.sampled_from(self.said))
        (result,) = carry_out(self.books.engine, replace(said.command, digest="0" * 64))
        assert result.error is not None
        assert result.error.code == "IDEMPOTENCY_KEY_REUSED"

    @rule(data=st.data())
    def kafka_delivers_some_in_any_order_and_some_again(self, data: st.DataObject) -> None:
        own = self.own_events()
        chosen = data.draw(st.lists(st.sampled_from(own), min_size=1, max_size=6))
        expected = []
        for event in chosen:
            expected.append("repeated" if event.event_id in self.delivered else "posted")
            self.delivered.add(event.event_id)
        assert [result.outcome for result in self.books.deliver(chosen)] == expected

    def own_events(self) -> list[OutboxRow]:
        own = {payment.payment_id for payment in self.payments}
        return [event for event in self.books.events() if event.aggregate_id in own]

    @invariant()
    @precondition(lambda self: self.payments)
    def the_database_has_the_sums_that_we_counted(self) -> None:
        for expected in self.payments:
            stored = self.books.payment(expected.payment_id)
            assert (stored.captured_amount, stored.released_amount, stored.refunded_amount) == (
                expected.captured,
                expected.released,
                expected.refunded,
            )
        assert len(self.own_events()) == sum(payment.events for payment in self.payments)

    def teardown(self) -> None:
        if self.payments:
            self.books.deliver()
            for payment in self.payments:
                entries = self.books.entries(payment.payment_id)
                sums = (payment.amount, payment.captured, payment.released, payment.refunded)
                assert balances(entries) == dict.fromkeys(Account, 0) | balances_of(*sums)
            report = self.books.audit()
            assert (report.differences, report.in_flight) == ([], 0)
            assert self.books.trial_balance() == 0


def test_any_sequence_keeps_every_sum(engine: Engine, long: bool) -> None:
    books = Books(engine)

    class OfThisDatabase(AnySequence):
        def __init__(self) -> None:
            super().__init__(books, "run")

    run_state_machine_as_test(
        OfThisDatabase,
        settings=settings(
            max_examples=200 if long else 25,
            stateful_step_count=25 if long else 15,
            phases=list(Phase) if long else [Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
