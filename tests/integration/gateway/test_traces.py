"""Spans of Envoy: they join the client's trace, the api's join theirs, and none has what a log may not have."""

import json
from collections.abc import Iterator

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate, asked
from tests.integration.gateway.conftest import port
from tests.integration.gateway.test_access_log import KEY
from tests.otlp_collector import Collector, collecting
from tests.serving import Server
from tests.servers import until

CARD = "4111111111111111"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CLIENTS_SPAN = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(answering: Server, collector: Collector, leaf: Leaf) -> Iterator[Gate]:
    envoy = Envoy(leaf.certificate, leaf.key, envoy_instances=[port(answering)], envoy_otlp_endpoint=collector.url)
    with envoy:
        yield Gate(envoy, leaf.authority)


def span_of(collector: Collector, trace_id: str) -> Span:
    """The one span of a trace, when it has come."""
    (found,) = until(lambda: collector.spans.get(trace_id), f"a span of {trace_id}", seconds=30)
    service, span = found
    assert service == "payops-gate"
    return span


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def handed_on(instance: Server) -> tuple[str, str, str]:
    """Trace, parent and flags of the one request that the instance got."""
    (request,) = asked(instance)
    _version, trace_id, parent, flags = request.headers["traceparent"].split("-")
    return trace_id, parent, flags


def test_it_joins_the_trace_of_the_client(traced: Gate, instance: Server, collector: Collector) -> None:
    traced.get("/payments", headers={"traceparent": f"00-{TRACE}-{CLIENTS_SPAN}-01"})
    trace_id, parent, flags = handed_on(instance)
    span = span_of(collector, TRACE)
    assert (trace_id, parent, flags) == (TRACE, span.span_id.hex(), "01")
    assert span.parent_span_id.hex() == CLIENTS_SPAN
    assert (span.name, span.kind) == ("GET reads", Span.SPAN_KIND_SERVER)
    assert attributes(span)["http.status_code"] == "200"


def test_it_begins_a_trace(traced: Gate, instance: Server, collector: Collector) -> None:
    """Whatever the client calls its request: an id that is no UUID is traced as well."""
    traced.post("/payments/authorize", headers={"X-Request-Id": "order-7"}, json={})
    trace_id, parent, flags = handed_on(instance)
    span = span_of(collector, trace_id)
    assert (parent, flags) == (span.span_id.hex(), "01")
    assert (span.name, span.parent_span_id) == ("POST writes", b"")


def test_who_wants_no_trace_gets_none(traced: Gate, instance: Server, collector: Collector) -> None:
    unwanted = "a" * 32
    traced.get("/payments", headers={"traceparent": f"00-{unwanted}-{CLIENTS_SPAN}-00"})
    assert handed_on(instance)[0::2] == (unwanted, "00")
    instance.requests.clear()
    traced.get("/payments")
    span_of(collector, handed_on(instance)[0])  # sent after it
    assert unwanted not in collector.spans


def test_it_has_no_card_number_and_no_secret(traced: Gate, instance: Server, collector: Collector) -> None:
    headers = {"User-Agent": f"shop {CARD}", "X-Request-Id": CARD, "Authorization": f"Bearer {KEY}", "Referer": CARD}
    traced.get(f"/payments/{CARD}?merchantId={CARD}&q={KEY}", headers=headers)
    span = span_of(collector, handed_on(instance)[0])
    assert CARD not in str(span)
    assert "secretsecret" not in str(span)
    assert attributes(span)["http.url"] == attributes(span)["user_agent"] == "-"


def test_the_log_has_the_trace(traced: Gate, instance: Server) -> None:
    traced.get("/payments/77")
    trace_id = handed_on(instance)[0]

    def logged() -> list[str]:
        lines = [json.loads(line) for line in traced.envoy.access_log.read_text().splitlines()]
        return [line["trace"] for line in lines if line["path"] == "/payments/77"]

    assert until(logged, "it is logged") == [trace_id]
