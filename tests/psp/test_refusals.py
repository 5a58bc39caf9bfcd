"""Malformed requests: each has a clear answer with a code, none is a 500, and none repeats a card number."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.psp.simulator import CONTROL, KEY, Client, Simulator, raw_answer

GOOD: dict[str, Any] = {"reference": "refusals-1", "amount": 1000, "currency": "USD", "token": "tok_approved"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1.0},
        {"amount": "1000"},
        {"amount": True},
        {"amount": None},
        {"amount": 10**12 + 1},
        {"amount": 10**400},
        {"currency": "usd"},
        {"currency": "USDX"},
        {"currency": "USD\n"},
        {"reference": ""},
        {"reference": "a" * 65},
        {"reference": "a b"},
        {"reference": "-a"},
        {"reference": "\ud800"},
        {"reference": "4242424242424242"},
        {"token": "4242424242424242"},
        {"token": "tok_" + "a" * 61},
        {"amuont": 5},
    ],
)
def test_a_malformed_operation_is_refused(psp: Client, change: dict[str, Any]) -> None:
    body = {**GOOD, **change}
    refused = psp.ask("POST", "/v1/authorizations", body, Idempotency_Key=GOOD["reference"])
    assert (refused.status, refused.json["code"]) == (400, "VALIDATION_FAILED")
    assert "4242424242424242" not in refused.text
    assert psp.enquire("refusals-1").status == 404


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b'"a"', b"\xff", b"{}", b"[" * 60_000, b'{"amount":NaN}', b'{"amount":1e999}'),
        json.dumps(GOOD).replace("}", ', "amount": 1}').encode(),
        b'{"reference":' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_object_is_refused(psp: Client, body: bytes) -> None:
    refused = psp.ask("POST", "/v1/authorizations", body, Idempotency_Key="refusals-1")
    assert (refused.status, refused.json["code"]) == (400, "VALIDATION_FAILED")


def test_other_refusals_have_their_codes(psp: Client) -> None:
    large = psp.ask("POST", "/v1/authorizations", b"{" + b" " * 70_000 + b"}")
    assert (large.status, large.json["code"]) == (413, "BODY_TOO_LARGE")
    form = psp.ask("POST", "/v1/authorizations", b"a=1", Content_Type="application/x-www-form-urlencoded")
    assert (form.status, form.json["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    method = psp.raw("DELETE", "/v1/authorizations", headers={"Authorization": f"Bearer {KEY}"})
    assert (method.status, method.json["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(method.headers["allow"].split(", ")) == {"OPTIONS", "POST"}
    for path in ("/v1/nothing", "/nothing", "/_control/nothing", "/page.css/../x"):
        assert (psp.get(path).status, psp.get(path).json["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/operations",
        "/v1/operations?reference=",
        "/v1/operations?reference=a&reference=b",
        "/v1/operations?reference=a&other=1",
        "/v1/operations?reference=4242424242424242",
        "/v1/operations?reference=%FF",
        "/v1/settlements/2026-13-01.csv",
        "/v1/settlements/20261101.csv",
        "/v1/settlements/today.csv",
    ],
)
def test_a_malformed_query_is_refused(psp: Client, path: str) -> None:
    assert (psp.get(path).status, psp.get(path).json["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("faults", {"rules": [{"fault": "earthquake"}]}),
        ("faults", {"rules": [{"fault": "down", "percentage": 0}]}),
        ("faults", {"rules": [{"fault": "down", "percentage": "50"}]}),
        ("faults", {"rules": [{"fault": "down", "seconds": 1}]}),
        ("faults", {"rules": [{"fault": "down", "silent": True}]}),
        ("faults", {"rules": [{"fault": "late_success", "kinds": ["enquiry"]}]}),
        ("faults", {"rules": [{"fault": "down", "count": 0}]}),
        ("faults", {"rules": [{"fault": "down"}] * 51}),
        ("clock", {}),
        ("clock", {"set": "2026-11-29T00:00:00"}),
        ("clock", {"set": 1}),
        ("clock", {"set": "9999-01-01T00:00:00Z"}),
        ("clock", {"advance": -1}),
        ("clock", {"advance": 1, "offset": 1}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": 2**54}),
    ],
)
def test_a_malformed_switch_is_refused(psp: Client, path: str, value: Any) -> None:
    refused = psp.ask("PUT", f"/_control/{path}", value, CONTROL)
    assert (refused.status, refused.json["code"]) == (400, "VALIDATION_FAILED")


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "after=-1", "after=x", "newest=1", "page=2", "reference=-"])
def test_a_malformed_page_is_refused(psp: Client, query: str) -> None:
    assert psp.get(f"/_control/journal?{query}", CONTROL).json["code"] == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"POST /v1/tokens HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_json(simulator: Simulator, sent: bytes) -> None:
    received, how = raw_answer(simulator.port, sent)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.split()[1] in (b"400", b"414"), received
    assert json.loads(body)["code"] == "VALIDATION_FAILED"
    assert how != "time-out"


def test_refused_requests_are_in_the_journal(psp: Client, name: Callable[[str], str]) -> None:
    reference = name("a")
    psp.ask("POST", "/v1/authorizations", {**GOOD, "amount": 0}, Idempotency_Key=reference)
    psp.ask("POST", "/v1/authorizations", GOOD, "wrong", Idempotency_Key=reference)
    entries = psp.journal(reference)
    assert [entry["outcome"] for entry in entries] == ["VALIDATION_FAILED", "UNAUTHENTICATED"]
    assert {(entry["kind"], entry["operation"]) for entry in entries} == {("authorization", None)}


@settings(max_examples=60, deadline=None)
@given(value=JSON, path=st.sampled_from(["v1/captures", "v1/tokens", "v1/operations/cancel"]))
def test_no_body_is_too_much(simulator: Simulator, value: Any, path: str) -> None:
    reply = simulator.api.ask("POST", f"/{path}", json.dumps(value).encode())
    assert reply.status == 400


@settings(max_examples=60, deadline=None)
@given(value=JSON, path=st.sampled_from(["faults", "clock", "seed"]), field=st.sampled_from(["rules", "set", "seed"]))
def test_no_switch_is_too_much(simulator: Simulator, value: Any, path: str, field: str) -> None:
    reply = simulator.api.ask("PUT", f"/_control/{path}", json.dumps({field: value, "more": value}).encode(), CONTROL)
    assert reply.status == 400
