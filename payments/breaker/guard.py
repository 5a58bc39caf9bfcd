"""The relay's circuit breaker: `payments.breaker.rules` decides, pybreaker guards the call, this module reports.

`call` holds pybreaker's lock while the call runs, so there is one caller; `observe` may be called from any thread.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import pybreaker

from payments.breaker.rules import BREAKER, BreakerConfig, CallOutcome, Counters, State
from payments.breaker.rules import Breaker as Rules
from payments.breaker.store import HISTORY_KEPT, RELAY, BreakerRow, Snapshot, Transition
from payments.metrics import RelayMetrics
from payments.outbox.rules import format_time
from payments.platform.clock import Clock, monotonic

T = TypeVar("T")

NEVER: Final = 2**31
"""pybreaker's own decision (failures in a row, then a timeout) is switched off by limits that are never reached."""
_NAMES: Final = frozenset(state.value for state in State)


class NotPermitted(Exception):
    """The breaker does not permit the call: it was not made."""


def utc_now() -> datetime:
    """The machine's clock; used for the times of transitions only."""
    return datetime.now(UTC)


class Breaker:
    """Guards calls to Kafka. Durations in seconds."""

    def __init__(
        self,
        metrics: RelayMetrics,
        config: BreakerConfig,
        *,
        before: BreakerRow | None = None,
        clock: Clock = monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """CLOSED with an empty window, or the state of `before` (the last relay's row) if it survives a restart."""
        self._metrics = metrics
        self._config = config
        self._clock, self._now = clock, now
        self._on_change: Callable[[], None] | None = None
        self._seen = threading.Lock()
        self._rules = Rules(config, clock())
        self.applied_command_id = before.applied_command_id if before else 0
        self._history: list[Transition] = list(before.history) if before else []
        self._since = now()
        if before is not None:
            self._resume(before)
        self._recorder = _Recorder(self._record, lambda: self._decide(self._rules.release), clock)
        self._guard = pybreaker.CircuitBreaker(
            fail_max=NEVER,
            reset_timeout=NEVER,
            exclude=[self._recorder.ignores],
            listeners=[self._recorder],
            name=BREAKER,
        )
        self._show()

    @property
    def state(self) -> State:
        """The state now."""
        return self._rules.state

    def subscribe(self, on_change: Callable[[], None]) -> None:
        """Call `on_change` at each change of state and after the first call of a new window."""
        self._on_change = on_change

    def call(self, function: Callable[[], T], ignored: tuple[type[Exception], ...] = ()) -> T:
        """Make the call and count it. Raises NotPermitted without calling, or the call's exception, which is a failure.

        An `ignored` exception says nothing about the service: it is raised, not counted, its permission given back.
        """
        self._let(self._decide(self._rules.acquire, "the wait is over"))
        self._recorder.ignored = ignored
        try:
            result: T = self._guard.call(function)
            return result
        except pybreaker.CircuitBreakerError as refusal:
            self._metrics.not_permitted.labels(BREAKER).inc()
            raise NotPermitted(f"The circuit breaker is {self.state}.") from refusal

    def tick(self) -> None:
        """Make an OPEN breaker whose wait is over HALF_OPEN, without a call."""
        self._decide(self._rules.tick, "the wait is over")

    def move(self, to: str, reason: str | None, actor: str) -> bool:
        """Make an operator's transition; False: it is not allowed from this state."""
        if to not in _NAMES:
            return False
        wanted = State(to)
        return self._decide(
            lambda now: self._rules.move(wanted, now), reason or "asked for by an operator", actor, asked=True
        )

    def observe(self) -> BreakerRow:
        """The breaker's row as of now; `observed_at` is set when it is stored."""
        with self._seen:
            snapshot = _snapshot(self._rules.counters)
            return BreakerRow(
                BREAKER, self.state, self._since, self._since, snapshot, list(self._history), self.applied_command_id
            )

    def retire(self) -> None:
        """Remove the state's metric: from now on another relay's breaker counts."""
        for state in State:
            self._metrics.state.labels(BREAKER, state.lower()).set(0)

    def _resume(self, before: BreakerRow) -> None:
        was = State(before.state)
        elapsed = max((self._now() - before.state_since).total_seconds(), 0.0)
        self._rules.resume(was, elapsed, self._clock())
        if self.state is was:
            self._since = before.state_since
        else:
            self._note(was, "the relay started", RELAY)

    def _let(self, permitted: bool) -> None:
        """Have pybreaker refuse or make the next call, as decided."""
        wanted = pybreaker.STATE_CLOSED if permitted else pybreaker.STATE_OPEN
        if self._guard.current_state != wanted:
            (self._guard.close if permitted else self._guard.open)()

    def _record(self, outcome: CallOutcome, duration: float) -> None:
        self._metrics.calls.labels(BREAKER, "failed" if outcome is CallOutcome.ERROR else "successful").observe(
            duration
        )
        self._decide(lambda now: self._rules.record(outcome, duration, now))

    def _decide(
        self, act: Callable[[float], T], reason: str | None = None, actor: str = RELAY, *, asked: bool = False
    ) -> T:
        """Apply the rules, record a change of state (if `asked`, also into the same state), update metrics."""
        with self._seen:
            before, window = self._rules.state, self._rules.counters
            result = act(self._clock())
            changed = self._rules.state is not before or (asked and bool(result))
            if changed:
                self._since = self._now()
                self._note(before, reason or self._reason_of(window), actor)
            first = window.buffered == 0 and self._rules.counters.buffered == 1
        self._show()
        if (changed or first) and self._on_change is not None:
            self._on_change()
        return result

    def _reason_of(self, before: Counters) -> str:
        """The reason of a transition by results. OPEN has the window that opened it; CLOSED after a trial has none."""
        now = self._rules.counters
        if self._rules.state is not State.OPEN:
            return f"the trial calls succeeded ({before.successful + 1} of {before.buffered + 1})"
        if now.failure_rate >= self._config.failure_rate_threshold:
            return f"failure rate {now.failure_rate:.2f}% (threshold {self._config.failure_rate_threshold:g}%)"
        return f"slow call rate {now.slow_call_rate:.2f}% (threshold {self._config.slow_call_rate_threshold:g}%)"

    def _note(self, old: State, reason: str, actor: str) -> None:
        entry: Transition = {
            "from": old.value,
            "to": self.state.value,
            "at": format_time(self._since),
            "reason": reason,
            "actor": actor,
        }
        self._history = [entry, *self._history[: HISTORY_KEPT - 1]]

    def _show(self) -> None:
        metrics = self._metrics
        with self._seen:
            counters, state = self._rules.counters, self._rules.state
        for kind, calls, slow in (
            ("successful", counters.successful, counters.slow_successful),
            ("failed", counters.failed, counters.slow_failed),
        ):
            metrics.buffered_calls.labels(BREAKER, kind).set(calls)
            metrics.slow_calls.labels(BREAKER, kind).set(slow)
        metrics.failure_rate.labels(BREAKER).set(counters.failure_rate)
        metrics.slow_call_rate.labels(BREAKER).set(counters.slow_call_rate)
        for each in State:
            metrics.state.labels(BREAKER, each.lower()).set(each is state)


def _snapshot(counters: Counters) -> Snapshot:
    return {
        "successful": counters.successful,
        "failed": counters.failed,
        "slow": counters.slow,
        "not_permitted": counters.not_permitted,
        "buffered": counters.buffered,
        "slow_call_rate": counters.slow_call_rate,
        "failure_rate": counters.failure_rate,
    }


class _Recorder(pybreaker.CircuitBreakerListener):
    """A listener of pybreaker: measures each call and records it; calls `release` for an ignored one."""

    def __init__(self, record: Callable[[CallOutcome, float], None], release: Callable[[], None], clock: Clock) -> None:
        self._record = record
        self._release = release
        self._clock = clock
        self._started = 0.0
        self._says_nothing = False
        self.ignored: tuple[type[Exception], ...] = ()

    def ignores(self, error: BaseException) -> bool:
        """Whether pybreaker must not count this as a failure; it then calls `success`."""
        self._says_nothing = isinstance(error, self.ignored)
        return self._says_nothing

    def before_call(self, cb: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """A permitted call begins."""
        self._started = self._clock()
        self._says_nothing = False

    def success(self, cb: Any) -> None:
        """The call returned, or raised an ignored exception."""
        if self._says_nothing:
            self._release()
        else:
            self._record(CallOutcome.SUCCESS, self._clock() - self._started)

    def failure(self, cb: Any, exc: BaseException) -> None:
        """The call raised."""
        self._record(CallOutcome.ERROR, self._clock() - self._started)
