"""A platform on real servers with its monitoring: exporters, Prometheus, Alertmanager, receivers."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from stack.platform import DATABASE, Platform, real_platform
from stack.prometheus import RECEIVERS, Alertmanager, Prometheus, Timing
from tests import exporters
from tests.contracts.line import Line, line_to
from tests.e2e.small_disk import SmallDisk
from tests.exporters import Exporter
from tests.serving import Answer, Request, Server, serving

QUICK = Timing(
    scrape="1s", evaluation="1s", group_wait="1s", group_interval="1s", hold="1s", time_scale=60
)  # an hour of the rules is a minute here
SETTINGS = {
    "APP_RATE_LIMIT_PROFILE": "prod",
    "APP_RATE_LIMIT_REFUND_CAPACITY": "5",
    "APP_CB_KAFKA_CALL_TIMEOUT_SECONDS": "2",
    "APP_CB_KAFKA_SLOW_CALL_DURATION_SECONDS": "1",
    "APP_CB_KAFKA_WAIT_DURATION_SECONDS": "2",
    "APP_LEASE_SECONDS": "4",
    "APP_AUDIT_INTERVAL_SECONDS": "2",
}


@dataclass(frozen=True)
class Expected:
    """An alert by its name and its distinguishing labels."""

    name: str
    labels: Mapping[str, str]

    def is_it(self, labels: Mapping[str, str]) -> bool:
        """Whether labels are those of this alert."""
        return labels["alertname"] == self.name and self.labels.items() <= labels.items()


@dataclass(frozen=True)
class Watched:
    """The platform, the line between its api and MariaDB, and its monitoring. `receivers` records notifications."""

    platform: Platform
    line: Line
    disk: SmallDisk
    exporters: Mapping[str, Exporter]
    prometheus: Prometheus
    alertmanager: Alertmanager
    receivers: Server

    def state(self, alert: Expected) -> str | None:
        """Alertmanager's state of it: active or suppressed; None when it does not fire."""
        answer = requests.get(f"{self.alertmanager.url}/api/v2/alerts", timeout=5)
        answer.raise_for_status()
        found = [one["status"]["state"] for one in answer.json() if alert.is_it(one["labels"])]
        return found[0] if found else None

    def notifications(self, alert: Expected, since: int = 0) -> list[tuple[str, str]]:
        """(receiver, firing or resolved) of each notification of it, from message `since` on."""
        return [
            (request.path.strip("/"), one["status"])
            for request in self.receivers.requests[since:]
            for one in request.json["alerts"]
            if alert.is_it(one["labels"])
        ]


@contextmanager
def watching(timing: Timing = QUICK, settings: Mapping[str, str] = SETTINGS) -> Iterator[Watched]:
    """The watched platform, up; stopped afterwards."""
    with ExitStack() as stack:
        platform = stack.enter_context(real_platform(settings, with_acquirer=True))
        line = stack.enter_context(line_to(platform.mariadb.port))
        _lead_through(line, platform)
        disk = SmallDisk()
        beside: dict[str, Exporter] = {
            "mariadb": exporters.of_mariadb(platform.mariadb.address),
            "redis": exporters.of_redis(platform.redis.port),
            "node": exporters.with_backup(disk),
        }
        for exporter in beside.values():
            stack.enter_context(exporter)
        receivers = stack.enter_context(serving(_taken))
        alertmanager = Alertmanager(timing, receivers=[_webhook(name, receivers.url) for name in RECEIVERS])
        stack.enter_context(alertmanager)
        prometheus = Prometheus(alertmanager, timing)
        programs = {name: [program.port] for name, program in platform.programs.items()}
        prometheus.watch(programs | {job: [exporter.port] for job, exporter in beside.items()})
        stack.enter_context(prometheus)
        yield Watched(platform, line, disk, beside, prometheus, alertmanager, receivers)


def _lead_through(line: Line, platform: Platform) -> None:
    """Make the api, and only it, reach MariaDB through the line."""
    url = platform.database_url.replace(f":{platform.mariadb.port}/{DATABASE}", f":{line.port}/{DATABASE}")
    platform.api.environment = {**platform.api.environment, "DATABASE_URL": url}
    platform.api.restart()


def _webhook(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "webhook_configs": [{"url": f"{url}/{name}"}]}


def _taken(_request: Request, _url: str) -> Answer:
    return Answer(200)
