"""What every connector keeps, held against the journal of the acquirer, which has the truth. Knows no connector."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from payments.acquiring.connector import Answer, Connector, Kind, Operation
from payments.acquiring.rules import REPAIR, Learned, Repair, State, after, learned, reference, sent
from tests.psp.simulator import APPROVED, Client
from tests.servers import until

LONG: Final = 20.0
"""Seconds for a call that is answered; one takes 5 ms."""
SHORT: Final = 0.3
"""Seconds for one that is not."""
MEANT: Final = {"APPROVED": State.APPROVED, "DECLINED": State.DECLINED, "CANCELLED": State.FAILED}
"""The truth of an operation → what we may say of it."""
_payments = count(1)


@dataclass
class Trial:
    """One operation of 1000 USD, with all that it needs at the acquirer."""

    connector: Connector
    psp: Client
    kind: Kind
    token: str = APPROVED
    state: State = State.CREATED
    operation: Operation = field(init=False)
    authorization: str = field(init=False)

    def __post_init__(self) -> None:
        """Authorize and capture what the operation is about."""
        payment = next(_payments)
        self.operation = Operation(self.kind, reference("00", payment, self.kind, 1), 1000, "USD")
        self.authorization = reference("00", payment, Kind.AUTHORIZATION, 9)
        if self.kind is not Kind.AUTHORIZATION:
            assert self.psp.authorize(self.authorization).status == 201
        if self.kind is Kind.REFUND:
            capture = reference("00", payment, Kind.CAPTURE, 9)
            assert self.psp.operate("capture", capture, authorization=self.authorization).status == 201

    def call(self, within: float = LONG) -> Learned:
        """Make the call that may move money. It is one request under our reference, and its answer is true."""
        before = self._last()
        told = self.send(within)
        if told is not Learned.NOT_SENT:
            until(lambda: self._money(before), "the request in the journal")
        asked = [entry["reference"] for entry in self._money(before)]
        assert asked == ([] if told is Learned.NOT_SENT else [self.operation.reference]), f"asked for {asked}"
        return told

    def send(self, within: float) -> Learned:
        """The same beside others, whose requests are in the journal too."""
        self.state = sent(self.state)
        told = learned(self.operation, self._call(within))
        self.state = after(self.state, told)
        self.agrees()
        return told

    def repair(self, within: float = LONG, tries: int = 3) -> State:
        """Enquire and cancel as the rules say, `tries` times at most; each answer is true."""
        for _ in range(tries):
            if self.state not in REPAIR:
                break
            ask = self.connector.enquire if REPAIR[self.state] is Repair.ENQUIRE else self.connector.cancel
            known = self.truth()
            told = learned(self.operation, ask(self.operation, within))
            assert not (told is Learned.NOT_FOUND and known), f"not found, but it is {known}"
            self.state = after(self.state, told)
            self.agrees()
        return self.state

    def agrees(self) -> None:
        """What we say is the truth; of what is unknown we say nothing."""
        truth = self.truth()
        if self.state in MEANT.values():
            assert truth, f"{self.state}, but the acquirer knows nothing"
            assert MEANT.get(truth["state"]) is self.state, f"{self.state}, but it is {truth}"
        if self.state is State.NOT_SENT:
            assert truth is None, f"not sent, but it is {truth}"

    def truth(self) -> Any:
        """The operation as the acquirer has it; None when it knows nothing."""
        entries = self.psp.journal(self.operation.reference)
        return entries[-1]["operation"] if entries else None

    def _call(self, within: float) -> Answer:
        if self.kind is Kind.AUTHORIZATION:
            return self.connector.authorize(self.operation, self.token, within)
        calls: dict[Kind, Callable[[Operation, str, float], Answer]] = {
            Kind.CAPTURE: self.connector.capture,
            Kind.REFUND: self.connector.refund,
            Kind.VOID: self.connector.void,
        }
        return calls[self.kind](self.operation, self.authorization, within)

    def _last(self) -> int:
        newest = self.psp.control("GET", "journal?limit=1&newest=true")["entries"]
        return int(newest[0]["seq"]) if newest else 0

    def _money(self, after_seq: int) -> list[Any]:
        """The requests since then that may move money, whoever's."""
        entries = self.psp.control("GET", f"journal?limit=500&after={after_seq}")["entries"]
        return [entry for entry in entries if entry["kind"] in set(Kind)]
