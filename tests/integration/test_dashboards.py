"""Every query of every dashboard returns data from a real Prometheus that scrapes a platform under load.

The load comes through Envoy.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import requests
from redis import Redis

from stack.certificates import Authority
from stack.envoy import Envoy
from stack.platform import Platform, real_platform
from stack.ports import free_port
from stack.prometheus import Alertmanager, Prometheus, Timing
from tests import exporters
from tests.e2e.card_payments import paying_by_card
from tests.e2e.load import running
from tests.repo.dashboards import DASHBOARDS, Asked, queries
from tests.repo.metric_names import OF_OTHERS
from tests.servers import until

PER_SECOND = 20
CARDS_PER_SECOND = 2
DATA_SECONDS = 40
QUICK = Timing(scrape="1s", evaluation="1s", group_wait="1s", group_interval="1s")
GRAFANAS = {"$__rate_interval": "10s", "$node": ".*"}
"""The values of Grafana's variables."""
WITHOUT_FAULT = {"annotation Pages"}
"""Panels with data only during a fault; their queries must still be valid."""
MOVING = {
    "Request rate",
    "Latency of money requests",
    "Commands by outcome",
    "Amounts",
    "Commands in one transaction",
    "Kafka publication",
    "Kafka consumption",
    "Messages by outcome",
    "From commit to posting",
    "Breaker: calls by kind",
    "Requests by route",
    "Commits and rollbacks",
    "Commands",
    "CPU in use",
    "Duration of the requests' calls",
    "Answers by status",
    "Median",
    "95th percentile",
    "Busy workers",
}
"""Panels that must show more than 0 under load: a label that selects the wrong series would show a 0."""
ASKED = [asked for path in DASHBOARDS for asked in queries(path)]

pytestmark = pytest.mark.timeout(400)  # the first test starts everything


@dataclass(frozen=True)
class Watched:
    """A platform under load, its exporters and its gate, and the Prometheus that scrapes them."""

    prometheus: Prometheus
    shown: dict[str, Callable[[], str]]
    """By job: what is scraped of it."""
    data_by: float
    """Monotonic time at which every query must have its data."""

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """As `until`, with one deadline for all, so that many faults take no longer than one."""
        return until(condition, what, seconds=max(0.0, self.data_by - time.monotonic()), interval=0.2)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with ExitStack() as stack:
        platform = stack.enter_context(real_platform({"APP_RATE_LIMIT_PROFILE": "prod"}, with_acquirer=True))
        beside = {
            "mariadb": exporters.of_mariadb(platform.mariadb.address),
            "redis": exporters.of_redis(platform.redis.port),
            "node": exporters.of_this_machine(),
        }
        for exporter in beside.values():
            stack.enter_context(exporter)
        with Redis.from_url(platform.redis.url) as client:
            client.config_set("maxmemory", "64mb")  # as on the machines: without a limit there is no share of it
        authority = Authority(tmp_path_factory.mktemp("gate"))
        gate = stack.enter_context(gate_before(platform, authority))
        alertmanager = stack.enter_context(Alertmanager(QUICK))
        prometheus = Prometheus(alertmanager, QUICK, client=authority.leaf(["prometheus"], mutual=True))
        ports = ports_of(platform) | {job: [exporter.port] for job, exporter in beside.items()}
        prometheus.watch(ports, gate.changed["envoy_metrics_port"])
        stack.enter_context(prometheus)
        stack.enter_context(running(gate.url, PER_SECOND, authority.file))
        stack.enter_context(paying_by_card(platform, CARDS_PER_SECOND))
        shown = {job: exporter.metrics for job, exporter in beside.items()}
        shown["gate"] = partial(gate.admin, "/stats/prometheus")
        yield Watched(prometheus, shown, time.monotonic() + DATA_SECONDS)


def gate_before(platform: Platform, authority: Authority) -> Envoy:
    leaf = authority.leaf()
    return Envoy(
        leaf.certificate,
        leaf.key,
        envoy_instances=[platform.api.port],
        envoy_metrics_port=free_port(),
        envoy_metrics_authorities=str(authority.file),
    )


def ports_of(platform: Platform) -> dict[str, list[int]]:
    return {name: [server.port] for name, server in platform.programs.items()}


def ask(prometheus: Prometheus, expr: str, seconds: int = 10) -> list[dict[str, Any]]:
    """The series of a range query over the last seconds, as Grafana asks. AssertionError when it is refused."""
    for name, value in GRAFANAS.items():
        expr = expr.replace(name, value)
    now = time.time()
    form = {"query": expr, "start": now - seconds, "end": now, "step": 1}
    answer = requests.post(f"{prometheus.url}/api/v1/query_range", data=form, timeout=10).json()
    assert answer["status"] == "success", answer["error"]
    return list(answer["data"]["result"])


def numbers(series: list[dict[str, Any]]) -> list[float]:
    """Every finite value."""
    found = [float(value) for one in series for _at, value in one["values"]]
    return [value for value in found if math.isfinite(value)]


def test_every_target_is_scraped(watched: Watched) -> None:
    def health() -> dict[str, str]:
        targets = requests.get(f"{watched.prometheus.url}/api/v1/targets?state=active", timeout=5).json()
        return {target["labels"]["job"]: target["health"] for target in targets["data"]["activeTargets"]}

    jobs = {"api", "relay", "ledger", "housekeeping", "prometheus", "alertmanager", *watched.shown}
    watched.until(lambda: health() == dict.fromkeys(jobs, "up"), f"{sorted(jobs)} are up")


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_query_returns_data(watched: Watched, asked: Asked) -> None:
    if asked.panel in WITHOUT_FAULT:
        ask(watched.prometheus, asked.expr)
        return

    def seen() -> bool:
        found = numbers(ask(watched.prometheus, asked.expr))
        return any(value > 0 for value in found) if asked.panel in MOVING else bool(found)

    watched.until(seen, f"a number for {asked}")


def test_what_must_move_is_on_the_dashboards() -> None:
    assert {asked.panel for asked in ASKED} >= MOVING | WITHOUT_FAULT


def test_a_query_for_nothing_is_found(watched: Watched) -> None:
    assert numbers(ask(watched.prometheus, "rate(no_such_total[$__rate_interval])")) == []
    assert numbers(ask(watched.prometheus, "0 / vector(0)")) == []
    assert set(numbers(ask(watched.prometheus, "vector(7)"))) == {7.0}
    with pytest.raises(AssertionError, match="parse error"):
        ask(watched.prometheus, "rate(payments_total[")


@pytest.mark.parametrize("job", ["mariadb", "redis", "node", "gate"])
def test_an_exporter_shows_what_is_listed_of_it(watched: Watched, job: str) -> None:
    shown = watched.shown[job]()
    missing = [name for name in sorted(OF_OTHERS[job]) if f"\n{name}{{" not in shown and f"\n{name} " not in shown]
    assert missing == []


def test_every_rule_is_evaluated(watched: Watched) -> None:
    def troubles() -> list[str] | None:
        groups = requests.get(f"{watched.prometheus.url}/api/v1/rules", timeout=5).json()["data"]["groups"]
        found = [rule for group in groups for rule in group["rules"]]
        if any(rule["health"] == "unknown" for rule in found):
            return None  # not evaluated yet
        return [f"{rule['name']}: {rule.get('lastError')}" for rule in found if rule["health"] != "ok"] or ["none"]

    assert watched.until(troubles, "every rule is evaluated") == ["none"]
