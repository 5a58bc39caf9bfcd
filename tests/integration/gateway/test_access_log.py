"""The access log: one JSON object for each request, without card numbers, keys or queries."""

import json
import re
from typing import Any

import pytest

from stack.ports import free_port
from tests.integration.gateway.clients import Gate
from tests.integration.gateway.conftest import Start, port
from tests.integration.gateway.test_limits import HOUR
from tests.servers import until
from tests.serving import Answer, Server, serving

CARD = "4111111111111111"
PARTS = ["4111", "1111", "1111", "1111"]
SEPARATORS = ["-", " ", ".", "%20", "%C2%A0", "%E2%80%89", "%3A", "%3a%20", " %2D "]
FORMS = [CARD, *(separator.join(PARTS) for separator in SEPARATORS)]
KEY = "po_live_00Ab9ZzAb9Zz_0123456789secretsecretsecret"


def entries(gate: Gate, count: int) -> list[dict[str, Any]]:
    """The lines, when there are so many."""
    found = until(
        lambda: (lines := gate.envoy.access_log.read_text().splitlines())[count - 1 :] and lines, "it is logged"
    )
    return [json.loads(line) for line in found]


@pytest.mark.parametrize("alive", [True, False])
def test_it_has_no_card_number_and_no_secret(instance: Server, start: Start, alive: bool) -> None:
    gate = start(port(instance) if alive else free_port())
    count = 0
    for form in [*FORMS, KEY, KEY.upper()]:
        headers = {"User-Agent": f"shop {form}", "Referer": form, "Cookie": form, "Authorization": f"Bearer {form}"}
        for path in (f"/payments/{form}", f"/payments?merchantId={form}", f"/{form}/%2f"):
            gate.get(path, headers=headers)
            count += 1
    gate.get("/health", headers={"X-Request-Id": CARD})
    gate.post(f"/payments/{CARD}", data=b"x" * 70_000)
    logged = json.dumps([{**entry, "time": ""} for entry in entries(gate, count + 2)])
    assert len(entries(gate, count + 2)) == count + 2
    assert "secretsecret" not in logged.lower()
    assert CARD not in re.sub("%[0-9A-Fa-f]{2}|[^0-9A-Za-z]", "", logged)
    assert "41111111" not in gate.envoy.log.read_text()


@pytest.mark.parametrize(
    "path",
    [
        "/payments/12345678-9abc-4def-8123-456789abcdef",
        "/settlements/2026-11-30/USD",
        "/a/2026-11-30T16%3A07",
        "/a/1000%2C2000%2C3000",
        "/a/%E4%BD%A0%E5%A5%BD%30%31%32%33",
    ],
)
def test_it_has_paths_that_are_no_card_number(gate: Gate, path: str) -> None:
    before = len(gate.envoy.access_log.read_text().splitlines()) if gate.envoy.access_log.exists() else 0
    gate.get(path, headers={"User-Agent": path})
    found = entries(gate, before + 1)[-1]
    assert (found["path"], found["agent"]) == (path.replace("%30%31%32%33", "0123"), path)


def test_it_says_what_happened(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    agent = 'Mozilla/5.0 (X11; rv:109.0) "quoted"'
    gate.post("/payments/123456789?merchantId=M1", headers={"User-Agent": agent, "Authorization": f"Bearer {KEY}"})
    (entry,) = entries(gate, 1)
    expected = {
        "path": "/payments/123456789", "agent": agent, "requestId": "of-the-api",
        "key": "po_live_00Ab9ZzAb9Zz", "method": "POST",
        "route": "writes", "status": 200, "client": "127.0.0.1",
        "upstream": f"127.0.0.1:{port(instance)}", "attempts": 1,
    }  # fmt: skip
    assert {name: entry[name] for name in expected} == expected


def test_what_a_limit_refuses_is_sampled_and_nothing_else(start: Start) -> None:
    with serving(lambda request, _url: Answer(429 if request.path == "/refused" else 200)) as server:
        gate = start(port(server), envoy_key_requests_per_second=1, _envoy_limit_seconds=HOUR)
        for _ in range(300):
            gate.get("/limited", headers={"Authorization": f"Bearer {KEY}"})
        assert [gate.get("/refused").status_code for _ in range(20)] == [429] * 20
        gate.get("/last")
        logged = until(
            lambda: (found := [entry["path"] for entry in entries(gate, 22)])[-1] == "/last" and found, "it is logged"
        )
    assert (logged.count("/refused"), logged.count("/last")) == (20, 1)
    assert 1 <= logged.count("/limited") < 30, "one that passed, and one in a hundred of those that did not"


def test_a_line_has_an_end(instance: Server, start: Start) -> None:
    gate = start(port(instance))
    path, agent = f"/{'x' * 8000}", "y" * 4000
    gate.get(path, headers={"User-Agent": agent})
    (entry,) = entries(gate, 1)
    assert (entry["path"], entry["agent"]) == (path[:512], agent[:256])
