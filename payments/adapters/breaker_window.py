"""The last calls of a breaker: how many failed or were slow, for its row and for its metrics."""

from collections import deque
from typing import Final

from payments.adapters.breaker_store import Snapshot
from payments.metrics import BREAKER, RelayMetrics

TOO_FEW: Final = -1.0
"""A rate that says that there are too few calls to tell."""


class Window:
    """The last `size` calls; of the others nothing is remembered. `not_permitted` counts refusals beside them."""

    def __init__(self, size: int) -> None:
        self._calls: deque[tuple[bool, bool]] = deque(maxlen=size)
        self._not_permitted = 0

    def __len__(self) -> int:
        return len(self._calls)

    def record(self, failed: bool, slow: bool) -> None:
        """Add a call."""
        self._calls.append((failed, slow))

    def refuse(self) -> None:
        """Count a call that was not permitted."""
        self._not_permitted += 1

    def clear(self) -> None:
        """Start anew."""
        self._calls.clear()
        self._not_permitted = 0

    def snapshot(self) -> Snapshot:
        """The counts for the breaker's row."""
        failed = sum(failed for failed, _ in self._calls)
        return {
            "successful": len(self._calls) - failed,
            "failed": failed,
            "slow": sum(slow for _, slow in self._calls),
            "not_permitted": self._not_permitted,
            "buffered": len(self._calls),
            "slow_call_rate": TOO_FEW,
            "failure_rate": TOO_FEW,
        }

    def show(self, metrics: RelayMetrics) -> None:
        """Set the gauges."""
        for kind, wanted in (("successful", False), ("failed", True)):
            slow = [slow for failed, slow in self._calls if failed is wanted]
            metrics.buffered_calls.labels(BREAKER, kind).set(len(slow))
            metrics.slow_calls.labels(BREAKER, kind).set(sum(slow))
        metrics.failure_rate.labels(BREAKER).set(TOO_FEW)
        metrics.slow_call_rate.labels(BREAKER).set(TOO_FEW)
