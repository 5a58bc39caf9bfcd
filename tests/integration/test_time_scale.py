"""The scaled rules differ from those of the machines only in their times."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.prometheus import RULES, Timing, rules_for
from stack.time_scale import scaled

FILES = sorted(RULES.glob("*.yml"))
HOLDS = ("for", "keep_firing_for")
WINDOW = re.compile(r"\[[^]]*\]")


def rules(text: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def without_times(rule: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in rule.items() if key not in HOLDS}
    return kept | {"expr": WINDOW.sub("[]", rule["expr"])}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_but_times_is_changed(path: Path) -> None:
    before, after = rules(path.read_text()), rules(scaled(path.read_text(), "1s", 60))
    assert [without_times(rule) for rule in after] == [without_times(rule) for rule in before]
    for old, new in zip(before, after, strict=True):
        assert [new[key] for key in HOLDS if key in old] == ["1s" for key in HOLDS if key in old]
        assert len(WINDOW.findall(new["expr"])) == len(WINDOW.findall(old["expr"]))


@pytest.mark.parametrize(("window", "shorter"), [("3d", "4320s"), ("1h", "60s"), ("5m", "5s"), ("1m", "5s")])
def test_an_hour_becomes_a_minute(window: str, shorter: str) -> None:
    assert scaled(f"expr: rate(a[{window}]) > 1", time_scale=60) == f"expr: rate(a[{shorter}]) > 1"


def test_a_hold_is_replaced_whatever_it_was() -> None:
    text = "  - alert: A\n    for: 26h\n    keep_firing_for: 5m\n    annotations:\n      summary: waits for 5m.\n"
    assert scaled(text, "1s") == text.replace("for: 26h", "for: 1s").replace("for: 5m", "for: 1s")
    assert scaled(text) == text


def test_the_machines_rules_are_loaded_unless_times_are_scaled(tmp_path: Path) -> None:
    assert rules_for(Timing(scrape="1s"), tmp_path) == RULES
    for timing in (Timing(hold="1s"), Timing(time_scale=60)):
        folder = rules_for(timing, tmp_path)
        written = {path.name: path.read_text() for path in folder.glob("*.yml")}
        assert written == {path.name: scaled(path.read_text(), timing.hold, timing.time_scale) for path in FILES}
        assert written["payments.yml"] != (RULES / "payments.yml").read_text()
