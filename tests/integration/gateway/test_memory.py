"""Memory: large files of many clients do not fill it, and when it is full, requests are refused until it is not."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.integration.gateway.clients import Gate, is_problem, said_to
from tests.integration.gateway.conftest import Start, port
from tests.servers import until
from tests.serving import Server

MIB: Final = 2**20
HEAD: Final = b"POST /reconciliation/files HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n"
PART: Final = b"x" * 7 * MIB
"""Of a file that never ends."""
CLIENTS: Final = 40
HELD: Final = 100 * MIB
"""More than the few files that one address may send at a time, and than what Envoy takes without them."""


@contextmanager
def unfinished(gate: Gate, clients: int) -> Iterator[None]:
    """So many clients that have sent a part of a file without a key, or as much of it as was taken."""
    with ExitStack() as stack, ThreadPoolExecutor(clients) as threads:
        connections = [stack.enter_context(gate.connected(HEAD)) for _ in range(clients)]
        for connection in connections:
            connection.settimeout(2)
        list(threads.map(lambda connection: said_to(connection, PART), connections))
        yield


def heap(gate: Gate) -> int:
    """Bytes that it has of the machine's memory, without its program."""
    said = json.loads(gate.envoy.admin("/memory"))
    return int(said["heap_size"]) - int(said["pageheap_unmapped"])


def test_files_of_many_clients_do_not_fill_it(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    with unfinished(gate, CLIENTS):
        assert heap(gate) < HELD
        assert is_problem(gate.post("/reconciliation/files", data=b"a"), 429, "GATEWAY_RATE_LIMITED")
        assert gate.post("/payments/authorize", json={}).status_code == 200


def test_when_it_is_full_requests_are_refused_until_it_is_not(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_heap_mb=24)
    with unfinished(gate, 3):
        until(lambda: gate.get("/a").status_code == 503, "it is full")
        refused = gate.post("/payments/authorize", json={})
        assert is_problem(refused, 503, "GATEWAY_UNAVAILABLE")
        assert refused.headers["Retry-After"] == "1"
    until(lambda: gate.get("/a").status_code == 200, "it has room")
    assert gate.post("/payments/authorize", json={}).status_code == 200
