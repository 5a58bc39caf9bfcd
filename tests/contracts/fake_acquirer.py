"""An acquirer in memory that has the truth, and every fault between it and the platform. Itself a connector."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from payments.acquiring.connector import Answer, Kind, Operation, Repeated, Seen
from tests.contracts.acquirer_truth import Happened

DECLINED_CARD: Final = "declined"


class Fault(StrEnum):
    """What goes wrong with one call."""

    NONE = "none"
    REFUSED = "refused"
    """No connection."""
    BREAKER = "breaker"
    BEFORE = "before"
    """Nothing happens, and no answer."""
    LIMITED = "limited"
    AFTER = "after"
    """It happens, and no answer."""
    ERROR = "error"
    UNREADABLE = "unreadable"
    WRONG_AMOUNT = "wrong amount"
    LATE = "late"
    """Answered as processing, and decided later."""
    ON_ITS_WAY = "on its way"
    """No answer, and it arrives later."""
    DEATH_BEFORE = "death before"
    DEATH_AFTER = "death after"
    """The caller dies at the call."""


class Killed(BaseException):
    """The process that called is dead."""


_NOTHING_HAPPENS: Final = {
    Fault.REFUSED: Seen.NOT_CONNECTED,
    Fault.BREAKER: Seen.BREAKER_OPEN,
    Fault.BEFORE: Seen.TIMED_OUT,
    Fault.LIMITED: Seen.RATE_LIMITED,
}
_HAPPENS: Final = {Fault.AFTER: Seen.LOST, Fault.ERROR: Seen.SERVER_ERROR, Fault.UNREADABLE: Seen.UNREADABLE}
_STATES: Final = {
    "APPROVED": Seen.APPROVED,
    "DECLINED": Seen.DECLINED,
    "CANCELLED": Seen.CANCELLED,
    "PROCESSING": Seen.PROCESSING,
}


@dataclass
class FakeAcquirer:
    """`book` is the truth. `faults` hit the next calls, one each; without one a call goes well."""

    book: dict[str, Happened] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    lies: bool = False
    """Confirms cancels of authorizations that are on their way, which happen all the same."""
    lied: set[str] = field(default_factory=set)
    """Those authorizations."""
    in_flight: set[str] = field(default_factory=set)
    """References of calls that will come."""
    _held_by: dict[str, str] = field(default_factory=dict)
    _later: list[Callable[[], object]] = field(default_factory=list)

    def authorize(self, operation: Operation, payment_method: str, _within: float) -> Answer:
        """Hold the amount."""
        return self._operate(operation, lambda: payment_method != DECLINED_CARD)

    def capture(self, operation: Operation, authorization: str, _within: float) -> Answer:
        """Take of what is held."""
        return self._operate(operation, lambda: operation.amount <= self._open(authorization), authorization)

    def refund(self, operation: Operation, authorization: str, _within: float) -> Answer:
        """Give back of what was taken."""

        def allowed() -> bool:
            taken = self._sum(authorization, Kind.CAPTURE) - self._sum(authorization, Kind.REFUND)
            return operation.amount <= taken

        return self._operate(operation, allowed, authorization)

    def void(self, operation: Operation, authorization: str, _within: float) -> Answer:
        """Release all that is held."""
        return self._operate(operation, lambda: operation.amount == self._open(authorization), authorization)

    def enquire(self, operation: Operation, _within: float) -> Answer:
        """What became of it."""
        return self._call(operation, lambda: None)

    def cancel(self, operation: Operation, _within: float) -> Answer:
        """A tombstone where nothing has happened."""
        name = operation.reference

        def bury() -> None:
            if name not in self.book or self.book[name].state == "PROCESSING":
                self.book[name] = Happened(operation.kind, "CANCELLED", operation.amount)

        is_new = name not in self.book and name in self.in_flight and operation.kind is Kind.AUTHORIZATION
        if self.lies and is_new:
            self.lied.add(name)
            return Answer(Seen.CANCELLED, Repeated(name, None, None, None), "op")
        return self._call(operation, bury)

    def settle(self) -> None:
        """Time passes: what is late is decided, and what is on its way arrives."""
        later, self._later = self._later, []
        for happen in later:
            happen()

    def _operate(self, operation: Operation, allowed: Callable[[], bool], authorization: str = "") -> Answer:
        name = operation.reference
        self._held_by[name] = authorization

        def decide(*, states: tuple[str | None, ...] = (None,)) -> None:
            if (self.book[name].state if name in self.book else None) in states:
                said = "APPROVED" if allowed() else "DECLINED"
                self.book[name] = Happened(operation.kind, said, operation.amount)

        def begin() -> None:
            self.book.setdefault(name, Happened(operation.kind, "PROCESSING", operation.amount))
            self._later.append(lambda: decide(states=("PROCESSING",)))

        fault = self.faults[0] if self.faults else Fault.NONE
        if fault is Fault.ON_ITS_WAY:
            self._later.append(decide)
        answer = self._call(operation, begin if fault is Fault.LATE else decide)
        # an original that finds its tombstone is refused as 409, which says nothing about the operation
        return Answer(Seen.UNREADABLE) if answer.seen is Seen.CANCELLED else answer

    def _call(self, operation: Operation, happen: Callable[[], object]) -> Answer:
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        if fault is Fault.DEATH_BEFORE:
            raise Killed
        if fault in _NOTHING_HAPPENS:
            return Answer(_NOTHING_HAPPENS[fault])
        if fault is Fault.ON_ITS_WAY:
            return Answer(Seen.TIMED_OUT)
        happen()
        if fault is Fault.DEATH_AFTER:
            raise Killed
        if fault in _HAPPENS:
            return Answer(_HAPPENS[fault])
        return self._told(operation, int(fault is Fault.WRONG_AMOUNT))

    def _told(self, operation: Operation, more: int) -> Answer:
        found = self.book.get(operation.reference)
        if found is None:
            return Answer(Seen.NOT_FOUND)
        about = Repeated(operation.reference, Kind(found.kind), found.amount + more, operation.currency)
        return Answer(_STATES[found.state], about, "op", "card_declined" if found.state == "DECLINED" else None)

    def _open(self, authorization: str) -> int:
        held = self.book.get(authorization)
        if held is None or held.state != "APPROVED":
            return 0
        return held.amount - self._sum(authorization, Kind.CAPTURE) - self._sum(authorization, Kind.VOID)

    def _sum(self, authorization: str, kind: Kind) -> int:
        return sum(
            one.amount
            for name, one in self.book.items()
            if (one.kind, one.state) == (kind, "APPROVED") and self._held_by.get(name) == authorization
        )
