"""Nothing of a payment, no key and no password goes over the machines' network in clear: all of it is captured."""

import base64
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from load.api import Api
from load.keys import id_of
from tests.infra import inventory
from tests.servers import until
from tests.vm.capture import capturing
from tests.vm.faults import provider
from tests.vm.machines import Machines
from tests.vm.platform import ANSWER_SECONDS, Front, all_posted

LINKS: Final = {
    443: "clients and the gate",
    3306: "the application and MariaDB",
    6379: "the api and Redis",
    9092: "relay and ledger, and Kafka",
    9100: "Prometheus and the node exporters",
    9443: "Prometheus and the metrics of the application",
}
SEEN_SECONDS: Final = 90
"""Prometheus asks each exporter every 15 s, and Kafka's clients send something every few seconds."""
SHORTEST: Final = 12
"""Shorter values of the vault could be in ciphertext by chance."""


@pytest.fixture(scope="module", autouse=True)
def bridge(machines: Machines) -> None:
    """Only on the bridge of LXC is everything seen."""
    name = machines.first("application")
    if provider(name) != "lxc" or name == machines.first("database"):
        pytest.skip("needs several machines on the bridge of provider lxc")


@pytest.fixture
def merchant(front: Front) -> Iterator[tuple[str, str]]:
    """A merchant that stands out, and a key of it."""
    name, api = f"CLEAR-{uuid.uuid4().hex[:16]}", Api(front.url, front.operator, ca=front.ca)
    api.make_merchant(name)
    key = api.make_key(name)
    yield name, key
    api.revoke(id_of(key), "its test has ended")


def pay(front: Front, key: str) -> None:
    """Authorize, capture, refund, and read what was done."""
    with front.session(key) as session:

        def post(path: str, **fields: Any) -> dict[str, Any]:
            body = {**fields, "idempotencyKey": uuid.uuid4().hex}
            answer = session.post(f"{front.url}/payments/{path}", json=body, timeout=ANSWER_SECONDS)
            assert answer.status_code == 200, answer.text
            return dict(answer.json())

        number = post("authorize", amount=1000, currency="KRW")["paymentId"]
        post(f"capture/{number}")
        post(f"refund/{number}", amount=500)
        shown = session.get(f"{front.url}/payments/{number}", timeout=ANSWER_SECONDS)
        assert shown.json()["status"] == "PARTIALLY_REFUNDED"


def secret_values() -> dict[str, str]:
    """Name → value of each secret of the vault, and the login that Prometheus' pages take."""
    found = {
        f"{name} {number}": part
        for name, value in inventory.secrets().items()
        for number, part in enumerate(inventory.secret_texts(value))
        if len(part) >= SHORTEST
    }
    login = f"payops:{inventory.secrets()['vault_prometheus_password']}"
    return found | {"the login of Prometheus": base64.b64encode(login.encode()).decode()}


def test_a_payments_way_through_all_machines_shows_nothing(
    front: Front, machines: Machines, merchant: tuple[str, str], tmp_path: Path
) -> None:
    name, key = merchant
    with capturing(tmp_path / "all.pcap") as capture:
        for _ in range(3):
            pay(front, key)
        all_posted(machines, front)
        until(lambda: capture.ports() >= LINKS.keys(), f"all of {LINKS} are seen", seconds=SEEN_SECONDS, interval=1)
    wanted = {"the merchant": name, "its key": key, **secret_values()}
    assert len(wanted) > 20
    assert [what for what, text in wanted.items() if capture.holds(text)] == []


def test_the_same_search_finds_what_is_sent_in_clear(front: Front, merchant: tuple[str, str], tmp_path: Path) -> None:
    """A planted request without TLS, in two parts; the gate refuses it, and it was seen all the same."""
    name, key = merchant
    with capturing(tmp_path / "planted.pcap") as capture:
        host = front.url.removeprefix("https://")
        with socket.create_connection((host, 80), ANSWER_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = f"GET /payments?merchantId={name} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            half = len(key) // 2
            connection.sendall(f"{head}Authorization: Bearer {key[:half]}".encode())
            until(lambda: capture.holds(name), "the first part is seen")
            connection.sendall(f"{key[half:]}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 403")
        until(lambda: capture.holds(key), "the second part is seen")
    assert not capture.holds(f"{name}-never-sent")
