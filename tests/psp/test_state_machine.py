"""Random histories of the acquirer, on a file in memory, against a model that only adds and compares."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from psp.bodies import FaultRule
from psp.clock import SECOND
from psp.faults import Fault
from psp.operations import Command, Kind
from tests.psp.in_memory import InMemory

TOKENS = ["tok_approved", "tok_declined", "tok_nobody_knows"]


@dataclass
class Known:
    """What the model knows of a reference. `state` is empty until it is decided; `amount` is what it moves or holds."""

    command: Command | None
    state: str
    due: int = 0
    amount: int = 0


class History(RuleBasedStateMachine):
    """Requests of one caller, one after the other; the clock goes on when a rule says so."""

    references = Bundle("references")
    authorizations = Bundle("authorizations")

    @initialize()
    def begin(self) -> None:
        self.known: dict[str, Known] = {}
        self.psp = InMemory()
        self.acquirer, self.connection = self.psp.acquirer, self.psp.connection

    def teardown(self) -> None:
        if hasattr(self, "psp"):
            self.psp.close()

    @rule(
        target=authorizations,
        amount=st.integers(1, 50),
        currency=st.sampled_from(["USD", "USD", "EUR"]),
        token=st.sampled_from([*TOKENS[:1] * 4, *TOKENS]),
        late=st.sampled_from([0, 0, 5]),
    )
    def authorize(self, amount: int, currency: str, token: str, late: int) -> str:
        reference = f"r{len(self.known)}"
        self._new(Command(Kind.AUTHORIZATION, reference, amount, currency, token=token), late)
        return reference

    @rule(
        target=references,
        kind=st.sampled_from([Kind.CAPTURE, Kind.CAPTURE, Kind.REFUND, Kind.VOID]),
        authorization=authorizations,
        amount=st.integers(1, 50) | st.none(),
        currency=st.sampled_from(["USD", "USD", "USD", "EUR"]),
        late=st.sampled_from([0, 0, 5]),
    )
    def follow(self, kind: Kind, authorization: str, amount: int | None, currency: str, late: int) -> str:
        reference = f"r{len(self.known)}"
        asked = amount if kind is Kind.VOID else amount or 1
        self._new(Command(kind, reference, asked, currency, authorization=authorization), late)
        return reference

    @rule(reference=references | authorizations)
    def repeat(self, reference: str) -> None:
        known = self.known[reference]
        if known.command is None:
            return
        answer = self.acquirer.operate(known.command).answer
        assert answer.headers == ({} if known.state == "CANCELLED" else {"Idempotency-Replayed": "true"})
        self._settle_due()
        assert answer.status == {"APPROVED": 201, "DECLINED": 402, "CANCELLED": 409, "": 202}[known.state]

    @rule(reference=references | authorizations, other=st.sampled_from([Kind.CAPTURE, Kind.REFUND]))
    def another_body(self, reference: str, other: Kind) -> None:
        answer = self.acquirer.operate(Command(other, reference, 51, "USD", authorization="r0")).answer
        self._settle_due()
        code = "CANCELLED" if self.known[reference].state == "CANCELLED" else "IDEMPOTENCY_CONFLICT"
        assert (answer.status, answer.body["code"]) == (409, code)

    @rule(reference=references | authorizations)
    def cancel(self, reference: str) -> None:
        answer = self.acquirer.cancel(reference).answer
        self._settle_due()
        known = self.known[reference]
        known.state = known.state or "CANCELLED"
        assert answer.body["cancelled"] == (known.state == "CANCELLED")

    @rule(target=references)
    def cancel_before_it_comes(self) -> str:
        reference = f"r{len(self.known)}"
        self.known[reference] = Known(None, "CANCELLED")
        assert self.acquirer.cancel(reference).answer.body["cancelled"] is True
        self._settle_due()
        late = self.acquirer.operate(Command(Kind.AUTHORIZATION, reference, 1, "USD", token="tok_approved")).answer
        assert (late.status, late.body["code"]) == (409, "CANCELLED")
        return reference

    @rule(seconds=st.integers(2, 7))
    def wait(self, seconds: int) -> None:
        self.psp.now += seconds * SECOND

    @invariant()
    def truth_is_what_the_model_says(self) -> None:
        if not hasattr(self, "connection"):
            return
        self._settle_due()
        for reference, known in self.known.items():
            found = self.acquirer.enquire(reference).answer.body
            assert found["state"] == (known.state or "PROCESSING"), reference

    @invariant()
    def movements_are_what_was_approved(self) -> None:
        if not hasattr(self, "connection"):
            return
        moved = dict(self.connection.execute("SELECT reference, gross FROM movement").fetchall())
        assert moved == {
            reference: known.amount if known.command.kind is Kind.CAPTURE else -known.amount
            for reference, known in self.known.items()
            if known.state == "APPROVED" and known.command and known.command.kind in (Kind.CAPTURE, Kind.REFUND)
        }
        told = self.connection.execute("SELECT count(*) FROM event WHERE body NOT LIKE '%dispute%'").fetchone()[0]
        assert told == sum(known.state in ("APPROVED", "DECLINED") for known in self.known.values()), "one event each"

    def _new(self, command: Command, late: int) -> None:
        self.psp.faults(*[FaultRule(fault=Fault.LATE_SUCCESS, seconds=late, count=1)] * bool(late))
        answer = self.acquirer.operate(command).answer
        self._settle_due()
        known = self.known[command.reference] = Known(command, "", self.psp.now + late * SECOND)
        if not late:
            self._decide(known)
        assert answer.status == {"": 202, "APPROVED": 201, "DECLINED": 402}[known.state], answer

    def _settle_due(self) -> None:
        """Decide in the model what is due: by its time, then by its reference."""
        due = [one for one in self.known.items() if one[1].state == "" and one[1].due <= self.psp.now]
        for _, known in sorted(due, key=lambda one: (one[1].due, one[0])):
            self._decide(known)

    def _decide(self, known: Known) -> None:
        assert known.command is not None
        rest = self._rest(known.command.authorization)
        known.amount = rest if known.command.amount is None else known.command.amount
        known.state = "APPROVED" if self._fits(known.command, known.amount, rest) else "DECLINED"

    def _fits(self, command: Command, amount: int, rest: int) -> bool:
        if command.kind is Kind.AUTHORIZATION:
            return command.token == TOKENS[0]
        held = self.known[command.authorization or ""]
        if held.state != "APPROVED" or held.command is None or held.command.currency != command.currency:
            return False
        if command.kind is Kind.REFUND:
            return amount <= self._sum(Kind.CAPTURE, command.authorization) - self._sum(
                Kind.REFUND, command.authorization
            )
        return amount <= rest if command.kind is Kind.CAPTURE else 0 < amount == rest

    def _rest(self, authorization: str | None) -> int:
        held = self.known[authorization].amount if authorization else 0
        return held - self._sum(Kind.CAPTURE, authorization) - self._sum(Kind.VOID, authorization)

    def _sum(self, kind: Kind, authorization: str | None) -> int:
        found = [one for one in self.known.values() if one.command and one.command.authorization == authorization]
        return sum(one.amount for one in found if one.command and one.command.kind is kind and one.state == "APPROVED")


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
