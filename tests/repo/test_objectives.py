"""Rules, tables and runbook of the objectives equal grafana/service_levels.py; alerts' limits are read."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from app.http.measuring import BUCKETS
from grafana import alerts, objective_docs, objective_rules
from grafana.outputs import PAGE, RULES, outputs
from grafana.service_levels import (
    AVAILABILITY,
    BURN_RATES,
    FAST,
    LATENCY,
    OBJECTIVES,
    SLOW_SECONDS,
    BurnRate,
    Objective,
)
from tests.repo.sources import ROOT

RUNBOOK: Final = ROOT / "docs/runbook.md"
MARKS: Final = f"{objective_docs.BEGIN}\n{objective_docs.END}"
EACH: Final = [
    pytest.param(objective, burn, id=burn.alert(objective)) for objective in OBJECTIVES for burn in BURN_RATES
]


def differing(written: dict[Path, str]) -> list[str]:
    """Files that differ from their source's text."""
    return [path.name for path, text in written.items() if path.read_text(encoding="utf-8") != text]


def untold(runbook: str, objective: Objective, burn: BurnRate) -> list[str]:
    """Missing parts of the runbook about an alert on a budget."""
    part = runbook.partition(f"\n### {burn.alert(objective)}\n")[2].partition("\n#")[0]
    spoken = " ".join(part.partition("- **Check**")[0].split())
    wanted = [f"{burn.severity.capitalize()}. ", f" over {burn.long} and still over {burn.short}, more than "]
    if burn.rate != 1:
        wanted.append(f" more than {burn.rate:g} times as many as the objective allows.")
    if objective == LATENCY:
        wanted.append(f" longer than {SLOW_SECONDS:g} s: ")
    return [words for words in wanted if words not in spoken]


def groups() -> dict[str, list[dict[str, Any]]]:
    """The rules of the written file by their group."""
    read = yaml.safe_load(objective_rules.text())["groups"]
    return {group["name"]: group["rules"] for group in read}


def test_what_is_committed_is_what_the_source_makes() -> None:
    assert {RULES, PAGE} <= set(outputs())
    assert differing(outputs()) == [], "run `make dashboards` and commit what it wrote"


@pytest.mark.parametrize(("objective", "burn"), EACH)
def test_the_runbook_tells_windows_and_rate(objective: Objective, burn: BurnRate) -> None:
    assert untold(RUNBOOK.read_text(encoding="utf-8"), objective, burn) == []


def test_an_alert_reads_only_what_is_recorded() -> None:
    recorded = {rule["record"] for rule in groups()["recorded-objectives"]}
    assert len(recorded) == len(groups()["recorded-objectives"])
    read = [objective.recorded(window) for objective in OBJECTIVES for b in BURN_RATES for window in (b.long, b.short)]
    assert set(read) == recorded


def test_a_slow_answer_is_told_apart_by_a_bucket() -> None:
    assert SLOW_SECONDS in BUCKETS


@pytest.mark.parametrize(
    ("target", "budget", "percent"), [("99.9", 0.001, "0.1 %"), ("99", 0.01, "1 %"), ("99.95", 0.0005, "0.05 %")]
)
def test_a_budget_is_what_a_target_leaves(target: str, budget: float, percent: str) -> None:
    objective = replace(AVAILABILITY, target=Decimal(target))
    assert (objective.budget, objective.percent) == (budget, percent)


def test_a_rule_compares_with_the_burn_rate_of_the_budget() -> None:
    objective, burn = replace(AVAILABILITY, target=Decimal("99.5")), BurnRate("Fast", 7.5, "2h", "10m", "page")
    (rule,) = yaml.safe_load(objective_rules.alert(objective, burn))
    assert rule["expr"] == (
        "slo:availability_errors:ratio_rate2h > 7.5 * 0.005 and slo:availability_errors:ratio_rate10m > 7.5 * 0.005"
    )
    assert rule["annotations"]["summary"] == "The availability budget burns 8 times too fast: gone in four days."


@pytest.mark.parametrize(
    ("expression", "limit"),
    [
        ("age_seconds > 60", 60),
        ("time() - last > 26 * 3600", 93_600),
        ("free / size < 0.05", 0.05),
        ("max(a[30s]) == 1 or sum(b[1m]) > 2", 2),
    ],
)
def test_a_limit_is_the_number_that_ends_an_expression(expression: str, limit: float) -> None:
    assert alerts.compared_with(expression) == limit


@pytest.mark.parametrize("expression", ["absent(up)", "a > b", "a > clamp_min(b, 60)", "vector(1)"])
def test_an_expression_that_ends_with_no_number_has_no_limit(expression: str) -> None:
    with pytest.raises(ValueError, match="no limit"):
        alerts.compared_with(expression)


def test_an_alert_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        alerts.limit("Nothing")


def test_a_page_without_its_marks_is_refused() -> None:
    assert objective_docs.tables() in objective_docs.updated(f"before\n{MARKS}\nafter\n")
    for page in ("", objective_docs.BEGIN, f"{objective_docs.END}\n{objective_docs.BEGIN}", f"{MARKS}\n{MARKS}"):
        with pytest.raises(ValueError, match="once each"):
            objective_docs.updated(page)


def test_the_guards_find_planted_breaches(tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.write_text(objective_rules.text().replace(f"> {FAST.rate:g} *", "> 99 *", 1), encoding="utf-8")
    assert differing({changed: objective_rules.text()}) == ["changed"]
    page = objective_docs.updated(MARKS)
    changed.write_text(page.replace(f"| {AVAILABILITY.target} % |", "| 42 % |"), encoding="utf-8")
    assert differing({changed: page}) == ["changed"]
    assert objective_docs.updated(changed.read_text(encoding="utf-8")) == page
    runbook = RUNBOOK.read_text(encoding="utf-8")
    assert untold(runbook, LATENCY, replace(FAST, rate=77)) == [" more than 77 times as many as the objective allows."]
    assert len(untold(runbook, LATENCY, replace(FAST, long="9h", severity="ticket"))) == 2
    assert len(untold("", LATENCY, FAST)) == 4
