"""`python -m bench`: runs the measurements one after the other and keeps them in docs/performance.md."""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from bench import calibration, database, load, report
from bench.load import Load
from bench.platform import cpu_seconds, memory_bytes, move_breaker, processes, running, wait_until
from bench.profile import Recorder
from payments.adapters.database import create_engine
from stack.platform import Platform

FIRST_RATE, COARSE, FINE = 200, 200, 100
SEARCH_SECONDS, RUN_SECONDS, REPEATS = 6, 12, 3
LAG_RATE: Final = 500
BACKLOG: Final = 30_000
DRAIN_SECONDS: Final = 180.0


def main() -> int:
    """Measure all, print the table, write it down."""
    with running() as platform:
        engine = create_engine(platform.database_url, timeout=60)
        say("warming up")
        load.run(platform.api.url, FIRST_RATE // 2, SEARCH_SECONDS)
        best = highest_rate(platform, engine)
        figures = [*authorize_figures(platform, engine, best), *lag_figures(platform, engine)]
        figures += breaker_figures(platform, engine)
        shares = profile(platform, engine)
        figures += backlog_figures(platform, engine)
        engine.dispose()
    report.write(figures, shares)
    return 0


def say(text: str) -> None:
    """Progress, for whoever waits."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


def drained(engine: Engine) -> None:
    """Wait until everything is posted, so that the next measurement starts clean."""
    wait_until(lambda: database.unposted(engine) == 0, DRAIN_SECONDS, "every event is posted")


def highest_rate(platform: Platform, engine: Engine) -> int:
    """The highest rate that holds: upwards in coarse steps until one does not, then one fine step."""
    best, rate = 0, FIRST_RATE
    while True:
        seen = measured(platform, engine, rate, SEARCH_SECONDS)
        if not seen.holds:
            break
        best, rate = rate, rate + COARSE
    fine = rate - FINE
    return fine if measured(platform, engine, fine, SEARCH_SECONDS).holds else max(best, FINE)


def measured(platform: Platform, engine: Engine, rate: int, seconds: int) -> Load:
    """One run, once the one before has drained."""
    drained(engine)
    seen = load.run(platform.api.url, rate, seconds)
    verdict = "holds" if seen.holds else f"does not hold ({seen.failed} failed, {seen.dropped} not started)"
    say(f"{rate}/s for {seconds} s: median {seen.median:.1f} ms, p95 {seen.p95:.1f} ms: {verdict}")
    return seen


def authorize_figures(platform: Platform, engine: Engine, rate: int) -> list[report.Figure]:
    """The highest rate that holds in every repetition, with the CPU that each process spent on a request."""
    while True:
        runs, spent = [], []
        for _ in range(REPEATS):
            drained(engine)
            before = cpu_seconds(platform)
            runs.append(measured(platform, engine, rate, RUN_SECONDS))
            after = cpu_seconds(platform)
            spent.append({name: (after[name] - before[name]) * 1000 / runs[-1].requests for name in after})
        if all(run.holds for run in runs) or rate <= FINE:
            break
        rate -= FINE
    held = float(rate) if all(run.holds for run in runs) else 0.0
    figures = [
        report.Figure("authorizations, highest rate with p95 < 100 ms and no error", [held], "1/s"),
        report.Figure(f"p95 at {rate}/s", [run.p95 for run in runs], "ms"),
        report.Figure(f"median at {rate}/s", [run.median for run in runs], "ms"),
    ]
    figures += [
        report.Figure(f"CPU of {name} per authorization at {rate}/s", [each[name] for each in spent], "ms")
        for name in spent[0]
    ]
    memory = memory_bytes(platform) / 1e6
    figures.append(report.Figure("resident memory of api, relay, ledger, housekeeping", [memory], "MB"))
    return figures


def lag_figures(platform: Platform, engine: Engine) -> list[report.Figure]:
    """Commit → posting at a steady rate, by the database's own time stamps; and the api's CPU beside a bare Flask's."""
    p99s, medians, p95s, cpu = [], [], [], []
    for _ in range(REPEATS):
        drained(engine)
        after, before = database.newest_event(engine), cpu_seconds(platform)["api"]
        seen_load = measured(platform, engine, LAG_RATE, RUN_SECONDS)
        p95s.append(seen_load.p95)
        cpu.append((cpu_seconds(platform)["api"] - before) * 1000 / seen_load.requests)
        drained(engine)
        seen = database.lags(engine, after)
        medians.append(statistics.median(seen))
        p99s.append(seen[int(len(seen) * 0.99)])
    constant = calibration.cpu_per_request(LAG_RATE, SEARCH_SECONDS, REPEATS)
    return [
        report.Figure(f"p95 at {LAG_RATE}/s", p95s, "ms"),
        report.Figure(f"CPU of api per authorization at {LAG_RATE}/s", cpu, "ms"),
        report.Figure(f"CPU of a Flask view that answers a constant at {LAG_RATE}/s", constant, "ms"),
        report.Figure("the one to the other", calibration.ratio(cpu, constant), "×"),
        report.Figure(f"commit → posting at {LAG_RATE}/s, median", medians, "s"),
        report.Figure(f"commit → posting at {LAG_RATE}/s, p99", p99s, "s"),
    ]


def breaker_figures(platform: Platform, engine: Engine) -> list[report.Figure]:
    """How much slower payments are answered while the breaker lets nothing through: CLOSED, open, CLOSED in turn."""
    ratios = []
    for _ in range(REPEATS):
        before = measured(platform, engine, FINE, SEARCH_SECONDS).p95
        move_breaker(platform, "FORCED_OPEN")
        while_open = load.run(platform.api.url, FINE, SEARCH_SECONDS).p95
        move_breaker(platform, "CLOSED")
        after = measured(platform, engine, FINE, SEARCH_SECONDS).p95
        ratios.append(2 * while_open / (before + after))
        say(f"breaker open to closed, p95: {ratios[-1]:.2f}")
    return [report.Figure(f"p95 with the breaker open to p95 with it closed, at {FINE}/s (A-B-A)", ratios, "×")]


def profile(platform: Platform, engine: Engine) -> list[tuple[str, float]]:
    """Shares of the web worker's time while it serves LAG_RATE."""
    drained(engine)
    worker = processes(platform, "api")[-1]
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(worker.pid, SEARCH_SECONDS, Path(folder))
        measured(platform, engine, LAG_RATE, SEARCH_SECONDS + 2)
        return recorder.shares()


def backlog_figures(platform: Platform, engine: Engine) -> list[report.Figure]:
    """How fast relay and ledger work off a backlog, with nothing else to do on the machine."""
    published, posted = [], []
    for _ in range(REPEATS):
        drained(engine)
        after = database.newest_event(engine)
        platform.relay.stop()
        database.fill_outbox(engine, BACKLOG)
        platform.relay.start()
        drained(engine)
        for rates, table, column in ((published, "outbox_event", "published_at"), (posted, "inbox_event", "posted_at")):
            count, took = database.span(engine, after, table, column)
            rates.append(count / took.total_seconds())
        say(f"backlog of {BACKLOG}: relay {published[-1]:.0f}/s, ledger {posted[-1]:.0f}/s")
    return [
        report.Figure("relay, events published from a backlog", published, "1/s"),
        report.Figure("ledger, events posted meanwhile", posted, "1/s"),
    ]


if __name__ == "__main__":
    sys.exit(main())
