"""Envoy's metrics say what the alerts of prometheus/rules/gateway.yml read, before a fault and after it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stack.ports import free_port
from tests.integration.gateway.clients import Gate
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.test_limits import HOUR
from tests.servers import until
from tests.serving import Server

API = {"envoy_cluster_name": "api"}
BY_KEY = {"envoy_local_http_ratelimit_prefix": "by_key"}
FILES = {"envoy_local_http_ratelimit_prefix": "files"}
KEY = "po_live_00Ab9ZzAb9Zz_0123456789secretsecretsecret"


def value(gate: Gate, name: str, **labels: str) -> float:
    """The sum of the series with these labels. AssertionError: there is none."""
    found = [
        sample.value
        for family in text_string_to_metric_families(gate.envoy.admin("/stats/prometheus"))
        for sample in family.samples
        if sample.name in (name, f"{name}_total") and labels.items() <= sample.labels.items()
    ]
    assert found, f"no series {name} with {labels}"
    return sum(found)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("envoy_http_local_rate_limit_rate_limited", BY_KEY),
        ("envoy_http_local_rate_limit_rate_limited", FILES),
        ("envoy_listener_downstream_global_cx_overflow", {}),
        ("envoy_listener_manager_lds_update_rejected", {}),
        ("envoy_cluster_manager_cds_update_rejected", {}),
    ],
)
def test_what_a_rate_is_read_of_is_there_before_the_first_event(gate: Gate, name: str, labels: dict[str, str]) -> None:
    assert value(gate, name, **labels) == 0


def test_an_instance_that_does_not_answer_is_counted_out(instance: Server, start: Start) -> None:
    gate = start(port(instance), free_port())
    assert value(gate, "envoy_cluster_membership_total", **API) == 2
    until(lambda: value(gate, "envoy_cluster_membership_healthy", **API) == 1, "one is left")


def test_an_error_of_its_own_counts_as_one_of_the_cluster(start: Start) -> None:
    gate = start(free_port())
    assert gate.post("/payments/authorize", json={}).status_code == 503
    assert value(gate, "envoy_cluster_upstream_rq_xx", **API, envoy_response_code_class="5") == 1


def test_an_answer_of_an_instance_counts_once(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    assert gate.get("/payments").status_code == 200
    assert value(gate, "envoy_cluster_upstream_rq_xx", **API, envoy_response_code_class="2") == 1


def test_what_a_limit_refuses_is_counted_by_limit(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_key_requests_per_second=1, _envoy_limit_seconds=HOUR)
    headers = {"Authorization": f"Bearer {KEY}"}
    refused = sum(gate.get("/payments", headers=headers).status_code == 429 for _ in range(10))
    assert value(gate, "envoy_http_local_rate_limit_rate_limited", **BY_KEY) == refused > 0


def test_a_configuration_that_is_refused_is_counted(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    new = gate.envoy.folder / "listeners.new"
    new.write_text('resources: [{"@type": type.googleapis.com/envoy.config.listener.v3.Listener, name: ""}]')
    new.rename(gate.envoy.folder / "listeners.yaml")
    until(lambda: value(gate, "envoy_listener_manager_lds_update_rejected") > 0, "it is refused")


def test_it_says_how_long_its_certificate_lasts(gate: Gate) -> None:
    assert value(gate, "envoy_server_days_until_first_cert_expiring") in (0, 1)  # of the authority's leaf for tests
