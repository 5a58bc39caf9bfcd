"""The access log: one JSON object for each request, without card numbers, keys or queries."""

import json
from typing import Any

import pytest

from stack.ports import free_port
from tests.integration.gateway.clients import Gate
from tests.integration.gateway.conftest import Start, port
from tests.servers import until
from tests.serving import Server

CARD = "4111111111111111"
FORMS = [CARD, "4111-1111-1111-1111", "4111 1111 1111 1111", "4111.1111.1111.1111", "4111%201111%201111%201111"]
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
    digits = "".join(letter for letter in logged if letter not in " .-_%20")
    assert "41111111" not in digits.replace("0", "")
    assert "41111111" not in gate.envoy.log.read_text()


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
