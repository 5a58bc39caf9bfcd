"""One run of k6, at a constant rate or of so many users, and what it saw."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from stack.platform import ROOT

AUTHORIZE, FLOWS = "bench-authorize", "bench-flows"
P95_BOUND_MS: Final = 100.0
"""A rate counts only while 95 of 100 requests are answered faster than this."""


class Metric(TypedDict):
    """One metric of k6's summary: its values by the name of the statistic."""

    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What k6 saw. Times in milliseconds; `dropped` are requests that it could not even start in time."""

    rate: int
    requests: int
    failed: int
    dropped: int
    median: float
    p95: float
    p99: float

    @property
    def holds(self) -> bool:
        """Whether the rate was served within the bounds."""
        return self.failed == 0 and self.dropped == 0 and self.p95 < P95_BOUND_MS


def run(
    base_url: str,
    rate: int,
    seconds: int,
    script: str = AUTHORIZE,
    keys: Path | None = None,
    payment_method: str = "",
    authority: Path | None = None,
) -> LoadResult:
    """k6/`script`.js at `rate` a second for `seconds`. RuntimeError with k6's output when it cannot run.

    Merchants are named, or pay by the API keys of the file `keys`, whatever the environment has. `payment_method`: for
    those that have an acquirer. `authority`: the file of the CA that an https:// address is verified by.
    """
    given = {"RATE": str(rate), "PAYMENT_METHOD": payment_method, **_trusting(authority)}
    return load_result(rate, _summary(script, base_url, seconds, keys, given))


def of_users(
    base_url: str,
    users: int,
    seconds: int,
    script: str = AUTHORIZE,
    keys: Path | None = None,
    authority: Path | None = None,
) -> LoadResult:
    """The same of so many users, each of which asks again once it is answered; `rate` is of requests, as they came."""
    metrics = _summary(script, base_url, seconds, keys, {"USERS": str(users), **_trusting(authority)})
    return load_result(round(metrics["http_reqs"]["values"]["rate"]), metrics)


def _trusting(authority: Path | None) -> dict[str, str]:
    """Go's variable; k6 has no option for it."""
    return {} if authority is None else {"SSL_CERT_FILE": str(authority)}


def _summary(
    script: str, base_url: str, seconds: int, keys: Path | None, given: Mapping[str, str]
) -> Mapping[str, Metric]:
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        variables = {
            "DURATION": f"{seconds}s",
            "BASE_URL": base_url,
            "RUN": secrets.token_hex(6),
            "SUMMARY": str(summary),
            "KEYS_FILE": "" if keys is None else str(keys),
            **dict.fromkeys(("API_KEY", "PAYMENT_METHOD", "USERS"), ""),  # whatever our own environment has
            **given,
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("k6")), "run", "--quiet", "--no-usage-report", f"k6/{script}.js"],
            cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not summary.exists():
            raise RuntimeError(f"k6 could not run:\n{done.stdout}{done.stderr}")
        found: Mapping[str, Metric] = json.loads(summary.read_text())
        return found


def load_result(rate: int, metrics: Mapping[str, Metric]) -> LoadResult:
    """What k6's summary says of a run. k6 leaves out `dropped_iterations` when there were none."""
    times = metrics["http_req_duration"]["values"]
    dropped = metrics["dropped_iterations"]["values"]["count"] if "dropped_iterations" in metrics else 0
    return LoadResult(
        rate=rate,
        requests=int(metrics["http_reqs"]["values"]["count"]),
        failed=int(metrics["http_req_failed"]["values"]["passes"]),  # of requests that failed
        dropped=int(dropped),
        median=times["med"],
        p95=times["p(95)"],
        p99=times["p(99)"],
    )
