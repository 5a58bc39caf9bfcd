"""Metrics by mutual TLS: of the api's instances, of workers and of Envoy, for the one client with the right name."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from stack.certificates import Authority, Leaf
from stack.envoy import Envoy
from stack.ports import free_port
from tests.integration.gateway.clients import PATIENCE
from tests.integration.gateway.conftest import port
from tests.servers import until
from tests.serving import Answer, Server, serving


class Metrics:
    """The listener of a running Envoy, and a client's files."""

    def __init__(self, authority: Authority, worker: Server, instance: Server) -> None:
        """Not started yet."""
        self.authority = authority
        self.port = free_port()
        self.gate = authority.leaf()
        self.client = authority.leaf(["prometheus"], mutual=True)
        self.envoy = Envoy(
            self.gate.certificate,
            self.gate.key,
            envoy_instances=[port(instance)],
            envoy_metrics_port=self.port,
            envoy_metrics_authorities=str(authority.file),
            envoy_metrics_targets=[{"name": "relay", "port": port(worker)}],
        )

    def get(self, path: str, client: Leaf | None = None) -> requests.Response:
        """Ask with this certificate (default: the right one)."""
        shown = client or self.client
        files = (str(shown.certificate), str(shown.key))
        url = f"https://127.0.0.1:{self.port}{path}"
        return requests.get(url, verify=str(self.gate.authority), cert=files, timeout=PATIENCE)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory, answering: Server) -> Iterator[Metrics]:
    authority = Authority(tmp_path_factory.mktemp("metrics"))
    with serving(lambda request, _url: Answer(200, request.path)) as worker:
        found = Metrics(authority, worker, answering)
        with found.envoy:
            yield found


def test_the_right_client_reads_all_of_them(metrics: Metrics, instance: Server) -> None:
    assert metrics.get("/metrics/relay").json() == "/metrics"
    assert metrics.get(f"/metrics/api/{port(instance)}").json() == {"of": "the api"}
    assert "/metrics" in [request.path for request in instance.requests]
    assert "envoy_server_live" in metrics.get("/metrics/gate").text


@pytest.mark.parametrize("path", ["/", "/metrics", "/metrics/", "/stats", "/metrics/gate/../../stats", "/payments"])
def test_nothing_else_is_there(metrics: Metrics, path: str) -> None:
    assert metrics.get(path).status_code == 404


def test_without_a_certificate_there_is_nothing(metrics: Metrics) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"https://127.0.0.1:{metrics.port}/metrics/gate", verify=str(metrics.gate.authority), timeout=60)


@pytest.mark.parametrize("wrong", ["another authority", "another name", "expired"])
def test_a_wrong_certificate_is_refused(metrics: Metrics, tmp_path: Path, wrong: str) -> None:
    leaf = {
        "another authority": lambda: Authority(tmp_path).leaf(["prometheus"], mutual=True),
        "another name": lambda: metrics.authority.leaf(["exporter"], mutual=True),
        "expired": lambda: metrics.authority.leaf(["prometheus"], mutual=True, expired=True),
    }[wrong]()
    with pytest.raises(requests.ConnectionError):
        metrics.get("/metrics/gate", leaf)


def test_another_authority_counts_without_a_restart(metrics: Metrics, tmp_path: Path) -> None:
    another = Authority(tmp_path, "the next CA")
    leaf = another.leaf(["prometheus"], mutual=True)
    new = metrics.authority.file.with_suffix(".new")
    new.write_text(metrics.authority.file.read_text() + another.file.read_text())
    new.replace(metrics.authority.file)

    def answers() -> bool:
        try:
            return metrics.get("/metrics/gate", leaf).ok
        except (requests.ConnectionError, ssl.SSLError):
            return False

    until(answers, "the other authority counts")
    assert metrics.get("/metrics/gate").ok
