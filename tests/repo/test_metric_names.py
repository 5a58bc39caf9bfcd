"""Code, dashboards, rules and docs name the same metrics: every metric in a query exists, and every metric is read."""

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.repo.dashboards import DASHBOARDS, queries
from tests.repo.metric_names import (
    OF_OTHERS,
    WRITTEN_BY_BACKUP,
    declared,
    metrics_in,
    of_flask_exporter,
    ours,
    recorded,
    rules,
)
from tests.repo.sources import ROOT

NOT_READ: Final = {
    "flask_http_request": "counts what the histogram counts, without the route",
    "flask_http_request_exceptions": "what ends in one is a 500, which the histogram counts",
    "flask_exporter_info": "the version of the library",
}
"""Metrics that no dashboard and no rule reads, with the reason."""
UNTOLD: Final = {"flask_http_request_exceptions", "flask_exporter_info"}
"""Metrics of the library, not part of our contract."""


def asked_by_rules() -> set[str]:
    return {name for rule in rules() for name in metrics_in(str(rule["expr"]))}


def asked_by_dashboards() -> set[str]:
    return {name for path in DASHBOARDS for query in queries(path) for name in metrics_in(query.expr)}


def unknown(asked: set[str], known: set[str]) -> list[str]:
    return sorted(asked - known)


def unread(shown: dict[str, set[str]], asked: set[str], excused: set[str]) -> list[str]:
    """Metrics whose series are not read, and unneeded exceptions."""
    silent = {name for name, series in shown.items() if not series & asked}
    return sorted(silent - excused) + sorted(f"{name} is read, or gone" for name in excused - silent)


def described(page: str) -> set[str]:
    """The metrics that docs/architecture.md names in its section on them; `…_x` continues the first of its list."""
    section = page.partition("\n## 8. Metrics\n")[2].partition("\n## ")[0]
    names = set()
    for line in re.findall(r"(?m)^- .*", section):
        first = ""
        for name in re.findall(r"`(…?[a-z0-9_]+)(?:\{[^}`]*\})*`", line):
            first = first or name
            names.add(name.replace("…", first.rpartition("_")[0]).removesuffix("_total").removesuffix("_"))
    return names


def series_in(page: str) -> set[str]:
    """Words of the runbook that look like a series or a variable of a role: `a_b`, `a:b_c`."""
    return set(re.findall(r"`([a-z][a-z0-9]*[_:][a-z0-9_:]*)`", page))


def variables_of_roles() -> set[str]:
    files = (ROOT / "ansible/roles").glob("*/defaults/main.yml")
    return {name for path in files for name in yaml.safe_load(path.read_text()) or {}}


@pytest.fixture(scope="module")
def known() -> set[str]:
    return ours() | recorded() | set().union(*OF_OTHERS.values())


def test_rules_ask_for_what_somebody_shows(known: set[str]) -> None:
    assert unknown(asked_by_rules(), known) == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_for_what_somebody_shows(known: set[str], path: Path) -> None:
    assert unknown({name for query in queries(path) for name in metrics_in(query.expr)}, known) == []


def test_every_metric_of_ours_is_read_or_excused() -> None:
    assert unread(declared() | of_flask_exporter(), asked_by_rules() | asked_by_dashboards(), set(NOT_READ)) == []


def test_what_is_listed_of_others_is_asked_for() -> None:
    asked = asked_by_rules() | asked_by_dashboards()
    assert sorted(set().union(*OF_OTHERS.values()) - asked) == []


def test_every_recorded_series_is_asked_for() -> None:
    assert sorted(recorded() - asked_by_rules() - asked_by_dashboards()) == []


def test_the_backup_writes_the_time_that_is_asked_for() -> None:
    assert any(WRITTEN_BY_BACKUP in path.read_text() for path in (ROOT / "ansible").glob("*.yml"))


def test_the_docs_name_every_metric_of_ours_and_no_other() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    shown = set(declared()) | set(of_flask_exporter()) - UNTOLD
    assert described(page) == shown


def test_the_runbook_sends_nobody_to_what_is_not_there(known: set[str]) -> None:
    named = series_in((ROOT / "docs/runbook.md").read_text(encoding="utf-8"))
    assert {"ledger_consumer_lag", "url_rule:errors:rate5m"} <= named
    assert unknown(named, known | set(declared()) | variables_of_roles()) == []


def test_the_guards_find_planted_breaches() -> None:
    assert metrics_in('sum by (a) (rate(no_such_total{x="y"}[5m])) > 1e3') == {"no_such_total"}
    assert metrics_in("1 - slo:errors:ratio_rate3d / 0.001 or vector(0)") == {"slo:errors:ratio_rate3d"}
    assert metrics_in('time() - max by (node) (a{b=~"$node"} and on (c) d)') == {"a", "d"}
    assert unknown({"a", "b"}, {"a"}) == ["b"]
    shown = {"read": {"read_total"}, "new": {"new_bucket", "new_count"}}
    assert unread(shown, {"read_total"}, set()) == ["new"]
    assert unread(shown, {"read_total", "new_count"}, {"gone"}) == ["gone is read, or gone"]
    assert unread(shown, {"read_total"}, {"new"}) == []
    page = "\n## 8. Metrics\n- relay: `a_b_state{x}` (0/1; open), `…_calls_{count,sum}{kind}`, `c_total`.\n\n## 9. `no`"
    assert described(page) == {"a_b_state", "a_b_calls", "c"}
    assert series_in("see `gone_total` and `a:b_c`, not `docs` or `systemctl status a_b`") == {"gone_total", "a:b_c"}
