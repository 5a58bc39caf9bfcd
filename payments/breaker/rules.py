"""A circuit breaker by the rules of Resilience4j 2.1.0 (COUNT_BASED), as a pure state machine; time is passed in.

It decides and counts, without calls, waits or threads. Times and durations have one unit (seconds; any in tests); `now`
is of a monotonic clock.
"""

import struct
from collections import deque
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

BREAKER: Final = "kafka-publisher"
"""The name of the relay's breaker; there is no other."""


class State(StrEnum):
    """FORCED_HALF_OPEN is not in Resilience4j: HALF_OPEN entered by an operator, also from CLOSED."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"
    DISABLED = "DISABLED"
    FORCED_OPEN = "FORCED_OPEN"
    FORCED_HALF_OPEN = "FORCED_HALF_OPEN"


class CallOutcome(Enum):
    """The outcome of a permitted call."""

    SUCCESS = "success"
    ERROR = "error"


TRIAL_STATES: Final = frozenset({State.HALF_OPEN, State.FORCED_HALF_OPEN})
COUNTING_STATES: Final = frozenset({State.CLOSED, State.OPEN}) | TRIAL_STATES
KEPT_OVER_RESTART: Final = frozenset({State.FORCED_OPEN, State.DISABLED, State.OPEN})


@dataclass(frozen=True, slots=True)
class BreakerConfig:
    """Thresholds in percent, durations in the unit of `now`."""

    sliding_window_size: int = 20
    minimum_number_of_calls: int = 5
    failure_rate_threshold: float = 50.0
    slow_call_rate_threshold: float = 50.0
    slow_call_duration: float = 5.0
    wait_duration: float = 30.0
    permitted_calls_in_half_open: int = 3


@dataclass(frozen=True, slots=True)
class Counters:
    """The window's counts, and rates in percent (-1.0 below the minimum number of calls)."""

    successful: int
    failed: int
    slow_successful: int
    slow_failed: int
    not_permitted: int
    failure_rate: float
    slow_call_rate: float

    @property
    def buffered(self) -> int:
        """Calls in the window."""
        return self.successful + self.failed

    @property
    def slow(self) -> int:
        """Slow calls in the window."""
        return self.slow_successful + self.slow_failed


class _Window:
    """The last `size` results, (failed, slow) each, with running counts."""

    def __init__(self, size: int, minimum: int) -> None:
        self._results: deque[tuple[bool, bool]] = deque(maxlen=size)
        self._sums = {(failed, slow): 0 for failed in (False, True) for slow in (False, True)}
        self._minimum = min(minimum, size)
        self.not_permitted = 0

    def add(self, failed: bool, slow: bool) -> None:
        if len(self._results) == self._results.maxlen:
            self._sums[self._results[0]] -= 1
        self._results.append((failed, slow))
        self._sums[failed, slow] += 1

    def counters(self) -> Counters:
        total = len(self._results)
        slow_successful, slow_failed = self._sums[False, True], self._sums[True, True]
        failed = self._sums[True, False] + slow_failed
        known = total >= self._minimum
        return Counters(
            successful=total - failed,
            failed=failed,
            slow_successful=slow_successful,
            slow_failed=slow_failed,
            not_permitted=self.not_permitted,
            failure_rate=_percent(failed, total) if known else -1.0,
            slow_call_rate=_percent(slow_successful + slow_failed, total) if known else -1.0,
        )


