"""Two instances, of which one freezes; and the api itself behind the gateway, on a unix socket."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.e2e.test_listening import Listening
from tests.integration.gateway.clients import Gate, asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.instances import accepting
from tests.servers import until
from tests.serving import Server

EJECTED_WITHIN = 5.0
"""Seconds, as docs/gateway.md promises: two checks of a second each, and a little."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def freezing(goes_on: Event) -> Iterator[tuple[int, list[str]]]:
    """An instance that answers while `goes_on` is set, health checks too; its port, and what it was sent."""
    heard: list[str] = []

    def serve(client: socket.socket) -> None:
        said = client.recv(65536).decode()
        if "/health/live" not in said:
            heard.append(said.partition(" ")[0])
        goes_on.wait()
        client.sendall(OK)

    with accepting(serve) as listening:
        yield listening, heard


def is_left_out(gate: Gate, instance: int) -> bool:
    return (
        "/failed_" in gate.envoy.admin("/clusters").partition(f"api::127.0.0.1:{instance}::health_flags:")[2][:20]
    )


def test_a_frozen_instance_is_left_out_and_comes_back(instance: Server, start: Start) -> None:
    goes_on = Event()
    goes_on.set()
    with freezing(goes_on) as (frozen, heard):
        try:
            gate = start(frozen, port(instance), envoy_answer_seconds=3)
            until(lambda: gate.post("/a", json={}).ok and heard, "both are asked")
            goes_on.clear()
            until(lambda: is_left_out(gate, frozen), "it is left out", seconds=EJECTED_WITHIN)
            before = len(heard)
            assert [gate.post("/a", json={}).status_code for _ in range(20)] == [200] * 20
            assert len(heard) == before
        finally:
            goes_on.set()
        until(lambda: not is_left_out(gate, frozen), "it is back")


def test_of_what_was_sent_to_a_frozen_instance_nothing_is_sent_again(instance: Server, start: Start) -> None:
    goes_on = Event()
    with freezing(goes_on) as (frozen, heard):
        try:
            gate = start(frozen, port(instance), envoy_answer_seconds=1)
            answers = [gate.post("/a", json={}) for _ in range(10)]
        finally:
            goes_on.set()
        failed = [answer for answer in answers if answer.status_code != 200]
        assert len(failed) == len(heard)
        assert all(is_problem(answer, 504, "GATEWAY_TIMEOUT") for answer in failed)
        assert len(heard) + len(asked(instance)) == len(answers)


def test_the_api_is_paid_through_a_unix_socket(sqlite_template: Path, leaf: Leaf) -> None:
    database = sqlite_template.parent / "gateway.db"
    database.write_bytes(sqlite_template.read_bytes())
    file = database.with_suffix(".sock")
    binds = ["--bind", "127.0.0.1:{port}", "--bind", f"unix:{file}"]
    with (
        Listening(f"sqlite:///{database}", *binds, APP_TRUSTED_PROXIES=1) as _api,
        Envoy(leaf.certificate, leaf.key, envoy_instances=[file], envoy_instance_address="%s") as envoy,
    ):
        gate = Gate(envoy, leaf.authority)
        body = {"merchantId": "M1", "amount": 100, "currency": "KRW", "idempotencyKey": "k"}
        paid = gate.post("/payments/authorize", json=body, headers={"X-Request-Id": "mine"})
        assert (paid.status_code, paid.json()["status"]) == (200, "AUTHORIZED")
        assert paid.headers["X-Request-Id"] == "mine"
        again = gate.post("/payments/authorize", json=body, headers={"X-Forwarded-For": "a, b"})
        assert again.json()["paymentId"] == paid.json()["paymentId"]
        assert gate.get("/nothing").json()["code"] == "NOT_FOUND"
