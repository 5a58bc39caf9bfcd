"""What a gate lets through: while the acquirer fails, while it is slow, and under 200 greenlets."""

from collections import Counter
from collections.abc import Callable

import gevent
import pytest
from gevent.event import Event

from payments.acquiring.connector import Answer, Kind, Operation, Repeated, Seen
from payments.acquiring.gate import Gate
from payments.breaker.rules import BreakerConfig

OURS = Operation(Kind.AUTHORIZATION, "00-7-authorization-1", 1000, "USD")
ABOUT_OURS = Repeated("00-7-authorization-1", "authorization", 1000, "USD")
APPROVED = Answer(Seen.APPROVED, ABOUT_OURS)
TRIALS = 3
GREENLETS = 200
LIMITS = BreakerConfig(
    sliding_window_size=10,
    minimum_number_of_calls=4,
    slow_call_duration=2.0,
    wait_duration=30.0,
    permitted_calls_in_half_open=TRIALS,
)


class Acquirer:
    """A connector that answers what it is told to, after `seconds` of its clock and when `held` lets go."""

    def __init__(self) -> None:
        self.answer: Answer | BaseException = APPROVED
        self.now = 0.0
        self.seconds = 0.0
        self.held = Event()
        self.held.set()
        self.running = self.most_running = self.calls = 0

    def authorize(self, operation: Operation, payment_method: str, within: float) -> Answer:
        return self._answer(operation, payment_method, within)

    def capture(self, operation: Operation, authorization: str, within: float) -> Answer:
        return self._answer(operation, authorization, within)

    def refund(self, operation: Operation, authorization: str, within: float) -> Answer:
        return self._answer(operation, authorization, within)

    def void(self, operation: Operation, authorization: str, within: float) -> Answer:
        return self._answer(operation, authorization, within)

    def enquire(self, operation: Operation, within: float) -> Answer:
        return self._answer(operation, "", within)

    def cancel(self, operation: Operation, within: float) -> Answer:
        return self._answer(operation, "", within)

    def _answer(self, *_: object) -> Answer:
        answer = self.answer
        self.calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            self.held.wait()
        finally:
            self.running -= 1
        self.now += self.seconds
        if isinstance(answer, BaseException):
            raise answer
        return answer


class World:
    """A gate before it."""

    def __init__(self, at_once: int = 3 * GREENLETS) -> None:
        self.acquirer = Acquirer()
        self.gate = Gate(self.acquirer, LIMITS, at_once, clock=lambda: self.acquirer.now)

    def call(self, answer: Answer = APPROVED) -> Seen:
        self.acquirer.answer = answer
        return self.gate.authorize(OURS, "tok", 1.0).seen

    def spawn(self, number: int) -> list["gevent.Greenlet[..., Seen]"]:
        """Calls at the same time that have reached the acquirer, or come back."""
        started = [gevent.spawn(self.call) for _ in range(number)]
        gevent.idle()
        return started

    def open(self) -> None:
        for _ in range(LIMITS.minimum_number_of_calls):
            self.call(Answer(Seen.TIMED_OUT))
        assert self.gate.state == "OPEN"


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        *((Answer(seen), True) for seen in (Seen.TIMED_OUT, Seen.LOST, Seen.SERVER_ERROR, Seen.UNREADABLE)),
        *((Answer(seen), True) for seen in (Seen.RATE_LIMITED, Seen.NOT_CONNECTED)),
        (Answer(Seen.APPROVED, Repeated(OURS.reference, "authorization", 1001, "USD")), True),
        *((Answer(seen, ABOUT_OURS), False) for seen in (Seen.APPROVED, Seen.DECLINED, Seen.CANCELLED)),
        *((Answer(seen), False) for seen in (Seen.PROCESSING, Seen.NOT_FOUND, Seen.TOO_MANY_CALLS, Seen.NO_TIME)),
    ],
)
def test_what_counts_as_a_failure(answer: Answer, opens: bool) -> None:
    world = World()
    assert [world.call(answer) for _ in range(LIMITS.minimum_number_of_calls)] == [answer.seen] * 4
    assert world.call() is (Seen.BREAKER_OPEN if opens else Seen.APPROVED)


