"""Limits of clients: requests by address and by API key, slow clients, connections."""

import base64
import json
import re
import socket
from collections.abc import Sequence
from typing import Final

import pytest

from payments.merchants.key_form import ID_PART, Prefix, new_key
from tests.integration.gateway.clients import Gate, asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.servers import until
from tests.serving import Answer, Server, serving

READABLE: Final = ID_PART.stop
READ_OF_BASIC: Final = 18
"""Characters that are whole in base64, up to the end of the readable part."""
HOUR: Final = 3600
"""In which a limit is filled again: not while a test lasts."""
KEYS: Final = [new_key(Prefix.TEST).text[:READABLE] for _ in range(1000)]
"""Their readable parts."""


def statuses(gate: Gate, credentials: Sequence[str]) -> list[int]:
    """The answers to one request with each of these, all on one connection."""
    return authorized(gate, [f"Bearer {one}" for one in credentials])


def basic(text: str, scheme: str = "Basic ") -> str:
    """The header that has it as user and password."""
    return scheme + base64.b64encode(text.encode()).decode()


def authorized(gate: Gate, headers: Sequence[str]) -> list[int]:
    """As `statuses`, by the whole of Authorization."""
    parts = [f"GET /a HTTP/1.1\r\nHost: a\r\nAuthorization: {one}\r\n\r\n" for one in headers]
    said = ""
    found: list[str] = []
    with gate.connected("".join(parts).encode()) as client:
        while len(found) < len(headers):
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


@pytest.mark.parametrize("kind", list(Prefix))
def test_a_key_is_counted_in_each_form_that_the_api_takes(instance: Server, start: Start, kind: Prefix) -> None:
    gate = start(port(instance), envoy_key_requests_per_second=1, _envoy_limit_seconds=HOUR)
    key, other = new_key(kind).text, new_key(kind).text
    once = [[200], [429], [429]]  # a connection each: after 429 it ends
    sent = [f"Bearer \t{key}", f"bearer  {key}", f"BEARER {key}"]
    assert [authorized(gate, [header]) for header in sent] == once
    sent = [basic(f"{key}:"), basic(f"{key}:x", "basic \t"), basic(key)]
    assert [authorized(gate, [header]) for header in sent] == once
    no_keys = [basic(f"{other}:"), basic("admin:po_live_"), *[basic("po_live_short:secret")] * 2]
    assert authorized(gate, no_keys) == [200] * 4


def test_of_basic_the_log_has_the_readable_part_alone(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    key = new_key(Prefix.LIVE).text
    for sent in (f"{key}:", "po_live_short:secretsecret", "po_live_:0123456789_secret", "admin:secret"):
        gate.get("/a", headers={"Authorization": basic(sent)})
    lines = until(lambda: (said := gate.envoy.access_log.read_text().splitlines())[3:] and said, "it is logged")
    known = [json.loads(line)["key"] for line in lines]
    assert known == [base64.b64encode(key[:READ_OF_BASIC].encode()).decode(), None, None, None]


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
