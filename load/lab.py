"""One run: load, audit, report."""

import re
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

from load import authorities, figures, k6, keys, page
from load.api import Api
from load.audit import Audit, newest_audit
from load.errors import NoAnswer, NotRun
from load.recording import KINDS
from load.report import Report

GOOD, NOT_RUN, BAD = 0, 1, 3
MERCHANTS: Final = 200
"""Merchants of a run: with the smallest limits (500 refunds a minute) they allow 1,600 journeys a second."""
STEERING: Final = (
    "ENABLE_CAPTURE", "ENABLE_REFUND", "MERCHANT_ID", "MERCHANTS", "LONGEST_P95_MS", "MOST_RATE", "RATE", "DURATION",
    "RATE_SCALE", "TIME_SCALE",
)  # fmt: skip
_ADDRESS: Final = re.compile(r"https?://[^/?#\s]+")


@dataclass(frozen=True, slots=True)
class Target:
    """The platform under load. `own` runs its audit; without it, housekeeping's newest audit counts."""

    name: str
    api: Api
    own: Callable[[], tuple[str, bool]] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of k6's environment, where the target decides."""


def run(profile: str, target: Target, environment: Mapping[str, str], reports: Path) -> int:
    """Load `target`, audit, report; returns the exit code. `environment`: k6's environment. Raises NotRun, NoAnswer."""
    run_id = secrets.token_hex(4)
    variables = _for_k6({**environment, **target.variables}, target.api.url, run_id)
    audit = _audit(target, variables, run_id)
    before = audit.posted_before() if audit.keys or variables.get("MERCHANT_ID") else dict.fromkeys(KINDS, 0)
    started, clock = datetime.now(UTC), time.monotonic()
    folder = reports / f"{started:%Y%m%d-%H%M%S}-{profile}-{run_id}"
    folder.mkdir(parents=True)
    name = f"{target.name}, API keys: {len(audit.keys)}" if audit.keys else target.name
    _say(f"{profile} against {name}")
    measured = k6.run(profile, variables, folder, _say)
    took = timedelta(seconds=time.monotonic() - clock)
    _say("the load has ended; waiting until everything is posted, then for the audit")
    report = Report(
        profile=profile,
        target=name,
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
    known: tuple[type[Exception], ...] = (NotRun, NoAnswer, *reasons)
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


def _for_k6(environment: Mapping[str, str], url: str, run_id: str) -> dict[str, str]:
    """k6's environment: it needs no operator's key, and this process and k6 read the same files of keys and of CAs."""
    variables = {name: value for name, value in environment.items() if name not in keys.OPERATORS}
    if path := variables.get("KEYS_FILE"):
        variables["KEYS_FILE"] = str(Path(path).absolute())
    given = {"MERCHANTS": str(MERCHANTS), **variables, "BASE_URL": url, "RUN": run_id}
    return given | authorities.for_k6(environment)


def _audit(target: Target, variables: Mapping[str, str], run_id: str) -> Audit:
    """The run's audit. NotRun and NoAnswer before any load: keys that are missing, or that the platform refuses."""
    api, paying = target.api, keys.merchants_keys(variables)
    if not _ADDRESS.fullmatch(api.url):
        raise NotRun(f"BASE_URL={api.url} is not an address like https://host.")
    needed = api.needs_keys()
    if needed and not (paying and keys.is_operators_key(api.token)):
        raise NotRun(f"{api.url} takes requests with API keys only; set OPERATOR_KEY, and KEYS_FILE or API_KEY.")
    if needed is not None:  # else k6 says why it does not answer
        api.in_flight()
    merchants = list(dict.fromkeys(map(api.merchant_of, paying)))
    own = target.own or (lambda: newest_audit(api))
    return Audit(api, merchants or _merchants(variables, run_id), own, paying)


def _merchants(variables: Mapping[str, str], run_id: str) -> list[str]:
    """As k6/lib/journey.js names them."""
    if variables.get("MERCHANT_ID"):
        return [variables["MERCHANT_ID"]]
    count = variables["MERCHANTS"] or str(MERCHANTS)
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
