"""One platform under measurement: waits between runs, progress, and a run at a rate."""

import sys
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine

from bench import database, load
from bench.load import Load
from bench.platform import wait_until
from stack.platform import Platform

DRAIN_SECONDS: Final = 180.0


@dataclass(frozen=True, slots=True)
class Session:
    """The platform and an engine of our own on its database."""

    platform: Platform
    engine: Engine

    def drained(self) -> None:
        """Wait until everything is posted, so that the next measurement starts clean."""
        wait_until(lambda: database.unposted(self.engine) == 0, DRAIN_SECONDS, "every event is posted")

    def run(self, rate: int, seconds: int, script: str = load.AUTHORIZE) -> Load:
        """One run, once the one before has drained; `rate` in what the script counts."""
        self.drained()
        seen = load.run(self.platform.api.url, rate, seconds, script)
        result = "holds" if seen.holds else f"does not hold ({seen.failed} failed, {seen.dropped} not started)"
        say(f"{script}, {rate}/s for {seconds} s: median {seen.median:.1f} ms, p95 {seen.p95:.1f} ms: {result}")
        return seen


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
