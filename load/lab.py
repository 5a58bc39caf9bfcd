"""One run: load, audit, report."""

import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

from load import figures, k6, page
from load.api import Api, NoAnswer
from load.audit import Audit, newest_audit
from load.recording import KINDS
from load.report import Report

GOOD, NOT_RUN, BAD = 0, 1, 3
MERCHANTS: Final = 200
"""Merchants of a run: with the smallest limits (500 refunds a minute) they allow 1,600 journeys a second."""
STEERING: Final = (
    "ENABLE_CAPTURE", "ENABLE_REFUND", "MERCHANT_ID", "MERCHANTS", "LONGEST_P95_MS", "MOST_RATE", "RATE", "DURATION",
    "RATE_SCALE", "TIME_SCALE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """The platform under load. `own` runs its audit; without it, housekeeping's newest audit counts."""

    name: str
    api: Api
    own: Callable[[], tuple[str, bool]] | None = None


def run(profile: str, target: Target, environment: Mapping[str, str], reports: Path) -> int:
    """Load `target`, audit, report; returns the exit code. `environment`: k6's environment. Raises NotRun, NoAnswer."""
    run_id = secrets.token_hex(4)
    variables = {"MERCHANTS": str(MERCHANTS), **environment, "BASE_URL": target.api.url, "RUN": run_id}
    audit = Audit(target.api, _merchants(variables, run_id), target.own or (lambda: newest_audit(target.api)))
    before = audit.posted() if environment.get("MERCHANT_ID") else dict.fromkeys(KINDS, 0)
    started, clock = datetime.now(UTC), time.monotonic()
    folder = reports / f"{started:%Y%m%d-%H%M%S}-{profile}-{run_id}"
    folder.mkdir(parents=True)
    _say(f"{profile} against {target.name}")
    measured = k6.run(profile, variables, folder, _say)
    took = timedelta(seconds=time.monotonic() - clock)
    _say("the load has ended; waiting until everything is posted, then for the audit")
    report = Report(
        profile=profile,
        target=target.name,
        settings={name: environment[name] for name in STEERING if environment.get(name)},
        started=started,
        took=took,
        rows=figures.rows(measured.metrics),
        thresholds=figures.thresholds(measured.metrics),
        samples=measured.samples,
        result=figures.result(measured.metrics),
        finding=audit.compare(figures.answered(measured.metrics), measured.unknown, before),
        limited=figures.refused(measured.metrics),
    )
    page.write(report, folder / "report.html")
    report.write_json(folder / "summary.json")
    _tell(report, folder)
    return GOOD if report.good else BAD


def exit_code_of(work: Callable[[], int], *reasons: type[Exception]) -> int:
    """The exit code of `work`; prints its error (our own, or one of `reasons`) in one sentence."""
    known: tuple[type[Exception], ...] = (k6.NotRun, NoAnswer, *reasons)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work()
    except known as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped before its end: no audit, no report.", file=sys.stderr)
    return NOT_RUN


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _merchants(variables: Mapping[str, str], run_id: str) -> list[str]:
    """As k6/lib/journey.js names them."""
    if variables.get("MERCHANT_ID"):
        return [variables["MERCHANT_ID"]]
    count = variables["MERCHANTS"]
    return [f"K6-{run_id}-{number}" for number in range(int(count) if count.isdecimal() else 0)]


def _tell(report: Report, folder: Path) -> None:
    for row in report.rows:
        _say(
            f"{row.kind:<9} {row.ok:>9,} answered 200, {row.rate:,.1f} a second, {row.errors:,} errors,"
            f" {row.limited:,} refused; median {row.median:.1f}, p95 {row.p95:.1f}, p99 {row.p99:.1f} ms"
        )
    for line in (report.result.text, report.audit_result.text, *report.notes()):
        _say(line)
    _say(f"report:  {folder / 'report.html'}\nsummary: {folder / 'summary.json'}")


def _say(text: str) -> None:
    print(text, flush=True)
