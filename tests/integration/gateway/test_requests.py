"""What the instances get of a request, and what they do not get: headers, ids, bodies, paths."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from payments.merchants.key_form import Prefix, new_key
from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate, asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.serving import Answer, Server, serving

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "elsewhere",
    "X-Forwarded-Port": "80",
    "X-Forwarded-Prefix": "/elsewhere",
    "X-FORWARDED-Ssl": "off",
    "x-forwarded-protocol": "http",
    "X-Forwarded-Client-Cert": "Subject=forged",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9",
    "x-payops-merchant": "M1",
    "X-PAYOPS-Scopes": "payments:write",
    "x-envoy-original-path": "/metrics",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
}


def test_what_a_client_says_about_itself_does_not_count(gate: Gate, instance: Server) -> None:
    gate.post("/payments/authorize", json={"a": 1}, headers=FORGED)
    (request,) = asked(instance)
    assert request.headers["x-forwarded-for"] == "127.0.0.1"
    assert request.headers["x-forwarded-proto"] == "https"
    ours = ("x-payops-", "x-envoy-", "x-forwarded-", "x-real-ip", "forwarded")
    told = {name for name in request.headers if name.startswith(ours)}
    assert told == {"x-forwarded-for", "x-forwarded-proto"}
    assert request.json == {"a": 1}


def test_a_header_that_wsgi_would_take_for_another_is_refused(gate: Gate, instance: Server) -> None:
    answer = gate.get("/payments", headers={"X_Forwarded_For": "203.0.113.9"})
    assert is_problem(answer, 400, "GATEWAY_BAD_REQUEST")
    assert asked(instance) == []


@pytest.mark.parametrize("given", ["20251127123456-000123", "a.b_c-D", "a" * 128])
def test_a_good_request_id_is_kept(gate: Gate, instance: Server, given: str) -> None:
    assert gate.get("/payments/1", headers={"X-Request-Id": given}).headers["X-Request-Id"] == "of-the-api"
    assert asked(instance)[0].headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["not good!", "a" * 129, 'a"b', "a,b", ""])
def test_another_request_id_is_replaced(gate: Gate, instance: Server, given: str) -> None:
    gate.get("/payments/1", headers={"X-Request-Id": given})
    assert given != asked(instance)[0].headers["x-request-id"] != ""


def test_authorization_and_trace_are_passed_on(gate: Gate, instance: Server) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    gate.get("/payments/1?a=%2F", headers={"Authorization": "Bearer po_test_x", "traceparent": trace})
    (request,) = asked(instance)
    assert (request.headers["authorization"], request.headers["traceparent"]) == ("Bearer po_test_x", trace)
    assert request.path == "/payments/1?a=%2F"


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("size", "passes"), [(16_384, True), (16_385, False), (100_000, False)])
def test_a_body_has_16_kib(gate: Gate, instance: Server, size: int, passes: bool, chunked: bool) -> None:
    body = b"x" * size
    answer = gate.post("/payments/authorize", data=iter([body]) if chunked else body)
    assert len(asked(instance)) == passes
    assert answer.status_code == 200 if passes else is_problem(answer, 413, "GATEWAY_BODY_TOO_LARGE")


@pytest.mark.parametrize(("size", "passes"), [(8 * 2**20, True), (8 * 2**20 + 1, False)])
def test_a_settlement_file_has_8_mib(gate: Gate, instance: Server, size: int, passes: bool) -> None:
    headers = {"Authorization": f"Bearer {new_key(Prefix.OPERATOR).text}"}
    answer = gate.post("/reconciliation/files?name=a", data=b"x" * size, headers=headers)
    assert [len(request.body) for request in asked(instance)] == [size] * passes
    assert answer.status_code == 200 if passes else is_problem(answer, 413, "GATEWAY_BODY_TOO_LARGE")


@pytest.mark.parametrize("count", [70, 200])
def test_headers_have_a_limit(gate: Gate, instance: Server, count: int) -> None:
    answer = gate.get("/payments/1", headers={f"X-{number}": "a" for number in range(count)})
    assert is_problem(answer, 431, "GATEWAY_HEADERS_TOO_LARGE")
    assert asked(instance) == []


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("/payments/1", "/payments/1"),
        ("//payments///1", "/payments/1"),
        ("/payments/./x/../1", "/payments/1"),
        ("/payments/%2e%2e/payments/1", "/payments/1"),
        ("/payments/%31", "/payments/1"),
        ("/payments/%2f1", None),
        ("/payments%2F1", None),
        ("/payments/..%5cmetrics", None),
        ("/payments/\\..\\1", "/payments/1"),
    ],
)
def test_a_path_means_one_thing(gate: Gate, instance: Server, sent: str, got: str | None) -> None:
    said = gate.said(f"GET {sent} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert [request.path for request in asked(instance)] == ([] if got is None else [got])
    assert said.startswith(b"HTTP/1.1 200 " if got else b"HTTP/1.1 400 ")


INSIDE = [
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/swagger.css",
    "//metrics",
    "/payments/../metrics",
    "/metrics?a=1",
]


@pytest.fixture(scope="module", params=[True, False], ids=["inside", "outside"])
def network(request: pytest.FixtureRequest, answering: Server, leaf: Leaf) -> Iterator[tuple[bool, Gate]]:
    """Whether this machine is an insider of a gate, and the gate."""
    changed: dict[str, Any] = {"envoy_insiders": ["127.0.0.0/8" if request.param else "192.0.2.0/24"]}
    with Envoy(leaf.certificate, leaf.key, envoy_instances=[port(answering)], **changed) as envoy:
        yield request.param, Gate(envoy, leaf.authority)


@pytest.mark.parametrize("path", INSIDE)
def test_some_paths_are_for_insiders(instance: Server, network: tuple[bool, Gate], path: str) -> None:
    inside, gate = network
    said = gate.said(
        f"GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n".encode()
    )
    assert said.startswith(b"HTTP/1.1 200 " if inside else b"HTTP/1.1 403 ")
    assert len(asked(instance)) == inside


def test_the_acquirer_is_asked_for_tokens_alone(instance: Server, start: Start) -> None:
    with serving(lambda _request, _url: Answer(201, {"token": "tok_1"})) as acquirer:
        gate = start(port(instance), envoy_acquirer_address=f"127.0.0.1:{port(acquirer)}")
        assert gate.post("/acquirer/v1/tokens", json={}).json() == {"token": "tok_1"}
        gate.get("/acquirer/v1/tokens")
        gate.post("/acquirer/v1/captures", json={})
    assert [(request.method, request.path) for request in acquirer.requests] == [("POST", "/v1/tokens")]
    assert [request.path for request in asked(instance)] == ["/acquirer/v1/tokens", "/acquirer/v1/captures"]


def test_what_reads_in_clear_is_redirected(gate: Gate) -> None:
    answer = requests.get(f"http://127.0.0.1:{gate.envoy.plain_port}/a?b=1", allow_redirects=False, timeout=60)
    assert (answer.status_code, answer.headers["Location"]) == (308, f"{gate.envoy.url}/a?b=1")


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_what_may_move_money_in_clear_is_refused(gate: Gate, instance: Server, method: str) -> None:
    url = f"http://127.0.0.1:{gate.envoy.plain_port}/payments/authorize"
    assert is_problem(requests.request(method, url, json={}, timeout=60), 403, "GATEWAY_FORBIDDEN")
    assert asked(instance) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("credential", ["Bearer po_test_x", "Basic cG9fdGVzdF94Og==", ""])
def test_no_credential_in_clear_is_redirected(gate: Gate, instance: Server, method: str, credential: str) -> None:
    url = f"http://127.0.0.1:{gate.envoy.plain_port}/payments/1"
    headers = {"Authorization": credential}
    answer = requests.request(method, url, headers=headers, allow_redirects=False, timeout=60)
    assert (answer.status_code, "Location" in answer.headers) == (403, False)
    assert method == "HEAD" or is_problem(answer, 403, "GATEWAY_FORBIDDEN")
    assert asked(instance) == []


def test_every_answer_over_tls_says_that_tls_is_used_alone(gate: Gate) -> None:
    for answer in (gate.get("/payments/1"), gate.get("/payments/%2f"), gate.post("/a", data=b"x" * 20_000)):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
