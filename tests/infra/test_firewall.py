"""Tries every connection: from each machine, and from outside, to each port of the list and to some that are not on it.
Allowed connections are answered, all others dropped, whether anything listens or not.
"""

import json
import resource
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.infra import inventory
from tests.infra.asking import CERTIFICATES

UNLISTED = (23, 111, 3000, 5000, 8080, 8081, 9090, 9093, 9094, 33060)
SECONDS = 1.0
OTHERS = 100
"""Connections that other tests may have open from here meanwhile."""
PORTS = sorted({port for rule in inventory.firewall() for port in rule["ports"]} | set(UNLISTED))
PAIRS = [(a, b) for a in inventory.names() for b in inventory.names() if a != b]

_PROBE = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
address, seconds, ports = json.loads(sys.argv[1])
def probe(port):
    try:
        socket.create_connection((address, port), seconds).close()
        return "open"
    except TimeoutError:
        return "dropped"
    except OSError as error:
        return str(error)
with ThreadPoolExecutor(len(ports)) as pool:
    print(json.dumps(dict(zip(ports, pool.map(probe, ports)))))
"""


def expected(source: str | None, target: str) -> dict[int, str]:
    """Port → open or dropped, by the list."""
    return {port: "open" if inventory.may_connect(source, target, port) else "dropped" for port in PORTS}


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_between_machines(hosts, source: str, target: str) -> None:
    given = json.dumps([inventory.address(target), SECONDS, PORTS])
    said = json.loads(hosts[source].check_output("python3 -c %s %s", _PROBE, given))
    assert {int(port): answer for port, answer in said.items()} == expected(source, target)


def _probe(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), SECONDS).close()
    except TimeoutError:
        return "dropped"
    return "open"


@pytest.mark.parametrize("target", inventory.names())
def test_from_the_management_network(target: str) -> None:
    with ThreadPoolExecutor(len(PORTS)) as pool:
        answers = list(pool.map(lambda port: _probe(inventory.address(target), port), PORTS))
    assert dict(zip(PORTS, answers, strict=True)) == expected(None, target)


def test_the_list_itself_forbids_what_it_should() -> None:
    """So a list that allows everything fails."""
    ways = [*PAIRS, *((None, target) for target in inventory.names())]
    forbidden = [(a, b, port) for a, b in ways for port in PORTS if not inventory.may_connect(a, b, port)]
    assert len(forbidden) > len(ways) * len(UNLISTED)


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many as the machine lets one process open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.alone  # other tests connect from here too, and would be refused
@pytest.mark.usefixtures("many_files")
def test_one_address_has_no_more_connections_than_its_share(host_of) -> None:
    """Idle ones too, which the gate's limits do not count; and another address is served meanwhile."""
    rule = next(rule for rule in inventory.firewall() if "per_address" in rule)
    address, port = inventory.first_address(rule["hosts"]), rule["ports"][0]
    opened = 0
    with ExitStack() as stack:
        with suppress(ConnectionRefusedError):
            while opened <= rule["per_address"]:
                stack.enter_context(socket.create_connection((address, port), 10))
                opened += 1
        assert rule["per_address"] - OTHERS <= opened <= rule["per_address"]
        host_of("broker").check_output(
            f"curl -fsS -o /dev/null --cacert {CERTIFICATES}/ca.pem https://{address}/health/live"
        )
