"""Any history of payments at an acquirer that fails, is slow and is asked by processes that die, ends with the truth.

Without HTTP: the two transactions of a request, and housekeeping's rounds, on SQLite.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

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
from sqlalchemy import Connection

from payments.acquiring.connector import Answer, Kind
from payments.acquiring.enquiries import Enquiries, NotAllConcluded
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Told, told_by
from payments.audit.service import audit
from payments.payment.answers import LASTING, Call, Result
from payments.payment.commands import Command
from payments.payment.commands import conclude as conclusion
from payments.platform.clock import database_now, monotonic
from payments.platform.database import create_engine
from tests.contracts import commands
from tests.contracts.acquirer_truth import Books, contradictions, undecided, wrong_words
from tests.contracts.commands import run_one
from tests.contracts.fake_acquirer import DECLINED_CARD, FakeAcquirer, Fault, Killed
from worker.acquirer import conclude_all

LONGEST_REPAIR = 30
"""Rounds after the faults have ended; each comes an hour later."""
FAULTS = st.sampled_from([*[Fault.NONE] * 12, *Fault])
WAITS = st.sampled_from([3, 20, 4000])
"""Seconds before a round of enquiries."""
ENDS = st.sampled_from(["concluded", "concluded", "concluded", "in flight", "in flight", "held", "dead"])
"""What becomes of a request after its first transaction: both others, its call is to come, its second transaction is to
come, or neither ever."""
STEPS = st.tuples(
    st.sampled_from(["capture", "capture", "refund", "void"]),
    st.integers(0, 3),
    st.none() | st.integers(1, 3),
    ENDS,
    FAULTS,
)


class History(RuleBasedStateMachine):
    """One merchant. A payment has at most 4 units, so that steps often reach the limits."""

    def __init__(self, database: Callable[[], str]) -> None:
        super().__init__()
        self.engine = create_engine(database())
        self.acquirer = FakeAcquirer()
        self.ahead = timedelta(0)
        self.conclusions: int | None = None
        """How many housekeeping stores until it dies."""
        self.asked: list[Command] = []
        self.payments: list[int] = []
        self.calls: list[tuple[Command, Call]] = []
        self.held: list[tuple[Command, Call, Told]] = []
        self.said: list[tuple[Command, Call, Told]] = []
        self.answers: dict[tuple[str, str, str], set[tuple[int, str]]] = {}
        self.enquiries = Enquiries(self.engine, {"simulator": self.acquirer}, self._conclude_all, self._now)

    @rule(amount=st.integers(1, 4), card=st.sampled_from(["", "", DECLINED_CARD]), lapsed=st.booleans(),
          end=ENDS, fault=FAULTS)  # fmt: skip
    def authorize(self, amount: int, card: str, lapsed: bool, end: str, fault: Fault) -> None:
        lifetime = timedelta(0) if lapsed else commands.WEEK
        key = f"k{len(self.asked)}"
        command = commands.authorize(key, amount, lifetime=lifetime, connector="simulator")
        self._ask(replace(command, payment_method=card), end, fault)

    @initialize(amounts=st.tuples(st.integers(1, 4), st.integers(1, 4)))
    def two_payments(self, amounts: tuple[int, int]) -> None:
        for amount in amounts:
            self.authorize(amount, "", False, "concluded", Fault.NONE)

    @rule(steps=st.lists(STEPS, min_size=1, max_size=4))
    def steps(self, steps: list[tuple[str, int, int | None, str, Fault]]) -> None:
        for kind, index, amount, end, fault in steps:
            payment_id, key = self.payments[index % len(self.payments)], f"k{len(self.asked)}"
            if kind == "void":
                self._ask(commands.void(payment_id, key), end, fault)
            else:
                change = commands.capture if kind == "capture" else commands.refund
                self._ask(change(payment_id, key, amount), end, fault)

    @rule(index=st.integers(0), end=ENDS, fault=FAULTS)
    def repeat(self, index: int, end: str, fault: Fault) -> None:
        self._ask(self.asked.pop(index % len(self.asked)), end, fault)

    @rule(index=st.integers(0))
    def expire(self, index: int) -> None:
        run_one(self.engine, commands.expire(self.payments[index % len(self.payments)]))

    @precondition(lambda self: self.calls)
    @rule(index=st.integers(0), end=ENDS, fault=FAULTS)
    def a_call_arrives(self, index: int, end: str, fault: Fault) -> None:
        command, call = self.calls.pop(index % len(self.calls))
        if call.operation.reference in self.acquirer.lied:  # else nobody would ever hear of it
            end, fault = "concluded", Fault.NONE
        self._call(command, call, end, fault)

    @precondition(lambda self: self.held)
    @rule(index=st.integers(0))
    def a_second_transaction(self, index: int) -> None:
        self._conclude(*self.held.pop(index % len(self.held)))

    @precondition(lambda self: self.said)
    @rule(index=st.integers(0))
    def a_word_comes_again(self, index: int) -> None:
        self._conclude(*self.said[index % len(self.said)])

    @rule(waits=st.lists(WAITS, min_size=1, max_size=4), faults=st.lists(FAULTS, max_size=4), lies=st.booleans(),
          conclusions=st.none() | st.none() | st.integers(0, 2))  # fmt: skip
    def housekeeping(self, waits: list[int], faults: list[Fault], lies: bool, conclusions: int | None) -> None:
        self.acquirer.faults, self.acquirer.lies, self.conclusions = faults, lies, conclusions
        for seconds in waits:
            self.ahead += timedelta(seconds=seconds)
            with suppress(Killed, NotAllConcluded):  # it is started again
                self.enquiries.round()
        self.acquirer.faults, self.acquirer.lies, self.conclusions = [], False, None

    @rule()
    def what_is_late_happens(self) -> None:
        self.acquirer.settle()

    @invariant()
    def what_is_final_is_true(self) -> None:
        with self.engine.connect() as connection:
            books = Books(connection)
        lied = self.acquirer.lied
        assert [one for one in wrong_words(books, self.acquirer.book) if one.split()[0] not in lied] == []
        for key, answers in self.answers.items():
            assert answers == {books.answers[key]}

    def teardown(self) -> None:
        try:
            self._come_to_rest()
        finally:
            self.engine.dispose()

    def _come_to_rest(self) -> None:
        """The faults are over."""
        while self.calls:
            self._call(*self.calls.pop(), "concluded", Fault.NONE)
        while self.held:
            self._conclude(*self.held.pop())
        for _ in range(LONGEST_REPAIR):
            with self.engine.connect() as connection:
                if not undecided(connection):
                    break
            self.ahead += timedelta(hours=1)
            self.acquirer.settle()
            self.enquiries.round()
        with self.engine.connect() as connection:
            assert contradictions(Books(connection), self.acquirer.book) == []
        assert audit(self.engine, full=True, answers_kept=timedelta(days=30)).differences == []

    def _ask(self, command: Command, end: str, fault: Fault) -> None:
        """The first transaction, and what follows."""
        self.asked.append(command)
        result = run_one(self.engine, command)
        if (call := result.call) is None:
            self._remember(command, result)
            return
        if call.payment_id not in self.payments:
            self.payments.append(call.payment_id)
        if end == "in flight":
            self.calls.append((command, call))
            self.acquirer.in_flight.add(call.operation.reference)
        elif end != "dead":
            self._call(command, call, end, fault)

    def _call(self, command: Command, call: Call, end: str, fault: Fault) -> None:
        self.acquirer.in_flight.discard(call.operation.reference)
        self.acquirer.faults = [fault]
        try:
            told = told_by(call.operation, self._answer(command, call))
        except Killed:
            return
        finally:
            self.acquirer.faults = []
        self.said.append((command, call, told))
        if end == "held":
            self.held.append((command, call, told))
        elif end != "dead":
            self._conclude(command, call, told)

    def _answer(self, command: Command, call: Call) -> Answer:
        if call.operation.kind is Kind.AUTHORIZATION:
            return self.acquirer.authorize(call.operation, command.payment_method, 1)
        steps = {Kind.CAPTURE: self.acquirer.capture, Kind.REFUND: self.acquirer.refund, Kind.VOID: self.acquirer.void}
        return steps[call.operation.kind](call.operation, call.authorization or "", 1)

    def _conclude(self, command: Command, call: Call, told: Told) -> None:
        self._remember(command, run_one(self.engine, conclusion("M1", call.payment_id, told, "r", {})))

    def _remember(self, command: Command, result: Result) -> None:
        if result.status in LASTING:
            self.answers.setdefault(command.scope, set()).add((result.status, result.body))

    def _conclude_all(self, told: Sequence[tuple[StoredOperation, Told]]) -> list[str]:
        if self.conclusions is not None:
            if self.conclusions == 0:
                raise Killed
            self.conclusions -= 1
        return conclude_all(self.engine, told, monotonic, lambda _seconds: None)

    def _now(self, connection: Connection) -> datetime:
        return database_now(connection) + self.ahead


def test_any_history_ends_with_the_truth(sqlite_template: Path, tmp_path: Path, long: bool) -> None:
    numbers = iter(range(10**9))

    def database() -> str:
        return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / f'{next(numbers)}.db')}"

    class OfThisTemplate(History):
        def __init__(self) -> None:
            super().__init__(database)

    options: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}
    run_state_machine_as_test(
        OfThisTemplate,
        settings=settings(
            max_examples=1000 if long else 40,
            stateful_step_count=40 if long else 25,
            phases=list(Phase) if long else [Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
            **options,
        ),
    )
