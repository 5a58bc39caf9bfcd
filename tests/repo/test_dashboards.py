"""Dashboards equal their code; every panel has a description, a unit, limits and its own position."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest

from grafana.boards import texts
from tests.repo.dashboards import DASHBOARDS, FOLDER, load, panels
from tests.repo.metric_names import rules

EXPECTED: Final = {
    "payops-overview": "Payment Service Overview",
    "payops-gateway": "Gateway",
    "payops-ledger": "Ledger & dead letters",
    "payops-acquirer": "Acquirer",
    "payops-money-out": "Money out",
    "payops-servers": "MariaDB & Redis",
    "payops-kafka": "Kafka",
    "payops-hosts": "Hosts",
    "payops-objectives": "SLO",
}
UNITS: Final = {"none", "short", "s", "reqps", "ops", "percent", "percentunit", "Bps"}
COLUMNS: Final = 24
COUNTS: Final = {"none", "short"}
OF_THE_BREAKER: Final = {
    "Breaker: state",
    "Breaker: failure and slow rate",
    "Breaker: calls by kind",
    "Breaker: not permitted",
}


def lacks(panel: dict[str, Any]) -> list[str]:
    """The missing parts of a panel."""
    found = []
    defaults = panel["fieldConfig"]["defaults"]
    if len(panel.get("description", "")) < 20 or not panel["description"].endswith("."):
        found.append("description")
    if defaults.get("unit") not in UNITS:
        found.append("unit")
    steps = defaults.get("thresholds", {}).get("steps", [])
    values = [step["value"] for step in steps[1:]]
    if not steps or steps[0]["value"] is not None or values != sorted(values):
        found.append("thresholds")
    letters = [target["refId"] for target in panel["targets"]]
    if not letters or len(letters) != len(set(letters)):
        found.append("targets")
    if any(not target["expr"] or not target["legendFormat"] for target in panel["targets"]):
        found.append("legend")
    if any(part["datasource"] != {"type": "prometheus", "uid": "prometheus"} for part in (panel, *panel["targets"])):
        found.append("data source")
    return found


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    a, b = one["gridPos"], other["gridPos"]
    beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
    return not beside and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def misplaced(dashboard: dict[str, Any]) -> list[str]:
    """Panels that overlap, or exceed the grid."""
    parts = dashboard["panels"]
    found = [f"{a['title']} lies over {b['title']}" for a, b in combinations(parts, 2) if overlap(a, b)]
    places = [(part["title"], part["gridPos"]) for part in parts]
    return found + [title for title, place in places if place["x"] + place["w"] > COLUMNS or place["h"] < 1]


def wrong_runbook(panel: dict[str, Any], alerts: dict[str, str]) -> list[str]:
    """Links to alerts that do not exist, or whose expression knows none of the panel's limits.

    A count that fires above n is shown in red from n + 1 up; named states have no number in common with the rule.
    """
    found = []
    defaults = panel["fieldConfig"]["defaults"]
    limits = {step["value"] for step in defaults["thresholds"]["steps"][1:]}
    if defaults["unit"] in COUNTS:
        limits |= {value - 1 for value in limits}
    for link in panel.get("links", []):
        name = link["title"].removeprefix("Runbook: ")
        numbers = {float(number) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", alerts.get(name, ""))}
        if not limits & numbers or not link["url"].endswith(f"/docs/runbook.md#{name.lower()}"):
            found.append(f"{panel['title']}: {name}")
    return found


def all_panels() -> list[Any]:
    return [
        pytest.param(panel, id=f"{path.stem}: {panel['title']}") for path in DASHBOARDS for panel in panels(load(path))
    ]


def test_what_is_committed_is_what_the_code_makes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == texts(), "run `make dashboards` and commit what it wrote"


def test_the_dashboards_are_those_that_are_promised() -> None:
    loaded = [load(path) for path in DASHBOARDS]
    assert {dashboard["uid"]: dashboard["title"] for dashboard in loaded} == EXPECTED
    assert all(path.stem == dashboard["uid"] for path, dashboard in zip(DASHBOARDS, loaded, strict=True))


@pytest.mark.parametrize("panel", all_panels())
def test_a_panel_is_complete(panel: dict[str, Any]) -> None:
    assert lacks(panel) == []


@pytest.mark.parametrize("panel", [param for param in all_panels() if param.values[0].get("links")])
def test_a_panel_turns_red_where_its_alert_fires(panel: dict[str, Any]) -> None:
    assert wrong_runbook(panel, {rule["alert"]: str(rule["expr"]) for rule in rules() if "alert" in rule}) == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_laid_out_and_described(path: Path) -> None:
    dashboard = load(path)
    assert misplaced(dashboard) == []
    assert dashboard["description"].endswith(".")
    ids = [part["id"] for part in dashboard["panels"]]
    titles = [panel["title"] for panel in panels(dashboard)]
    assert len(ids) == len(set(ids))
    assert len(titles) == len(set(titles))
    assert not dashboard["editable"]


def test_the_overview_has_the_four_panels_of_the_breaker() -> None:
    titles = {panel["title"] for panel in panels(load(FOLDER / "payops-overview.json"))}
    assert OF_THE_BREAKER | {"Request rate", "Latency of money requests", "Error rate", "Kafka consumption"} <= titles


def test_the_guards_find_planted_breaches() -> None:
    whole = next(panel for panel in panels(load(FOLDER / "payops-overview.json")) if panel.get("links"))
    alert = whole["links"][0]["title"].removeprefix("Runbook: ")
    defaults = whole["fieldConfig"]["defaults"]
    top = max(step["value"] for step in defaults["thresholds"]["steps"][1:])
    assert lacks(whole) == []
    assert wrong_runbook(whole, {alert: f"a > {top:g}"}) == []
    assert wrong_runbook(whole, {alert: "a > 123456"}) == wrong_runbook(whole, {}) != []
    assert lacks({**whole, "description": ""}) == ["description"]
    for missing in ("unit", "thresholds"):
        bare = {key: value for key, value in defaults.items() if key != missing}
        assert lacks({**whole, "fieldConfig": {"defaults": bare}}) == [missing]
    assert lacks({**whole, "targets": whole["targets"] * 2}) == ["targets"]
    assert misplaced({"panels": [whole, {**whole, "title": "planted"}]}) != []
    edge = {**whole, "gridPos": {"x": 20, "y": 0, "w": 8, "h": 8}}
    assert misplaced({"panels": [edge]}) == [whole["title"]]
