"""Requests refused for their head or for malformed values, and the bodies of the refusals."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from werkzeug.datastructures import Headers

from tests.integration.api.conftest import ADMIN, Api, Make

BODY = {"merchantId": "M1", "amount": 1, "currency": "KRW"}


@pytest.fixture
def api(make_api: Make) -> Any:
    with make_api(trusted_proxies=1) as made:
        yield made


def authorize(api: Api, *headers: tuple[str, str], query: str = "", **body: Any) -> Any:
    given = Headers([("Content-Type", "application/json"), *headers])
    text = json.dumps({**BODY, "idempotencyKey": "k", **body})
    return api.http.post(f"/payments/authorize{query}", data=text, headers=given)


def refused(answer: Any) -> tuple[int, str, list[str]]:
    problem = answer.get_json()
    return answer.status_code, problem["code"], [error["field"] for error in problem["errors"]]


def payments(api: Api) -> list[Any]:
    found: list[Any] = api.http.get("/payments?merchantId=M1").get_json()["items"]
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Idempotency-Key", "k, k"),
        ("Idempotency-Key", "k,"),
        ("X-Request-Id", "a,b"),
        ("traceparent", "00-" + "a" * 32 + "-" + "b" * 16 + "-01,00-" + "a" * 32 + "-" + "b" * 16 + "-01"),
        ("Authorization", "Bearer a, Bearer b"),
        ("Authorization", "Bearer a,Basic b"),
        ("Host", "a, b"),
        ("X-Forwarded-For", "10.0.0.1, 10.0.0.2"),
    ],
)
def test_a_list_is_not_one_value(api: Api, name: str, value: str) -> None:
    assert refused(authorize(api, (name, value))) == (400, "VALIDATION_FAILED", [name])
    assert payments(api) == []


def test_a_list_of_content_types_is_none(api: Api) -> None:
    headers = {"Content-Type": "application/json, application/json"}
    answer = api.http.post("/payments/authorize", data=json.dumps(BODY), headers=headers)
    assert refused(answer) == (400, "VALIDATION_FAILED", ["Content-Type"])


@pytest.mark.parametrize(
    "header",
    [("Accept", "a, b"), ("tracestate", "a=1,b=2"), ("Authorization", "Bearer a,b"), ("X-Forwarded-For", "::1")],
)
def test_what_may_be_a_list_or_have_a_comma(api: Api, header: tuple[str, str]) -> None:
    assert authorize(api, header).status_code == 200


def test_addresses_are_nobodys_business_where_no_proxy_is_trusted(make_api: Make) -> None:
    with make_api(trusted_proxies=0) as api:
        assert authorize(api, ("X-Forwarded-For", "10.0.0.1, 10.0.0.2")).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "x", "gzip, identity"])
def test_a_body_that_is_coded_is_not_taken_as_it_is(api: Api, coding: str) -> None:
    answer = authorize(api, ("Content-Encoding", coding))
    assert refused(answer) == (415, "UNSUPPORTED_MEDIA_TYPE", [])
    assert answer.headers["Accept-Encoding"] == "identity"
    assert payments(api) == []


def test_no_coding_may_be_said(api: Api) -> None:
    assert authorize(api, ("Content-Encoding", "identity")).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=1&limit=2", "limit"),
        ("limit=1&limit=1", "limit"),
        ("merchantId=M1&limit=1&merchantId=M2", "merchantId"),
        ("x=1&x=2", "x"),
        ("%6Cimit=1&limit=1", "limit"),
        ("status=%ff", "query"),
        ("x=%c3%28", "query"),
        ("%ff=1", "query"),
        ("x=%ed%a0%80", "query"),
    ],
)
def test_a_query_is_utf_8_and_has_each_value_once(api: Api, query: str, field: str) -> None:
    merchant = "" if "merchantId" in query else "merchantId=M1&"
    assert refused(api.http.get(f"/payments?{merchant}{query}")) == (400, "VALIDATION_FAILED", [field])
    assert refused(authorize(api, query=f"?{query}")) == (400, "VALIDATION_FAILED", [field])
    assert payments(api) == []


def test_queries_of_other_things_are_not_looked_at(api: Api) -> None:
    assert api.http.get("/metrics?name[]=a&name[]=b").status_code == 200
    assert api.http.get("/nothing?x=1&x=2").status_code == 404
    assert api.http.get("/?utm=1&utm=2&x=%ff").status_code == 200
    assert api.http.get("/payments?merchantId=%C3%A9&unknown=1").status_code == 200


def test_a_key_comes_once_in_a_body(api: Api) -> None:
    for text in ('{"amount":1,"amount":2}', '{"a":{"b":[{"c":1,"c":1}]}}'):
        answer = api.http.post("/payments/authorize", data=text, content_type="application/json")
        assert refused(answer) == (400, "MALFORMED_JSON", [])


NO_AMOUNTS = ["9" * 400, "1e400", "-1e400", "-0", "1.0", "1E2", "0.1", str(2**63), str(2**64), "-1", "0", "1e99999",
              "9" * 5000, "0." + "1" * 400, "1e-400", str(10**12 + 1)]  # fmt: skip


@pytest.mark.parametrize("number", NO_AMOUNTS, ids=lambda number: number[:24])
def test_a_number_that_is_no_amount_names_its_field(api: Api, number: str) -> None:
    for name in ("amount", "merchantId", "unknown"):
        fields = {"merchantId": '"M1"', "amount": "1", "currency": '"KRW"', "idempotencyKey": '"k"', name: number}
        text = "{" + ",".join(f'"{field}":{value}' for field, value in fields.items()) + "}"
        answer = api.http.post("/payments/authorize", data=text, content_type="application/json")
        assert refused(answer) == (400, "VALIDATION_FAILED", [name])
    assert refused(api.http.post("/payments/authorize", data=number, content_type="application/json"))[:2] == (
        400, "VALIDATION_FAILED",
    )  # fmt: skip


@pytest.mark.parametrize("reason", ["a\nb", "a\x00", "\x7f", "\x85a", "a\u2028", "\u202eabc", "\u2067a", "\x1b[31ma"])
def test_a_reason_without_control_characters(api: Api, reason: str) -> None:
    body = {"merchantId": "M1", "reason": reason}
    assert refused(api.post("/payments/refund/1", body)) == (400, "VALIDATION_FAILED", ["reason"])
    body = {"reason": reason}
    assert refused(api.http.post("/dead-letters/1/discard", json=body, headers=ADMIN))[2] == ["reason"]
    path = "/circuit-breaker/kafka-publisher/transition"
    assert refused(api.http.post(path, json={**body, "to": "CLOSED"}, headers=ADMIN))[2] == ["reason"]


@pytest.mark.parametrize("blank", [" ", "\u2003", "\x1c", "\u3000\u00a0", "\x85"])
def test_white_space_means_the_same_everywhere(api: Api, blank: str) -> None:
    assert refused(authorize(api, merchantId=blank))[2] == ["merchantId"]
    assert refused(authorize(api, idempotencyKey=blank))[2] == ["idempotencyKey"]
    assert refused(api.http.get(f"/payments?merchantId={quote(blank)}"))[2] == ["merchantId"]
    header = blank.encode().decode("latin-1")
    if blank != " ":
        answer = api.http.post("/payments/authorize", json=BODY, headers={"Idempotency-Key": header})
        assert refused(answer)[2] == ["Idempotency-Key"]


def test_nobody_keeps_or_guesses_an_answer(api: Api) -> None:
    paths = ["/payments?merchantId=M1", "/payments/1?merchantId=M1", "/payments", "/ledger/balances", "/nothing",
             "/health", "/circuit-breaker/status", "/dead-letters", "/operations", "/metrics"]  # fmt: skip
    for answer in [authorize(api), authorize(api, amount=0), *(api.http.get(path) for path in paths)]:
        assert answer.headers.getlist("Cache-Control") == ["no-store"]
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
