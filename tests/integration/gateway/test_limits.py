"""Limits of clients: requests by address and by API key, slow clients, connections."""

import re
import socket
from collections.abc import Sequence
from typing import Final

import pytest

from payments.merchants.key_form import ID_PART, Prefix, new_key
from tests.integration.gateway.clients import Gate, asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.serving import Answer, Server, serving

READABLE: Final = ID_PART.stop
HOUR: Final = 3600
"""In which a limit is filled again: not while a test lasts."""
KEYS: Final = [new_key(Prefix.TEST).text[:READABLE] for _ in range(1000)]
"""Their readable parts."""


def statuses(gate: Gate, credentials: Sequence[str]) -> list[int]:
    """The answers to one request with each of these, all on one connection."""
    parts = [f"GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {one}\r\n\r\n" for one in credentials]
    said = ""
    found: list[str] = []
    with gate.connected("".join(parts).encode()) as client:
        while len(found) < len(credentials):
            said += client.recv(65536).decode()
            found = re.findall(r"HTTP/1\.1 (\d+) ", said)
    return [int(status) for status in found]


def test_each_of_a_thousand_keys_has_its_own_limit(start: Start) -> None:
    limits = {"envoy_key_requests_per_second": 2, "envoy_address_requests_per_second": 10**6}
    with serving(lambda _request, _url: Answer(200)) as quick:  # without a body: one packet, no waiting for another
        gate = start(port(quick), **limits, _envoy_limit_seconds=HOUR)
        for first in range(0, len(KEYS), 20):
            keys = [f"{key}_secret" for key in KEYS[first : first + 20] for _ in range(2)]
            assert statuses(gate, keys) == [200] * len(keys)
        assert [statuses(gate, [f"{key}_secret"]) for key in KEYS] == [[429]] * len(KEYS)


def test_a_key_is_its_readable_part(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_key_requests_per_second=2, _envoy_limit_seconds=HOUR)
    credentials = [f"{KEYS[0]}_secret", f"{KEYS[0]}_other", f"{KEYS[0]}_third", f"{KEYS[1]}_secret"]
    assert [statuses(gate, [credential]) for credential in credentials] == [[200], [200], [429], [200]]
    assert statuses(gate, ["admin-token"] * 4) == [200] * 4  # no key of ours: the limit by address counts it


def test_an_address_has_a_limit(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_address_requests_per_second=2, _envoy_limit_seconds=HOUR)
    answers = [gate.get("/a", headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert is_problem(answers[3], 429, "GATEWAY_RATE_LIMITED")
    assert answers[3].headers["Retry-After"] == "1"
    assert len(asked(instance)) == 2


@pytest.mark.parametrize(
    "part",
    [
        b"GET /a HTTP/1.1\r\nHost: a",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{",
    ],
    ids=["headers", "a body", "chunks"],
)
def test_a_slow_client_is_given_up(instance: Server, impatient: Gate, part: bytes) -> None:
    assert impatient.said(part).startswith(b"HTTP/1.1 408 ")
    assert asked(instance) == []


def test_a_client_that_never_speaks_tls_is_given_up(impatient: Gate) -> None:
    with socket.create_connection(("127.0.0.1", impatient.envoy.port), timeout=60) as client:
        assert client.recv(1) == b""


def test_connections_have_a_limit(instance: Server, start: Start) -> None:
    gate = start(port(instance), envoy_connections=2, envoy_requests_at_once=2)
    with gate.connected(), gate.connected(), pytest.raises(OSError), gate.connected():  # noqa: PT011
        pass
