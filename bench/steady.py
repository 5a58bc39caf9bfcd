"""At steady rates: lag to the ledger, the api's CPU beside a bare Flask's, and what an open breaker costs."""

import statistics
import tempfile
from pathlib import Path
from typing import Final

from bench import calibration, database, load
from bench.platform import cpu_seconds, move_breaker, processes
from bench.profile import Recorder, Where, layers
from bench.rates import FINE, REPEATS, RUN_SECONDS, SEARCH_SECONDS
from bench.report import Figure
from bench.session import Session, say

RATE: Final = 500


def lag_figures(session: Session) -> list[Figure]:
    """Commit → posting at a steady rate, by the database's own time stamps; and the api's CPU beside a bare Flask's."""
    p99s, medians, p95s, cpu = [], [], [], []
    for _ in range(REPEATS):
        session.drained()
        after, before = database.newest_event(session.engine), cpu_seconds(session.platform)["api"]
        seen_load = session.run(RATE, RUN_SECONDS)
        p95s.append(seen_load.p95)
        cpu.append((cpu_seconds(session.platform)["api"] - before) * 1000 / seen_load.requests)
        session.drained()
        seen = database.lags(session.engine, after)
        medians.append(statistics.median(seen))
        p99s.append(seen[int(len(seen) * 0.99)])
    constant = calibration.cpu_per_request(RATE, SEARCH_SECONDS, REPEATS)
    return [
        Figure(f"p95 at {RATE}/s", p95s, "ms"),
        Figure(f"CPU of api per authorization at {RATE}/s", cpu, "ms"),
        Figure(f"CPU of a Flask view that answers a constant at {RATE}/s", constant, "ms"),
        Figure("the one to the other", calibration.ratio(cpu, constant), "×"),
        Figure(f"commit → posting at {RATE}/s, median", medians, "s"),
        Figure(f"commit → posting at {RATE}/s, p99", p99s, "s"),
    ]


def breaker_figures(session: Session) -> list[Figure]:
    """How much slower payments are answered while the breaker lets nothing through: CLOSED, open, CLOSED in turn."""
    ratios = []
    for _ in range(REPEATS):
        before = session.run(FINE, SEARCH_SECONDS).p95
        move_breaker(session.platform, "FORCED_OPEN")
        while_open = load.run(session.platform.api.url, FINE, SEARCH_SECONDS).p95
        move_breaker(session.platform, "CLOSED")
        after = session.run(FINE, SEARCH_SECONDS).p95
        ratios.append(2 * while_open / (before + after))
        say(f"breaker open to closed, p95: {ratios[-1]:.2f}")
    return [Figure(f"p95 with the breaker open to p95 with it closed, at {FINE}/s (A-B-A)", ratios, "×")]


def profile(session: Session) -> Where:
    """Where the web worker's time goes while it serves RATE."""
    session.drained()
    worker = processes(session.platform, "api")[-1]
    seen = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("raw", "flamegraph"):  # py-spy writes one of them at a time
            recorder = Recorder(worker.pid, SEARCH_SECONDS, Path(folder), kind)
            session.run(RATE, SEARCH_SECONDS + 2)
            seen[kind] = recorder.seen()
    return Where(layers(seen["raw"]), seen["flamegraph"])
