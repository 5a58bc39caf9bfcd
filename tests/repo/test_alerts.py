"""Every alert has a severity and a runbook heading, and is tested."""

import re
from typing import Any, Final

import pytest
import yaml

from tests.repo.metric_names import rules
from tests.repo.sources import ROOT

TESTS: Final = ROOT / "prometheus/tests"
RUNBOOK: Final = ROOT / "docs/runbook.md"
NEVER_QUIET: Final = {"Watchdog"}


ALERTS: Final = [rule for rule in rules() if "alert" in rule]


def faults(alert: dict[str, Any], runbook: str) -> list[str]:
    """The missing parts of an alert."""
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
    if "- **Check**: " not in part or "- **Fix**: " not in part:
        found.append("runbook")
    return found


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_is_complete(alert: dict[str, Any]) -> None:
    assert faults(alert, RUNBOOK.read_text()) == []


def test_there_are_alerts_enough_and_no_two_of_one_name() -> None:
    names = [alert["alert"] for alert in ALERTS]
    assert len(names) == len(set(names)) >= 25


def test_the_runbook_speaks_of_no_alert_that_is_gone() -> None:
    headings = set(re.findall(r"(?m)^### (\w+)$", RUNBOOK.read_text()))
    assert headings == {alert["alert"] for alert in ALERTS}


def test_each_alert_is_seen_to_fire_and_to_stay_quiet() -> None:
    files = [yaml.safe_load(path.read_text()) for path in TESTS.glob("*.yml")]
    tested = {test["name"] for file in files for test in file["tests"]}
    names = {alert["alert"] for alert in ALERTS}
    wanted = {f"{name} fires" for name in names} | {f"{name} stays quiet" for name in names - NEVER_QUIET}
    assert tested == wanted


def test_the_guards_find_planted_breaches() -> None:
    whole = ALERTS[0]
    text = RUNBOOK.read_text()
    assert not faults(whole, text)
    for part, key in (("labels", "severity"), ("labels", "component"), ("annotations", "runbook_url")):
        broken = {**whole, part: {name: value for name, value in whole[part].items() if name != key}}
        assert faults(broken, text) == [key]
    assert faults({**whole, "alert": "Other"}, text) == ["runbook_url", "runbook"]
