"""Which addresses others than this machine can reach; names are as open as what they resolve to."""

import socket
from typing import Any

import pytest

from app.server.listening import open_to_others

EVERYWHERE = "0.0.0.0"  # noqa: S104  (what is to be refused)
RESOLVES = {
    "here.test": ["127.0.1.1", "::1"],
    "both.test": ["127.0.0.1", "192.0.2.7"],
    "mapped.test": ["::ffff:127.0.0.1"],
}


def resolve(host: str, port: Any, **options: Any) -> list[tuple[Any, ...]]:
    """As getaddrinfo, without a network: known names, and addresses."""
    if host in RESOLVES:
        return [(0, 0, 0, "", (address, 0)) for address in RESOLVES[host]]
    return _getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)


_getaddrinfo = socket.getaddrinfo


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.255.255.254", "127.1", "::1", "::ffff:127.0.0.1", "here.test", "mapped.test"]
)
def test_what_only_this_machine_reaches(host: str) -> None:
    assert open_to_others([(host, 8080), "/run/payops.sock", 7], []) == []


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (EVERYWHERE, "0.0.0.0:80"),
        ("0", "0:80"),
        ("::", "[::]:80"),
        ("::ffff:192.0.2.7", "[::ffff:192.0.2.7]:80"),
        ("192.0.2.7", "192.0.2.7:80"),
        ("126.255.255.255", "126.255.255.255:80"),
        ("fe80::1", "[fe80::1]:80"),
        ("both.test", "both.test:80"),
        ("nowhere.test", "nowhere.test:80"),
    ],
)
def test_what_others_reach(host: str, said: str) -> None:
    assert open_to_others([("127.0.0.1", 80), (host, 80)], []) == [said]


def test_sockets_are_as_open_as_what_they_are_bound_to(tmp_path: Any) -> None:
    with socket.socket() as here, socket.socket() as everywhere, socket.socket(socket.AF_UNIX) as file:
        here.bind(("127.0.0.1", 0))
        everywhere.bind((EVERYWHERE, 0))
        file.bind(str(tmp_path / "socket"))
        port = everywhere.getsockname()[1]
        assert open_to_others([], [here, file]) == []
        assert open_to_others([3], [here, file, everywhere]) == [f"0.0.0.0:{port}"]
        assert open_to_others([(EVERYWHERE, port)], [everywhere]) == [f"0.0.0.0:{port}"], "once"
