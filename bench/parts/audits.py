"""How much slower authorizations are answered while housekeeping audits: without, with, without in turn."""

from typing import Final

from sqlalchemy import func, select

from bench.platform import lower_others, wait_until
from bench.progress import say
from bench.ratio import to_neighbours
from bench.repetition import REPEATS, RUN_SECONDS
from bench.report.table import Figure
from bench.session import Session
from payments.platform.tables.housekeeping import audit_run

RATE: Final = 200
INTERVAL: Final = "APP_AUDIT_INTERVAL_SECONDS"
ALWAYS, NEVER = "1", "86400"
"""Seconds between audits."""
AUDIT_SECONDS: Final = 600.0
"""An audit rests four times as long as it works, and checks what all loads before have made: that takes minutes."""


def figures(session: Session) -> list[Figure]:
    """p95 while housekeeping runs one audit after the other to p95 while it runs none."""
    housekeeping = session.platform.housekeeping
    default = housekeeping.environment
    ratios = []
    without = _p95(session, NEVER)
    for _ in range(REPEATS):
        before, during, without = without, _p95(session, ALWAYS), _p95(session, NEVER)
        ratios.append(to_neighbours(before, during, without))
        say(f"while it audits to while it does not, p95: {ratios[-1]:.2f}")
    housekeeping.environment = default
    housekeeping.restart()
    lower_others(session.platform)
    return [Figure(f"p95 while the audit runs to p95 while it does not, at {RATE}/s (A-B-A)", ratios, "×")]


def _p95(session: Session, interval: str) -> float:
    """p95 (ms) with an audit every `interval` seconds, after the one that each start makes."""
    housekeeping, ended = session.platform.housekeeping, _audits(session)
    housekeeping.environment = {**housekeeping.environment, INTERVAL: interval}
    housekeeping.restart()
    lower_others(session.platform)
    wait_until(lambda: _audits(session) > ended, AUDIT_SECONDS, "an audit has ended")
    return session.load(RATE, RUN_SECONDS).p95


def _audits(session: Session) -> int:
    with session.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(audit_run)).scalar_one())
