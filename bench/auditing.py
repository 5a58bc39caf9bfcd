"""What housekeeping's audit costs those who pay meanwhile: p95 without, with, and without it again."""

from typing import Final

from sqlalchemy import func, select

from bench.platform import put_behind, wait_until
from bench.rates import REPEATS, RUN_SECONDS
from bench.report import Figure
from bench.session import Session, say
from payments.platform.housekeeping_tables import audit_run

RATE: Final = 200
INTERVAL: Final = "APP_AUDIT_INTERVAL_SECONDS"
ALWAYS, NEVER = "1", "86400"
AUDIT_SECONDS: Final = 120.0


def figures(session: Session) -> list[Figure]:
    """p95 while housekeeping audits one time after the other to p95 while it does not (A-B-A)."""
    housekeeping = session.platform.housekeeping
    usual = housekeeping.environment
    ratios = []
    without = _p95(session, NEVER)
    for _ in range(REPEATS):
        before, during, without = without, _p95(session, ALWAYS), _p95(session, NEVER)
        ratios.append(2 * during / (before + without))
        say(f"while it audits to while it does not, p95: {ratios[-1]:.2f}")
    housekeeping.environment = usual
    housekeeping.restart()
    put_behind(session.platform)
    return [Figure(f"p95 while the audit runs to p95 while it does not, at {RATE}/s (A-B-A)", ratios, "×")]


def _p95(session: Session, interval: str) -> float:
    """With an audit every `interval` seconds; the one that comes with each start is over before."""
    housekeeping, ended = session.platform.housekeeping, _audits(session)
    housekeeping.environment = {**housekeeping.environment, INTERVAL: interval}
    housekeeping.restart()
    put_behind(session.platform)
    wait_until(lambda: _audits(session) > ended, AUDIT_SECONDS, "an audit has ended")
    return session.run(RATE, RUN_SECONDS).p95


def _audits(session: Session) -> int:
    with session.engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(audit_run)).scalar_one())
