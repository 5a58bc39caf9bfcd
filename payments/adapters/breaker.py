"""The circuit breaker of the relay: pybreaker guards the calls, this tells the world what it sees.

`call` holds pybreaker's lock while the call runs, so there is one caller; `observe` may be called from any thread.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import pybreaker

from payments.adapters.breaker_store import HISTORY_KEPT, BreakerRow, Transition
from payments.adapters.breaker_window import Window
from payments.adapters.clock import Clock, monotonic
from payments.domain.events import format_time
from payments.metrics import BREAKER, BREAKER_STATES, RelayMetrics

T = TypeVar("T")

FAILURES_TO_OPEN: Final = 5
"""Failed calls in a row that open the breaker."""
RELAY: Final = "relay"
CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"
_NAMES = {pybreaker.STATE_CLOSED: CLOSED, pybreaker.STATE_OPEN: OPEN, pybreaker.STATE_HALF_OPEN: HALF_OPEN}
_REASONS = {
    (CLOSED, OPEN): f"{FAILURES_TO_OPEN} calls failed in a row",
    (OPEN, HALF_OPEN): "the wait is over",
    (HALF_OPEN, CLOSED): "the trial call succeeded",
    (HALF_OPEN, OPEN): "the trial call failed",
}


class NotPermitted(Exception):
    """The breaker is open: the call was not made."""


def utc_now() -> datetime:
    """The machine's clock; it only dates transitions, money never reads it."""
    return datetime.now(UTC)


class Breaker:
    """Guards calls to Kafka. Durations in seconds."""

    def __init__(
        self,
        metrics: RelayMetrics,
        *,
        wait_duration: float,
        slow_call_duration: float,
        window_size: int,
        before: BreakerRow | None = None,
        clock: Clock = monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Starts CLOSED with an empty window; OPEN for the rest of its wait if `before` (the last relay's row) was."""
        self._metrics = metrics
        self._wait = timedelta(seconds=wait_duration)
        self._slow = slow_call_duration
        self._on_news: Callable[[], None] | None = None
        self._clock, self._now = clock, now
        self._seen = threading.Lock()
        self._window = Window(window_size)
        self._cause: tuple[str, str] | None = None
        self.applied_command_id = before.applied_command_id if before else 0
        self._history: list[Transition] = list(before.history) if before else []
        self._state, self._since = self._begin(before)
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=FAILURES_TO_OPEN,
            reset_timeout=wait_duration,
            listeners=[_Listener(self._changed)],
            state_storage=self._storage(),
            throw_new_error_on_trip=False,
            name=BREAKER,
        )
        self._show()

    @property
    def state(self) -> str:
        """CLOSED, OPEN or HALF_OPEN."""
        return self._state

    def tell(self, on_news: Callable[[], None]) -> None:
        """Call this at each change of state and after the first call of a new window."""
        self._on_news = on_news

    def call(self, function: Callable[[], T]) -> T:
        """Make the call and count it. Raises NotPermitted without calling, or whatever the call raises (a failure)."""
        try:
            result: T = self._breaker.call(self._measured, function)
            return result
        except pybreaker.CircuitBreakerError as refusal:
            with self._seen:
                self._window.refuse()
            self._metrics.not_permitted.labels(BREAKER).inc()
            raise NotPermitted("The circuit breaker is open.") from refusal

    def tick(self) -> None:
        """Let time pass: an open breaker whose wait is over becomes half-open without waiting for a call."""
        if self._state == OPEN and self._now() >= self._since + self._wait:
            self._breaker.half_open()

    def move(self, to: str, reason: str | None, actor: str) -> bool:
        """Do what an operator asks; False: it cannot go to that state."""
        moves = {CLOSED: self._breaker.close, OPEN: self._breaker.open}
        if to not in moves:
            return False
        self._cause = (reason or "asked for by an operator", actor)
        moves[to]()
        return True

    def observe(self) -> BreakerRow:
        """What the breaker looks like now; `observed_at` is set when it is stored."""
        with self._seen:
            snapshot, history = self._window.snapshot(), list(self._history)
            return BreakerRow(
                BREAKER, self._state, self._since, self._since, snapshot, history, self.applied_command_id
            )

    def retire(self) -> None:
        """Stop showing a state: another relay's breaker counts from now on."""
        for state in BREAKER_STATES:
            self._metrics.state.labels(BREAKER, state).set(0)

    def _begin(self, before: BreakerRow | None) -> tuple[str, datetime]:
        """The state to start in and since when."""
        if before is None:
            return CLOSED, self._now()
        if before.state in (OPEN, CLOSED):
            return before.state, before.state_since
        since = self._now()
        self._note(before.state, CLOSED, since, "the relay started")
        return CLOSED, since

    def _storage(self) -> pybreaker.CircuitMemoryStorage:
        if self._state == CLOSED:
            return pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_OPEN)
        storage.opened_at = self._since
        return storage

    def _measured(self, function: Callable[[], T]) -> T:
        started = self._clock()
        failed = True
        try:
            result = function()
            failed = False
            return result
        finally:
            self._record(failed, self._clock() - started)

    def _record(self, failed: bool, duration: float) -> None:
        with self._seen:
            self._window.record(failed, duration > self._slow)
            first = len(self._window) == 1
        self._metrics.calls.labels(BREAKER, "failed" if failed else "successful").observe(duration)
        self._show(news=first)

    def _changed(self, old: str, new: str) -> None:
        reason, actor = self._cause or (_REASONS[old, new], RELAY)
        self._cause = None
        with self._seen:
            self._state, self._since = new, self._now()
            self._note(old, new, self._since, reason, actor)
            if new != OPEN:  # OPEN keeps the window that opened it
                self._window.clear()
        self._show(news=True)

    def _note(self, old: str, new: str, at: datetime, reason: str, actor: str = RELAY) -> None:
        entry: Transition = {"from": old, "to": new, "at": format_time(at), "reason": reason, "actor": actor}
        self._history = [entry, *self._history[: HISTORY_KEPT - 1]]

    def _show(self, news: bool = False) -> None:
        with self._seen:
            self._window.show(self._metrics)
        for state in BREAKER_STATES:
            self._metrics.state.labels(BREAKER, state).set(state == self._state.lower())
        if news and self._on_news is not None:
            self._on_news()


class _Listener(pybreaker.CircuitBreakerListener):
    """Tells of pybreaker's changes of state in our names."""

    def __init__(self, changed: Callable[[str, str], None]) -> None:
        self._told = changed

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:  # noqa: ARG002
        """Called by pybreaker, under its lock."""
        self._told(_NAMES[old_state.name], _NAMES[new_state.name])