def test_slow_calls_open_it() -> None:
    world = World()
    world.acquirer.seconds = 2.5
    assert [world.call() for _ in range(5)] == [Seen.APPROVED] * 4 + [Seen.BREAKER_OPEN]


@pytest.mark.parametrize(
    "call",
    [
        lambda gate: gate.authorize(OURS, "tok", 1.0),
        lambda gate: gate.capture(OURS, "a", 1.0),
        lambda gate: gate.refund(OURS, "a", 1.0),
        lambda gate: gate.void(OURS, "a", 1.0),
        lambda gate: gate.enquire(OURS, 1.0),
        lambda gate: gate.cancel(OURS, 1.0),
    ],
)
def test_each_call_passes_and_is_limited(call: Callable[[Gate], Answer]) -> None:
    world = World()
    assert call(world.gate) is APPROVED
    world.open()
    before = world.acquirer.calls
    assert call(world.gate).seen is Seen.BREAKER_OPEN
    assert world.acquirer.calls == before


def test_no_more_calls_at_once_than_the_limit() -> None:
    world = World(at_once=64)
    world.acquirer.held.clear()
    calls = world.spawn(GREENLETS)
    assert world.acquirer.running == 64
    world.acquirer.held.set()
    assert Counter(one.get() for one in calls) == {Seen.APPROVED: 64, Seen.TOO_MANY_CALLS: GREENLETS - 64}
    assert world.call() is Seen.APPROVED


def test_trials_hold_under_many_greenlets() -> None:
    world = World()
    world.open()
    world.acquirer.now += LIMITS.wait_duration + 1
    world.acquirer.held.clear()
    calls = world.spawn(GREENLETS)
    assert (world.acquirer.running, world.gate.state) == (TRIALS, "HALF_OPEN")
    world.acquirer.held.set()
    assert Counter(one.get() for one in calls) == {Seen.APPROVED: TRIALS, Seen.BREAKER_OPEN: GREENLETS - TRIALS}
    assert world.gate.state == "CLOSED"


@pytest.mark.parametrize("late", [APPROVED, Answer(Seen.TIMED_OUT), Answer(Seen.NO_TIME)])
def test_calls_from_before_it_opened_are_no_trials(late: Answer) -> None:
    world = World()
    world.acquirer.held.clear()
    old = [gevent.spawn(world.call, late) for _ in range(GREENLETS)]
    gevent.idle()
    world.acquirer.held, before = Event(), world.acquirer.held
    world.acquirer.held.set()
    world.open()
    world.acquirer.now += LIMITS.wait_duration + 1
    world.acquirer.held = Event()
    trials = world.spawn(1)
    before.set()
    gevent.joinall(old)
    assert world.gate.state == "HALF_OPEN"
    trials += world.spawn(GREENLETS)
    assert world.acquirer.running == TRIALS
    world.acquirer.held.set()
    gevent.joinall(trials)
    assert world.gate.state == "CLOSED"


def test_a_call_that_is_killed_gives_its_place_and_its_trial_back() -> None:
    world = World(at_once=TRIALS)
    world.open()
    world.acquirer.now += LIMITS.wait_duration + 1
    world.acquirer.held.clear()
    gevent.killall(world.spawn(TRIALS))
    assert (world.acquirer.running, world.gate.state) == (0, "HALF_OPEN")
    world.acquirer.held.set()
    assert [world.call() for _ in range(TRIALS)] == [Seen.APPROVED] * TRIALS
    assert world.gate.state == "CLOSED"


def test_asking_whether_it_is_shut_changes_nothing() -> None:
    """Else an acquirer that is well again would never be asked: who asks sends nothing while it is shut."""
    world = World()
    for _ in range(LIMITS.minimum_number_of_calls):
        world.call(Answer(Seen.NOT_CONNECTED))
    assert (world.gate.is_shut, world.gate.state_age) == (True, 0.0)
    world.acquirer.now += LIMITS.wait_duration
    assert world.gate.is_shut
    world.acquirer.now += 0.001
    assert not world.gate.is_shut
    assert world.call() is Seen.APPROVED
