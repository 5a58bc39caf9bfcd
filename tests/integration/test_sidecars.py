"""Sidecars of a mesh: between them is TLS with both sides verified, and certificates change while they run."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from stack.certificates import LOOPBACK, Authority, Leaf
from stack.sidecar import Inbound, MeshGate, Outbound, Sidecar
from tests.servers import until
from tests.serving import Answer, Server, serving

SECONDS = 30
OK = b"HTTP/1.0 200 OK"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mesh"))


@pytest.fixture(scope="module")
def program() -> Iterator[Server]:
    """Answers everything, and keeps what it was asked."""
    with serving(lambda _request, _url: Answer(200, {"of": "the program"})) as server:
        yield server


@pytest.fixture(scope="module")
def inbound(program: Server, authority: Authority) -> Iterator[Inbound]:
    """The way into the program's sidecar, for a client and a gate."""
    way = Inbound(int(program.url.rpartition(":")[2]), ("client", "gate"))
    with Sidecar("program", identity(authority, "program"), [way]):
        yield way


def identity(authority: Authority, name: str) -> Leaf:
    return authority.leaf((name,), mutual=True)


def ask(port: int) -> int:
    return requests.get(f"http://127.0.0.1:{port}/a", timeout=SECONDS).status_code


def shown_at(port: int) -> str:
    return ssl.get_server_certificate(("127.0.0.1", port))


@contextmanager
def connected(port: int, leaf: Leaf | None, authority: Authority) -> Iterator[ssl.SSLSocket]:
    """A client over TLS with this certificate. A server of TLS 1.3 refuses it only afterwards."""
    context = ssl.create_default_context(cafile=str(authority.file))
    context.check_hostname = False
    if leaf:
        context.load_cert_chain(leaf.certificate, leaf.key)
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as plain, context.wrap_socket(plain) as client:
        yield client


def answer_to(client: ssl.SSLSocket) -> bytes:
    """The beginning of what it is answered; nothing when it is refused."""
    try:
        client.sendall(b"GET /a HTTP/1.0\r\n\r\n")
        return client.recv(15)
    except OSError:
        return b""


def test_a_program_reaches_another_through_both(inbound: Inbound, authority: Authority) -> None:
    way = Outbound("program", inbound)
    with Sidecar("client", identity(authority, "client"), outbound=[way]):
        assert ask(way.at) == 200


@pytest.mark.parametrize(
    "caller",
    [
        lambda authority, _folder: identity(authority, "another"),
        lambda _authority, folder: identity(Authority(folder), "client"),
        lambda _authority, _folder: None,
    ],
    ids=["another name", "another authority", "no certificate"],
)
def test_others_are_refused(
    inbound: Inbound, authority: Authority, caller: Callable[[Authority, Path], Leaf | None], tmp_path: Path
) -> None:
    with connected(inbound.at, identity(authority, "client"), authority) as client:
        assert answer_to(client) == OK
    with connected(inbound.at, caller(authority, tmp_path), authority) as client:
        assert answer_to(client) == b""


def test_what_is_not_tls_is_refused(inbound: Inbound) -> None:
    with pytest.raises(requests.ConnectionError):
        ask(inbound.at)


def test_another_than_was_meant_gets_nothing(inbound: Inbound, authority: Authority) -> None:
    way = Outbound("somebody", inbound)
    with Sidecar("client", identity(authority, "client"), outbound=[way]), pytest.raises(requests.ConnectionError):
        ask(way.at)


def test_a_new_leaf_is_shown_while_connections_go_on(program: Server, authority: Authority) -> None:
    way = Outbound("program", Inbound(int(program.url.rpartition(":")[2]), ("client",)))
    with (
        Sidecar("program", identity(authority, "program"), [way.to]) as beside,
        Sidecar("client", identity(authority, "client"), outbound=[way]),
        connected(way.to.at, identity(authority, "client"), authority) as kept,
    ):
        leaf = identity(authority, "program")
        beside.use(leaf)
        until(lambda: shown_at(way.to.at) in leaf.certificate.read_text(), "the new leaf is shown")
        assert answer_to(kept) == OK
        assert ask(way.at) == 200


def test_the_gateway_is_an_edge_of_the_mesh(program: Server, authority: Authority) -> None:
    way = Inbound(int(program.url.rpartition(":")[2]), ("gate",), http=True)
    program.requests.clear()
    with (
        Sidecar("api", identity(authority, "api"), [way]),
        MeshGate(authority.leaf((*LOOPBACK, "gate"), mutual=True), way) as gate,
    ):
        body = {"amount": 1}
        answer = requests.post(f"{gate.url}/a", json=body, timeout=SECONDS, verify=str(authority.file))
        assert answer.json() == {"of": "the program"}
    (asked,) = [request for request in program.requests if request.path == "/a"]
    assert asked.headers["x-forwarded-for"] == "127.0.0.1"
