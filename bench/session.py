"""One platform under measurement: waits until everything is posted, and runs a load."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from bench import database, k6
from bench.k6 import LoadResult
from bench.platform import wait_until
from bench.progress import say
from stack.platform import Platform

DRAIN_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Session:
    """The platform and an engine of our own on its database."""

    platform: Platform
    engine: Engine

    def drain(self) -> None:
        """Wait until everything is posted, so that the next measurement starts clean. TimeoutError after 180 s."""
        wait_until(lambda: database.unposted(self.engine) == 0, DRAIN_SECONDS, "every event is posted")

    def load(self, rate: int, seconds: int, script: str = k6.AUTHORIZE) -> LoadResult:
        """Drain, then run k6; `rate` is of what the script counts, a second."""
        self.drain()
        result = k6.run(self.platform.api.url, rate, seconds, script)
        outcome = "holds" if result.holds else f"does not hold ({result.failed} failed, {result.dropped} not started)"
        say(f"{script}, {rate}/s for {seconds} s: median {result.median:.1f} ms, p95 {result.p95:.1f} ms: {outcome}")
        return result
