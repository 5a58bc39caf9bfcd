"""A counter whose rate a rule reads exists at 0 for each possible label value, so that a rate has the first burst.

`rate()` and `increase()` miss the first events of a new series. Only our own metrics are checked.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from app.__main__ import unconnected
from payments.acquiring.connector import Kind
from payments.acquiring.rules import Learned
from payments.breaker.rules import BREAKER
from payments.dead_letters.rules import ErrorType
from payments.metrics import (
    ApiMetrics,
    HousekeepingMetrics,
    LedgerMetrics,
    RelayMetrics,
)
from payments.outbox.rules import TOPICS
from payments.payment.commands import LIMITED
from payments.platform.problems import PROBLEMS
from tests.repo.metric_names import ours, rules

MONEY_ROUTES: Final = (
    "/payments/authorize",
    *(f"/payments/{step}/<id:payment_id>" for step in ("capture", "refund", "void")),
)
STATUSES: Final = {"200", "500", *(str(status) for status, _title in PROBLEMS.values() if status >= 500)}
"""Refusals are only in the denominator of error rates: a late series makes the alert stricter."""

CAN_COME: Final[dict[str, Mapping[str, Iterable[str]]]] = {
    "acquirer_operations_total": {
        "kind": list(Kind),
        "outcome": [learned.lower() for learned in Learned],
    },
    "flask_http_request_duration_seconds": {"method": ["POST"], "url_rule": MONEY_ROUTES, "status": STATUSES},
    "ledger_lag_seconds": {},
    "dead_letters_total": {"topic": TOPICS.values(), "error_type": list(ErrorType)},
    "resilience4j_circuitbreaker_calls_seconds": {"name": [BREAKER], "kind": ["successful", "failed"]},
    "events_republished_total": {},
    "rate_limit_fail_open_total": {},
    "rate_limit_rejections_total": {"operation": LIMITED},
}
"""By metric: the label values that rules read. A rule on another counter needs an entry here."""

_RATE = re.compile(r"\b(?:rate|irate|increase|delta|resets|changes)\s*\(\s*([a-zA-Z_:][\w:]*)")
RECORDED_FOR_PEOPLE: Final = "url_rule:"
"""Rules whose series dashboards draw and no alert reads."""


def counters_read(found: Iterable[Mapping[str, Any]]) -> set[str]:
    """Metrics of ours (without the series' ending) whose rate these rules read."""
    expressions = [str(rule["expr"]) for rule in found if not rule.get("record", "").startswith(RECORDED_FOR_PEOPLE)]
    series = {name for expression in expressions for name in _RATE.findall(expression)} & ours()
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in series}


def at_start() -> dict[str, Metric]:
    """The metrics of new processes, by name (counters with _total)."""
    registry = CollectorRegistry()
    for group in (ApiMetrics, RelayMetrics, LedgerMetrics, HousekeepingMetrics):
        group(registry)
    texts = [generate_latest(registry).decode(), unconnected().test_client().get("/metrics").text]
    families = [family for text in texts for family in text_string_to_metric_families(text)]
    return {family.name + "_total" * (family.type == "counter"): family for family in families}


def unborn(metric: str, shown: Mapping[str, Metric], can_come: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Combinations of label values without a series in a new process."""
    names: Sequence[str] = sorted(can_come)
    samples = shown[metric].samples if metric in shown else []
    born = {tuple(sample.labels.get(name, "") for name in names) for sample in samples if sample.value == 0}
    return sorted(set(product(*(can_come[name] for name in names))) - born)


@pytest.fixture(scope="module")
def shown() -> dict[str, Metric]:
    return at_start()


def test_every_counter_that_a_rule_takes_the_rate_of_is_listed() -> None:
    assert counters_read(rules()) == set(CAN_COME)


@pytest.mark.parametrize("metric", CAN_COME)
def test_a_counter_is_there_before_its_first_event(metric: str, shown: dict[str, Metric]) -> None:
    assert unborn(metric, shown, CAN_COME[metric]) == []


def test_the_guards_find_planted_breaches(shown: dict[str, Metric]) -> None:
    planted = [{"expr": "sum(rate(commit_batch_size_bucket[5m])) > 1 or increase(mysql_up[1m])"}]
    assert counters_read(planted) == {"commit_batch_size"}
    assert counters_read([{"expr": "rate(commit_batch_size_bucket[5m])", "record": "url_rule:x"}]) == set()
    assert unborn("dead_letters_total", shown, {"topic": ["payment.new"], "error_type": ["InvalidJson"]})
    assert unborn("payments_amount_minor_total", shown, {"operation": ["capture"], "currency": ["KRW"]})
    assert unborn("gone_total", shown, {}) == [()]
