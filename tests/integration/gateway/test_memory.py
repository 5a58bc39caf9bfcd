"""Memory: large files of many clients do not fill it, and when it is full, requests are refused until it is not.

Files have a limit of their own, which nothing uses up but a large body with an operator's key.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

import pytest
import requests

from payments.merchants.key_form import Prefix, new_key
from tests.integration.gateway.clients import Gate, is_problem, said_to
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.test_limits import basic
from tests.servers import until
from tests.serving import Server

MIB: Final = 2**20
FILES: Final = "/reconciliation/files?name=a"
HEAD: Final = f"POST {FILES} HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n"
OPERATORS: Final = f"Bearer {new_key(Prefix.OPERATOR).text}"
"""It has the form of a key, and nobody knows it."""
SMALL, LARGE = b"x" * 16 * 2**10, b"x" * (16 * 2**10 + 1)
"""The largest ordinary body, and one that only files may have."""
PART: Final = b"x" * 7 * MIB
"""Of a file that never ends."""
CLIENTS: Final = 40
HELD: Final = 100 * MIB
"""More than the few files that one address may send at a time, and than what Envoy takes without them."""


@contextmanager
def unfinished(gate: Gate, clients: int, authorization: str = OPERATORS) -> Iterator[None]:
    """So many clients that have sent a part of a file, or as much of it as was taken."""
    head = f"{HEAD}Authorization: {authorization}\r\n\r\n".encode()
    with ExitStack() as stack, ThreadPoolExecutor(clients) as threads:
        connections = [stack.enter_context(gate.connected(head)) for _ in range(clients)]
        for connection in connections:
            connection.settimeout(2)
        list(threads.map(lambda connection: said_to(connection, PART), connections))
        yield


def file(gate: Gate, body: bytes, authorization: str = OPERATORS, *, chunked: bool = False) -> requests.Response:
    """Upload it; in chunks its length is not known before its end."""
    headers = {"Authorization": authorization}
    return gate.post(FILES, data=iter([body]) if chunked else body, headers=headers)


def heap(gate: Gate) -> int:
    """Bytes that it has of the machine's memory, without its program."""
    said = json.loads(gate.envoy.admin("/memory"))
    return int(said["heap_size"]) - int(said["pageheap_unmapped"])


def test_files_of_many_clients_do_not_fill_it(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    with unfinished(gate, CLIENTS):
        assert heap(gate) < HELD
        assert is_problem(file(gate, LARGE), 429, "GATEWAY_RATE_LIMITED")
        assert gate.post("/payments/authorize", json={}).status_code == 200


def test_files_without_a_key_take_next_to_none(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    before = heap(gate)
    with unfinished(gate, CLIENTS, "Bearer none"):
        assert heap(gate) - before < 16 * MIB
    assert file(gate, LARGE).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_only_a_large_body_with_an_operators_key_uses_up_the_limit(
    instance: Server, start: Start, chunked: bool
) -> None:
    gate = start(port(instance), _envoy_file_seconds=1000)
    merchants = f"Bearer {new_key(Prefix.LIVE).text}"
    for authorization in ("", "Bearer po_oper_short_x", merchants, basic("admin:po_oper_")):
        assert [file(gate, SMALL, authorization, chunked=chunked).status_code for _ in range(3)] == [200] * 3
        refused = file(gate, LARGE, authorization, chunked=chunked)
        assert is_problem(refused, 413, "GATEWAY_BODY_TOO_LARGE")
    assert [file(gate, SMALL).status_code for _ in range(12)] == [200] * 12
    key = new_key(Prefix.OPERATOR).text
    forms = [f"Bearer {key}", f"bearer \t{key} ", basic(f"{key}:"), basic(key, "basic  ")]
    assert [file(gate, LARGE, form, chunked=chunked).status_code for form in forms] == [200] * 4
    assert is_problem(file(gate, LARGE, chunked=chunked), 429, "GATEWAY_RATE_LIMITED")


def test_when_it_is_full_requests_are_refused_until_it_is_not(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_heap_mb=24)
    with unfinished(gate, 3):
        until(lambda: gate.get("/a").status_code == 503, "it is full")
        refused = gate.post("/payments/authorize", json={})
        assert is_problem(refused, 503, "GATEWAY_UNAVAILABLE")
        assert refused.headers["Retry-After"] == "1"
    until(lambda: gate.get("/a").status_code == 200, "it has room")
    assert gate.post("/payments/authorize", json={}).status_code == 200
