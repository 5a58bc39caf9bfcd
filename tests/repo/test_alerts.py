"""Every alert says how bad it is and what to do, and is tested; rules ask for metrics that exist."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import CollectorRegistry

from payments.metrics import ApiMetrics, HousekeepingMetrics, LedgerMetrics, RelayMetrics
from tests.repo.sources import ROOT

RULES: Final = ROOT / "prometheus/rules"
TESTS: Final = ROOT / "prometheus/tests"
RUNBOOK: Final = ROOT / "docs/runbook.md"
NOT_OURS: Final = ("up", "flask_http_", "mysql_", "redis_", "node_", "prometheus_", "alertmanager_")
WRITTEN_BY_BACKUP: Final = "payops_backup_last_success_timestamp_seconds"
NEVER_QUIET: Final = {"Watchdog"}


def rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text()) for path in sorted(RULES.glob("*.yml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


ALERTS: Final = [rule for rule in rules() if "alert" in rule]


def faults(alert: dict[str, Any], runbook: str) -> list[str]:
    """What an alert lacks."""
    name, labels, notes = alert["alert"], alert.get("labels", {}), alert.get("annotations", {})
    found = []
    if labels.get("severity") not in ("page", "ticket", "none"):
        found.append("severity")
    if not labels.get("component"):
        found.append("component")
    if not str(notes.get("summary", "")).endswith("."):
        found.append("summary")
    if not str(notes.get("runbook_url", "")).endswith(f"/docs/runbook.md#{name.lower()}"):
        found.append("runbook_url")
    part = runbook.partition(f"\n### {name}\n")[2].partition("\n#")[0]
    if "- **Check**: " not in part or "- **Mend**: " not in part:
        found.append("runbook")
    return found


def metrics_in(expression: str) -> set[str]:
    """Names of metrics in PromQL, near enough: what is followed by a selector, a range, or an operator."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^]]*\]", " ", bare)
    words = re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*", bare)
    functions = set(re.findall(r"([a-z_]+)\s*\(", bare))
    return {word for word in words if word not in functions and word not in ("and", "or", "unless", "e", "on", "by")}


def ours() -> set[str]:
    """Every series that our processes may show."""
    names: set[str] = set()
    for group in (ApiMetrics, RelayMetrics, LedgerMetrics, HousekeepingMetrics):
        registry = CollectorRegistry()
        group(registry)
        for family in registry.collect():
            names |= {family.name} | {f"{family.name}_{end}" for end in ("total", "bucket", "count", "sum")}
    return names


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_complete(alert: dict[str, Any]) -> None:
    assert faults(alert, RUNBOOK.read_text()) == []


def test_there_are_alerts_enough_and_no_two_of_one_name() -> None:
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names)) >= 25


def test_the_runbook_speaks_of_no_alert_that_is_gone() -> None:
    told = set(re.findall(r"(?m)^### (\w+)$", RUNBOOK.read_text()))
    assert told == {alert["alert"] for alert in ALERTS}


def test_each_alert_is_seen_to_fire_and_to_stay_quiet() -> None:
    files = [yaml.safe_load(path.read_text()) for path in TESTS.glob("*.yml")]
    tested = {test["name"] for file in files for test in file["tests"]}
    names = {alert["alert"] for alert in ALERTS}
    wanted = {f"{name} fires" for name in names} | {f"{name} stays quiet" for name in names - NEVER_QUIET}
    assert tested == wanted


def test_rules_ask_for_metrics_that_somebody_shows() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    known = ours() | recorded | {WRITTEN_BY_BACKUP}
    asked = {name for rule in rules() for name in metrics_in(str(rule["expr"]))}
    unknown = {name for name in asked - known if not name.startswith(NOT_OURS)}
    assert unknown == set()
    assert any(WRITTEN_BY_BACKUP in path.read_text() for path in Path(ROOT / "ansible").glob("*.yml"))


def test_the_guards_find_planted_breaches() -> None:
    whole = ALERTS[0]
    text = RUNBOOK.read_text()
    assert not faults(whole, text)
    for part, key in (("labels", "severity"), ("labels", "component"), ("annotations", "runbook_url")):
        broken = {**whole, part: {name: value for name, value in whole[part].items() if name != key}}
        assert faults(broken, text) == [key]
    assert faults({**whole, "alert": "Other"}, text) == ["runbook_url", "runbook"]
    assert metrics_in('sum by (a) (rate(no_such_total{x="y"}[5m])) > 1') == {"no_such_total"}
