"""Prometheus and Alertmanager as private processes, with the rules and the routes of the machines' roles.

For `make observe` and for tests. The scraped targets are a file that may change while they run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from stack.certificates import Leaf
from stack.readiness import get_json
from stack.server import Server, program
from stack.time_scale import scaled

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "prometheus" / "rules"
ROUTES = ROOT / "ansible" / "roles" / "alertmanager" / "templates" / "alertmanager.yml.j2"
RECEIVERS = ("page", "ticket", "watchdog")
NO_RECEIVERS = tuple({"name": name} for name in RECEIVERS)
NODE = "localhost"


@dataclass(frozen=True)
class Timing:
    """Intervals of scrapes and evaluations, and Alertmanager's grouping times. Defaults are those of the machines.

    `hold` and `time_scale`, for tests and pictures, change the rules: see stack/time_scale.py.
    """

    scrape: str = "10s"
    evaluation: str = "10s"
    group_wait: str = "10s"
    group_interval: str = "1m"
    hold: str | None = None
    time_scale: int = 1


class Alertmanager(Server):
    """Debian's Alertmanager, which has no web UI: use amtool or HTTP. Without `receivers` it sends no notifications."""

    name = "alertmanager"

    def __init__(
        self, timing: Timing, folder: Path | None = None, receivers: Sequence[Mapping[str, Any]] = NO_RECEIVERS
    ) -> None:
        """Pick a port and a folder (see Server); nothing runs yet."""
        super().__init__(folder)
        self._timing = timing
        self._receivers = receivers

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        (self.folder / "alertmanager.yml").write_text(routes(self._timing, self._receivers))

    def _command(self) -> list[str]:
        return [
            program("prometheus-alertmanager", "prometheus-alertmanager"),
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--web.external-url={self.url}/",
            "--log.level=warn",
        ]

    def _answers(self) -> bool:
        return get_json(f"{self.url}/api/v2/status", seconds=1) is not None


class Prometheus(Server):
    """Debian's Prometheus with our rules."""

    name = "prometheus"

    def __init__(
        self, alertmanager: Alertmanager, timing: Timing, folder: Path | None = None, client: Leaf | None = None
    ) -> None:
        """Pick a port and a folder (see Server); nothing runs yet. `client`: shown to what is scraped by TLS."""
        super().__init__(folder)
        self._alertmanager = alertmanager
        self._timing = timing
        self._client = client

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pages(self) -> str:
        """The base URL of the web UI: /alerts, /graph, /targets below it. Debian's package has the classic UI."""
        return f"{self.url}/classic"

    def watch(self, jobs: Mapping[str, Sequence[int]], gate: int = 0) -> None:
        """Scrape these local ports, by job, from now on; also Prometheus itself and Alertmanager.

        `gate`: the port of Envoy's metrics, by TLS; 0: there is none.
        """
        every = {**jobs, "prometheus": [self.port], "alertmanager": [self._alertmanager.port]}
        groups = [
            {"targets": [f"127.0.0.1:{port}" for port in ports], "labels": {"job": job, "node": NODE}}
            for job, ports in every.items()
        ]
        if gate:
            by_tls = {"__scheme__": "https", "__metrics_path__": "/metrics/gate"}
            groups.append({"targets": [f"127.0.0.1:{gate}"], "labels": {"job": "gate", "node": NODE, **by_tls}})
        new = self._targets.with_suffix(".new")
        new.write_text(json.dumps(groups, indent=2))
        new.replace(self._targets)  # atomic: Prometheus may read it at any time

    @property
    def _targets(self) -> Path:
        return self.folder / "targets.json"

    def _prepare(self) -> None:
        (self.folder / "prometheus.yml").write_text(json.dumps(self._configuration(), indent=2))  # JSON is YAML

    def _configuration(self) -> dict[str, Any]:
        return {
            "global": {
                "scrape_interval": self._timing.scrape,
                "scrape_timeout": self._timing.scrape,
                "evaluation_interval": self._timing.evaluation,
            },
            "rule_files": [str(rules_for(self._timing, self.folder) / "*.yml")],
            "alerting": {
                "alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{self._alertmanager.port}"]}]}]
            },
            "scrape_configs": [
                {"job_name": "payops", "file_sd_configs": [{"files": [str(self._targets)]}], **self._tls()}
            ],
        }

    def _tls(self) -> dict[str, Any]:
        if self._client is None:
            return {}
        files = {"ca_file": self._client.authority, "cert_file": self._client.certificate, "key_file": self._client.key}
        return {"tls_config": {name: str(path) for name, path in files.items()}}

    def _command(self) -> list[str]:
        return [
            program("prometheus", "prometheus"),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            f"--web.external-url={self.url}/",
            "--log.level=warn",
        ]

    def _answers(self) -> bool:
        answer = get_json(f"{self.url}/api/v1/query?query=1", seconds=1)
        return answer is not None and answer.get("status") == "success"


def rules_for(timing: Timing, folder: Path) -> Path:
    """The folder of the rules; if `timing` changes them, a copy in `folder`."""
    if timing.hold is None and timing.time_scale == 1:
        return RULES
    changed = folder / "rules"
    changed.mkdir(exist_ok=True)
    for path in RULES.glob("*.yml"):
        (changed / path.name).write_text(scaled(path.read_text(encoding="utf-8"), timing.hold, timing.time_scale))
    return changed


def routes(timing: Timing, receivers: Sequence[Mapping[str, Any]] = NO_RECEIVERS) -> str:
    """Alertmanager's configuration, from the template of the machines' role."""
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 (it makes no HTML)
    jinja.filters["to_nice_yaml"] = lambda value, **_options: json.dumps(value)  # Ansible's own; JSON is YAML
    return jinja.from_string(ROUTES.read_text(encoding="utf-8")).render(
        ansible_managed="Made by stack/prometheus.py",
        alertmanager_group_wait=timing.group_wait,
        alertmanager_group_interval=timing.group_interval,
        alertmanager_repeat_interval="4h",
        alertmanager_receivers=list(receivers),
    )