def _float32(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def _percent(part: int, whole: int) -> float:
    """As Resilience4j computes it, in 32 bits: one of three calls must reach a threshold of 33.333332."""
    return _float32(_float32(part * 100.0) / whole)


class Breaker:
    """One circuit breaker. Every method takes `now`; results go to whatever state is current."""

    def __init__(self, config: BreakerConfig, now: float) -> None:
        """Starts CLOSED with an empty window."""
        self._config = config
        self._failure_threshold = _float32(config.failure_rate_threshold)
        self._slow_threshold = _float32(config.slow_call_rate_threshold)
        self._enter(State.CLOSED, now, self._new_window())

    @property
    def state(self) -> State:
        """The state after the last call of a method; only `acquire` and `tick` end an OPEN one."""
        return self._state

    @property
    def since(self) -> float:
        """When the state was entered."""
        return self._since

    @property
    def counters(self) -> Counters:
        """The counts of the window."""
        return self._window.counters()

    def acquire(self, now: float) -> bool:
        """Ask for permission to make one call; a refusal is counted. Ends an OPEN state whose wait is over."""
        if self._state is State.OPEN and now > self._retry_after:
            self._enter(State.HALF_OPEN, now, self._new_trial())
        if self._state in (State.CLOSED, State.DISABLED):
            return True
        if self._state in TRIAL_STATES and self._permits > 0:
            self._permits -= 1
            return True
        self._window.not_permitted += 1
        return False

    def record(self, outcome: CallOutcome, duration: float, now: float) -> None:
        """Record the outcome of a permitted call that took `duration`; it may change the state."""
        if self._state not in COUNTING_STATES:
            return
        self._window.add(outcome is CallOutcome.ERROR, duration > self._config.slow_call_duration)
        if self._state is State.OPEN:  # a call that began before: it is counted without effect on the state
            return
        counters = self._window.counters()
        if counters.failure_rate < 0:
            return
        exceeded = counters.failure_rate >= self._failure_threshold or counters.slow_call_rate >= self._slow_threshold
        if exceeded:
            self._enter(State.OPEN, now, self._window)
        elif self._state in TRIAL_STATES:
            self._enter(State.CLOSED, now, self._new_window())

    def release(self, now: float) -> None:  # noqa: ARG002 (every method takes the time)
        """Give a permission back: the call did not happen, or its outcome says nothing."""
        if self._state in TRIAL_STATES:
            self._permits += 1

    def tick(self, now: float) -> None:
        """Make OPEN HALF_OPEN when its wait is over, without a call (automatic transition)."""
        if self._state is State.OPEN and now >= self._retry_after:
            self._enter(State.HALF_OPEN, now, self._new_trial())

    def move(self, to: State, now: float) -> bool:
        """Make an operator's transition. False: it is not allowed (CLOSED → HALF_OPEN), and nothing changes."""
        if self._state is State.CLOSED and to is State.HALF_OPEN:
            return False
        windows = {
            State.OPEN: self._window_for_open,
            State.HALF_OPEN: self._new_trial,
            State.FORCED_HALF_OPEN: self._new_trial,
        }
        self._enter(to, now, windows.get(to, self._new_window)())
        return True

    def resume(self, state: State, elapsed: float, now: float) -> None:
        """Continue after a restart from `state`, entered `elapsed` ago: FORCED_OPEN, DISABLED and OPEN stay.

        OPEN keeps its remaining wait; any other state starts CLOSED. The window is empty.
        """
        kept = state if state in KEPT_OVER_RESTART else State.CLOSED
        self._enter(kept, now - elapsed if kept is not State.CLOSED else now, self._new_window())

    def _window_for_open(self) -> _Window:
        """OPEN keeps the previous window with its refusals.

        From FORCED_OPEN or DISABLED it gets a window of full size; in Resilience4j that window has size 0, and the
        next result raises.
        """
        if self._state in COUNTING_STATES:
            return self._window
        window = self._new_window()
        window.not_permitted = self._window.not_permitted
        return window

    def _new_window(self) -> _Window:
        return _Window(self._config.sliding_window_size, self._config.minimum_number_of_calls)

    def _new_trial(self) -> _Window:
        return _Window(self._config.permitted_calls_in_half_open, self._config.minimum_number_of_calls)

    def _enter(self, state: State, now: float, window: _Window) -> None:
        self._state = state
        self._since = now
        self._window = window
        self._permits = self._config.permitted_calls_in_half_open
        self._retry_after = now + self._config.wait_duration
