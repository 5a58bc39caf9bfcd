"""The report of a run: facts for the page, and JSON for programs."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from load.audit import Finding
from load.figures import LoadResult, Row, Threshold
from load.recording import Sample


@dataclass(frozen=True, slots=True)
class Report:
    """A run: its target, profile and time, k6's results, the audit's result."""

    profile: str
    target: str
    settings: dict[str, str]
    """The variables of the profile."""
    started: datetime
    took: timedelta
    rows: list[Row]
    thresholds: list[Threshold]
    samples: list[Sample]
    result: LoadResult
    finding: Finding
    limited: int

    @property
    def audit_result(self) -> LoadResult:
        """The audit in one sentence."""
        if self.finding.faults:
            return LoadResult(False, f"The audit found: {'; '.join(self.finding.faults)}.")
        return LoadResult(True, "Every payment that was answered 200 is in the ledger, once.")

    @property
    def good(self) -> bool:
        """Whether the profile's goal was met and the audit found nothing."""
        return self.result.good and self.audit_result.good

    @property
    def p95_bound(self) -> float | None:
        """The bound of the 95th percentile in milliseconds, where the profile has one."""
        bounds = (one.bound for one in self.thresholds if one.metric == "http_req_duration")
        return next((float(bound.removeprefix("p(95)<")) for bound in bounds if bound.startswith("p(95)<")), None)

    def facts(self) -> list[tuple[str, str]]:
        """Name and value, for people."""
        found = [
            ("target", self.target),
            ("profile", self.profile),
            ("started", f"{self.started:%Y-%m-%d %H:%M:%S} UTC"),
            ("took", f"{self.took.total_seconds():.0f} s"),
        ]
        if self.settings:
            found.append(("settings", " ".join(f"{name}={value}" for name, value in sorted(self.settings.items()))))
        return found

    def notes(self) -> list[str]:
        """Notes about the audit, and about refused requests."""
        found = [f"{self.finding.platform[:1].upper()}{self.finding.platform[1:]}."]
        if self.finding.settled:
            found.append(f"{self.finding.settled} requests without a clear answer were asked again with their keys.")
        if self.limited:
            found.append(
                f"The rate limit refused {self.limited:,} requests: let more merchants pay (MERCHANT_ID unset, more "
                "keys in KEYS_FILE), or start the platform by `APP_RATE_LIMIT_PROFILE=load make run`."
            )
        return found

    def write_json(self, path: Path) -> None:
        """Write the report as JSON; k6's own summary is in k6-summary.json beside it."""
        members = {
            "profile": self.profile,
            "target": self.target,
            "settings": self.settings,
            "startedAt": f"{self.started:%Y-%m-%dT%H:%M:%SZ}",
            "seconds": round(self.took.total_seconds(), 1),
            "good": self.good,
            "result": asdict(self.result),
            "requests": [asdict(row) for row in self.rows],
            "thresholds": [asdict(one) for one in self.thresholds],
            "audit": {**asdict(self.audit_result), **asdict(self.finding)},
        }
        path.write_text(json.dumps(members, indent=2) + "\n", encoding="utf-8")
