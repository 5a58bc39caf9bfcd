"""Grafana, Prometheus, Alertmanager and Jenkins behind the gateway: passwords, networks, large bodies, web sockets."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.instances import accepting
from tests.integration.gateway.test_limits import basic
from tests.serving import Answer, Server, serving

PASSWORD = "a password of some length"
LOGIN = ("payops", PASSWORD)
ASKING = ["prometheus", "alertmanager"]
LARGE = 300_000
"""Bytes: more than any request of a merchant may have."""


def pages(*ports: int) -> dict[str, Any]:
    """Role variables: Grafana, Prometheus, Alertmanager at these ports."""
    named = zip(("grafana", *ASKING), ports, strict=True)
    return {
        "envoy_serves_payops": False,
        "envoy_serves_observability": True,
        "envoy_observability_password": PASSWORD,
        "_envoy_pages": [{"name": name, "port": where, "password": name in ASKING} for name, where in named],
    }


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    """Each answers everything with its name."""
    with ExitStack() as stack:

        def named(name: str) -> Server:
            return stack.enter_context(serving(lambda _request, _url: Answer(200, name)))

        yield {name: named(name) for name in ("grafana", *ASKING)}


@pytest.fixture(scope="module")
def observation(servers: dict[str, Server], leaf: Leaf) -> Iterator[Gate]:
    changed = pages(*(port(server) for server in servers.values()))
    with Envoy(leaf.certificate, leaf.key, **changed) as envoy:
        yield Gate(envoy, leaf.authority)


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("login", [None, ("payops", "another"), ("another", PASSWORD), ("payops", "")])
def test_without_the_password_there_is_no_page(
    observation: Gate, servers: dict[str, Server], name: str, login: tuple[str, str] | None
) -> None:
    servers[name].requests.clear()
    answer = observation.get(f"/{name}/graph", auth=login)
    assert is_problem(answer, 401, "GATEWAY_UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert servers[name].requests == []


@pytest.mark.parametrize("name", ASKING)
def test_with_it_there_is_and_the_password_goes_no_further(
    observation: Gate, servers: dict[str, Server], name: str
) -> None:
    servers[name].requests.clear()
    assert observation.get(f"/{name}/graph?a=1", auth=LOGIN).json() == name
    (request,) = servers[name].requests
    assert request.path == f"/{name}/graph?a=1"
    assert "authorization" not in request.headers
    assert request.headers["x-forwarded-proto"] == "https"


def test_grafana_has_a_login_of_its_own(observation: Gate, servers: dict[str, Server]) -> None:
    servers["grafana"].requests.clear()
    assert observation.get("/grafana/api/user", auth=("admin", "its own")).json() == "grafana"
    assert servers["grafana"].requests[0].headers["authorization"].startswith("Basic ")


def test_a_large_body_passes(observation: Gate, servers: dict[str, Server]) -> None:
    servers["grafana"].requests.clear()
    assert observation.post("/grafana/api/dashboards/db", data=b"x" * LARGE).status_code == 200
    assert len(servers["grafana"].requests[0].body) == LARGE


SHORT = {"/": "/grafana/", "/grafana": "/grafana/", "/prometheus": "/prometheus/"}


@pytest.mark.parametrize("path", SHORT)
def test_short_addresses_are_redirected(observation: Gate, path: str) -> None:
    answer = observation.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{observation.envoy.url}{SHORT[path]}")


@pytest.mark.parametrize("path", ["/payments", "/metrics", "/grafanas/"])
def test_nothing_else_is_there(observation: Gate, path: str) -> None:
    assert is_problem(observation.get(path), 404, "GATEWAY_NOT_FOUND")


@pytest.mark.parametrize("path", ["/grafana/login", "/prometheus/", "/payments/../alertmanager/"])
def test_strangers_get_nothing(start: Start, servers: dict[str, Server], path: str) -> None:
    changed = pages(*(port(server) for server in servers.values()))
    gate = start(envoy_insiders=["192.0.2.0/24"], **changed)
    assert is_problem(gate.get(path, auth=LOGIN), 403, "GATEWAY_FORBIDDEN")


def test_one_machine_may_have_the_shop_too(start: Start, servers: dict[str, Server], instance: Server) -> None:
    changed = pages(*(port(server) for server in servers.values())) | {"envoy_serves_payops": True}
    gate = start(port(instance), **changed)
    assert gate.get("/").json() == {"of": "the api"}
    assert gate.get("/grafana/").json() == "grafana"
    assert gate.get("/prometheus/").status_code == 401
    assert is_problem(gate.post("/payments", data=b"x" * LARGE), 413, "GATEWAY_BODY_TOO_LARGE")


def switching(heard: list[str]) -> Callable[[socket.socket], None]:
    """A server of web sockets that sends back what it gets."""

    def serve(client: socket.socket) -> None:
        said = client.recv(65536).decode()
        heard.append(said.partition(" HTTP/")[0])
        client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        client.sendall(client.recv(65536))

    return serve


@pytest.mark.parametrize(("path", "jenkins"), [("/grafana/api/live/ws", False), ("/wsagents/", True)])
def test_web_sockets_pass(start: Start, path: str, jenkins: bool) -> None:
    heard: list[str] = []
    with accepting(switching(heard)) as listening:
        changed = pages(listening, 1, 1) | {"_envoy_jenkins_port": listening}
        gate = start(**changed | {"envoy_serves_observability": not jenkins, "envoy_serves_jenkins": jenkins})
        request = f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        with gate.connected(request.encode()) as client:
            assert b" 101 " in client.recv(65536)
            client.sendall(b"said")
            assert client.recv(65536) == b"said"
    assert heard == [f"GET {path}"]


@pytest.mark.parametrize("name", ASKING)
def test_web_sockets_pass_to_no_other_page(start: Start, name: str) -> None:
    heard: list[str] = []
    with accepting(switching(heard)) as listening:
        gate = start(**pages(listening, listening, listening))
        request = f"GET /{name}/ HTTP/1.1\r\nHost: a\r\nAuthorization: {basic(':'.join(LOGIN))}\r\n"
        with gate.connected(f"{request}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n".encode()) as client:
            assert client.recv(65536).startswith(b"HTTP/1.1 403 ")
    assert heard == []


def test_jenkins_has_the_whole_machine(start: Start) -> None:
    with serving(lambda _request, _url: Answer(200, "jenkins")) as server:
        gate = start(envoy_serves_payops=False, envoy_serves_jenkins=True, _envoy_jenkins_port=port(server))
        assert gate.get("/job/payops/", auth=("admin", "its own")).json() == "jenkins"
        assert gate.post("/github-webhook/", data=b"x" * LARGE).status_code == 200
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert len(server.requests[1].body) == LARGE
