"""Rules and routes, by Prometheus' and Alertmanager's own tools: valid, each alert fires and reaches its receiver."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from stack.prometheus import RULES, Alertmanager, Timing, routes
from stack.server import program
from tests.repo.metric_names import rules
from tests.servers import until

SUITES = sorted((RULES.parent / "tests").glob("*.yml"))
QUICK = Timing(scrape="1s", evaluation="1s", group_wait="1s", group_interval="1s")
ALERTS = [rule for rule in rules() if "alert" in rule]
TO_NOBODY = {"none": "watchdog"}
"""Severities whose receiver has another name."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180)


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(program("promtool", "prometheus"), *arguments)


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(program("amtool", "prometheus-alertmanager"), *arguments)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The routes of the role's template."""
    path = tmp_path_factory.mktemp("alertmanager") / "alertmanager.yml"
    path.write_text(routes(Timing()))
    return path


@pytest.fixture(scope="module")
def alertmanager() -> Iterator[Alertmanager]:
    with Alertmanager(QUICK) as server:
        yield server


def test_the_rules_are_well_formed() -> None:
    files = [str(path) for path in sorted(RULES.glob("*.yml"))]
    done = promtool("check", "rules", "--lint-fatal", *files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(files)


@pytest.mark.parametrize("suite", SUITES, ids=lambda path: path.stem)
def test_the_alerts_of_a_suite_fire_and_stay_quiet(suite: Path) -> None:
    done = promtool("test", "rules", str(suite))
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_an_alert_that_does_not_fire(tmp_path: Path) -> None:
    for name in ("rules", "tests"):
        (tmp_path / name).mkdir()
    whole = (RULES / "payments.yml").read_text()
    (tmp_path / "rules/payments.yml").write_text(whole.replace("ledger_halted == 1", "ledger_halted == 2"))
    (tmp_path / "tests/payments.yml").write_text((RULES.parent / "tests/payments.yml").read_text())
    done = promtool("test", "rules", str(tmp_path / "tests/payments.yml"))
    assert done.returncode != 0
    assert "LedgerHalted" in done.stdout + done.stderr


def test_the_routes_are_well_formed(configuration: Path, tmp_path: Path) -> None:
    done = amtool("check-config", str(configuration))
    assert done.returncode == 0, done.stdout + done.stderr
    spoilt = tmp_path / "spoilt.yml"
    spoilt.write_text(configuration.read_text().replace("receiver: page", "receiver: nobody"))
    assert amtool("check-config", str(spoilt)).returncode != 0


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_reaches_the_receiver_of_its_severity(configuration: Path, alert: dict[str, Any]) -> None:
    labels = {"alertname": alert["alert"], **alert["labels"]}
    pairs = [f"{name}={value}" for name, value in labels.items() if "{{" not in value]
    done = amtool("config", "routes", "test", f"--config.file={configuration}", *pairs)
    severity = labels["severity"]
    assert done.stdout.strip() == TO_NOBODY.get(severity, severity), done.stderr


def test_an_alert_without_severity_is_a_ticket(configuration: Path) -> None:
    done = amtool("config", "routes", "test", f"--config.file={configuration}", "alertname=Unknown")
    assert done.stdout.strip() == "ticket"


PAGES = {"node": "data", "severity": "page"}
TICKETS = {"severity": "ticket"}
SILENCED: list[tuple[str, dict[str, str], str]] = [
    ("the same machine", {"component": "redis", "node": "data", **TICKETS}, "suppressed"),
    ("the component as a whole", {"component": "redis", **TICKETS}, "suppressed"),
    ("another component", {"component": "memory", "node": "data", **TICKETS}, "active"),
    ("another machine", {"component": "redis", "node": "app", **TICKETS}, "active"),
    ("the same disk", {"component": "disk", "node": "data", "mountpoint": "/", **TICKETS}, "suppressed"),
    ("another disk", {"component": "disk", "node": "data", "mountpoint": "/var", **TICKETS}, "active"),
    ("the disk of another machine", {"component": "disk", "node": "app", "mountpoint": "/", **TICKETS}, "active"),
    ("an instance of what is down as a whole", {"component": "api", "node": "app", **TICKETS}, "suppressed"),
    ("another page", {"component": "redis", **PAGES}, "active"),
]


def test_a_page_silences_tickets_about_the_same_and_nothing_of_another_machine(alertmanager: Alertmanager) -> None:
    pages = [{"component": "redis"}, {"component": "disk", "mountpoint": "/"}]
    given = [("Down", {**PAGES, **page}) for page in pages] + [("Down", {"component": "api", "severity": "page"})]
    given += [(name, labels) for name, labels, _state in SILENCED]
    alerts = [{"labels": {"alertname": name, **labels}} for name, labels in given]
    requests.post(f"{alertmanager.url}/api/v2/alerts", json=alerts, timeout=5).raise_for_status()

    def states() -> dict[str, str]:
        shown = requests.get(f"{alertmanager.url}/api/v2/alerts", timeout=5).json()
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in shown}

    expected = {"Down": "active", **{name: state for name, _labels, state in SILENCED}}
    until(lambda: states() == expected, f"alerts are {expected}", interval=0.2)


def test_each_rule_of_silence_names_what_must_be_equal(configuration: Path) -> None:
    """A rule without `equal` would let any page silence all tickets."""
    rules_of_silence = yaml.safe_load(configuration.read_text())["inhibit_rules"]
    assert rules_of_silence
    assert all("component" in rule["equal"] for rule in rules_of_silence)
