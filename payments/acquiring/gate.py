"""Admits calls to a connector: not too many at once, and none while the acquirer fails or is slow. Itself a connector.

Many calls run at the same time, so no lock is held while one does; the rules of `payments.breaker` count them.
"""

import threading
from collections.abc import Callable
from typing import Final

from payments.acquiring.connector import Answer, Connector, Operation, Seen
from payments.acquiring.rules import Learned, learned
from payments.breaker.rules import Breaker, BreakerConfig, CallOutcome, State
from payments.platform.clock import Clock, monotonic

AT_ONCE: Final = 64
"""Calls of one process. Each may hold a request for seconds, and a process serves other merchants beside."""
LIMITS: Final = BreakerConfig(
    sliding_window_size=50,
    minimum_number_of_calls=5,
    slow_call_duration=2.0,
    wait_duration=5.0,
    permitted_calls_in_half_open=5,
)
"""Seconds. A card's authorization takes about 1 s; a frozen acquirer opens it with its first five time-outs."""
_SAYS_NOTHING: Final = frozenset({Seen.TOO_MANY_CALLS, Seen.NO_TIME})
"""Refusals on our side: they say nothing about the acquirer."""


class Gate:
    """Implements `Connector` before another. Threads and greenlets share it; each connector has its own."""

    def __init__(
        self, connector: Connector, limits: BreakerConfig = LIMITS, at_once: int = AT_ONCE, clock: Clock = monotonic
    ) -> None:
        """CLOSED, with no call."""
        self._connector = connector
        self._clock = clock
        self._wait = limits.wait_duration
        self._breaker = Breaker(limits, clock())
        self._free = at_once
        self._counting = threading.Lock()

    @property
    def state(self) -> State:
        """The breaker's."""
        return self._breaker.state

    @property
    def state_age(self) -> float:
        """Seconds for which the breaker has been in its state."""
        return self._clock() - self._breaker.since

    @property
    def is_shut(self) -> bool:
        """Whether the breaker would refuse a call now, because the acquirer fails. Asking changes nothing."""
        return self.state is State.OPEN and self.state_age <= self._wait

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        """Hold the amount."""
        return self._admit(operation, lambda: self._connector.authorize(operation, payment_method, within))

    def capture(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Take an amount that is held."""
        return self._admit(operation, lambda: self._connector.capture(operation, authorization, within))

    def refund(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Give back an amount that was captured."""
        return self._admit(operation, lambda: self._connector.refund(operation, authorization, within))

    def void(self, operation: Operation, authorization: str, within: float) -> Answer:
        """Release all that is still held."""
        return self._admit(operation, lambda: self._connector.void(operation, authorization, within))

    def enquire(self, operation: Operation, within: float) -> Answer:
        """What became of the operation."""
        return self._admit(operation, lambda: self._connector.enquire(operation, within))

    def cancel(self, operation: Operation, within: float) -> Answer:
        """Make sure that the operation never happens."""
        return self._admit(operation, lambda: self._connector.cancel(operation, within))

    def _admit(self, operation: Operation, call: Callable[[], Answer]) -> Answer:
        with self._counting:
            if self._free == 0:
                return Answer(Seen.TOO_MANY_CALLS)
            started = self._clock()
            if not self._breaker.acquire(started):
                return Answer(Seen.BREAKER_OPEN)
            self._free -= 1
            term = (self._breaker.state, self._breaker.since)
        outcome = None
        try:
            answer = call()
            outcome = _outcome(operation, answer)
            return answer
        finally:  # also when the greenlet is killed
            with self._counting:
                self._free += 1
                self._note(outcome, started, term)

    def _note(self, outcome: CallOutcome | None, started: float, term: tuple[State, float]) -> None:
        """Count the call in the state that permitted it: one from before must neither pass nor fail a trial."""
        if (self._breaker.state, self._breaker.since) != term:
            return
        now = self._clock()
        if outcome is None:
            self._breaker.release(now)
        else:
            self._breaker.record(outcome, now - started, now)


def _outcome(operation: Operation, answer: Answer) -> CallOutcome | None:
    """A decline is a success, and so is PROCESSING: the acquirer is well. None: the answer says nothing about it."""
    if answer.seen in _SAYS_NOTHING:
        return None
    if answer.seen is Seen.NOT_CONNECTED:
        return CallOutcome.ERROR
    lost = learned(operation, answer) is Learned.UNKNOWN and answer.seen is not Seen.PROCESSING
    return CallOutcome.ERROR if lost else CallOutcome.SUCCESS
