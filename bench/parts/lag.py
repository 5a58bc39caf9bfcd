"""At a steady rate: the time from commit to posting, and the api's CPU beside that of a bare Flask view."""

import statistics

from bench import calibration, database
from bench.platform import cpu_seconds
from bench.repetition import REPEATS, RUN_SECONDS, SEARCH_SECONDS, STEADY_RATE
from bench.report.table import Figure
from bench.session import Session


def figures(session: Session) -> list[Figure]:
    """Commit → posting by the database's own time stamps; CPU of the api, of the bare view, and their ratio."""
    p99s, medians, p95s, cpu = [], [], [], []
    for _ in range(REPEATS):
        session.drain()
        newest, before = database.newest_event(session.engine), cpu_seconds(session.platform)["api"]
        result = session.load(STEADY_RATE, RUN_SECONDS)
        p95s.append(result.p95)
        cpu.append((cpu_seconds(session.platform)["api"] - before) * 1000 / result.requests)
        session.drain()
        lags = database.lags(session.engine, newest)
        medians.append(statistics.median(lags))
        p99s.append(lags[int(len(lags) * 0.99)])
    constant = calibration.cpu_per_request(STEADY_RATE, SEARCH_SECONDS, REPEATS)
    return [
        Figure(f"p95 at {STEADY_RATE}/s", p95s, "ms"),
        Figure(f"CPU of api per authorization at {STEADY_RATE}/s", cpu, "ms"),
        Figure(f"CPU of a Flask view that answers a constant at {STEADY_RATE}/s", constant, "ms"),
        Figure("the one to the other", [statistics.median(cpu) / statistics.median(constant)], "×"),
        Figure(f"commit → posting at {STEADY_RATE}/s, median", medians, "s"),
        Figure(f"commit → posting at {STEADY_RATE}/s, p99", p99s, "s"),
    ]
