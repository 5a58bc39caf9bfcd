"""Connections to an instance are kept, also for what moves money: Envoy closes idle ones, an instance never does."""

import json
import socket
import ssl
from pathlib import Path
from threading import Event

from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.e2e.test_listening import Listening
from tests.e2e.wire import Wire
from tests.integration.gateway.clients import PATIENCE, Gate
from tests.integration.gateway.conftest import Start
from tests.integration.gateway.instances import accepting

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


def pays(client: ssl.SSLSocket, key: str) -> None:
    body = json.dumps({"merchantId": "M1", "amount": 100, "currency": "KRW", "idempotencyKey": key}).encode()
    head = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    client.sendall(b"POST /payments/authorize HTTP/1.1\r\n" + head.encode() + body)


def test_envoy_closes_an_idle_connection_itself(start: Start) -> None:
    methods, heard, closed = ["POST", "GET", "PATCH"], list[str](), Event()

    def keep(client: socket.socket) -> None:
        client.settimeout(PATIENCE)
        of_a_client = False
        while said := client.recv(65536).decode():
            if "/health/live" not in said:
                of_a_client = True
                heard.append(said.partition(" ")[0])
            client.sendall(OK)
        if of_a_client:
            closed.set()

    with accepting(keep) as listening:
        gate = start(listening)
        assert [gate.ask(method, "/payments/1").status_code for method in methods] == [200] * len(methods)
        assert closed.wait(PATIENCE)
        gate.envoy.stop()
    assert heard == methods


def test_a_payment_that_comes_as_an_instance_stops_is_made(sqlite_template: Path, leaf: Leaf, tmp_path: Path) -> None:
    """Envoy is frozen meanwhile, so that it gets the request before it could learn that its connection is closed."""
    database, file = tmp_path / "api.db", tmp_path / "api.sock"
    database.write_bytes(sqlite_template.read_bytes())
    binds = ["--bind", "127.0.0.1:{port}", "--bind", f"unix:{file}"]
    long_idle = {"envoy_instance_address": "%s", "_envoy_idle": {"idle_timeout": "60s"}}
    with (
        Listening(f"sqlite:///{database}", *binds, APP_TRUSTED_PROXIES=1) as api,
        Envoy(leaf.certificate, leaf.key, envoy_instances=[file], **long_idle) as envoy,
        Gate(envoy, leaf.authority).connected() as client,
        Wire(api.port) as quiet,
    ):
        pays(client, "a")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        quiet.send(GET)
        assert quiet.answer() is not None
        envoy.freeze()
        pays(client, "b")
        api.ask_to_stop()
        assert quiet.answer() is None, "the stop has begun"
        envoy.thaw()
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
        api.stop()
