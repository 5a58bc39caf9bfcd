"""Spans of Envoy: they join the client's trace, the api's join theirs, and none has what a log may not have."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stack.certificates import Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate, asked
from tests.integration.gateway.conftest import port
from tests.integration.gateway.test_access_log import KEY
from tests.otlp_collector import Collector, collecting
from tests.servers import until
from tests.serving import Server

CARD = "4111111111111111"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UNWANTED = "a" * 32
CLIENTS_SPAN = "00f067aa0ba902b7"
SENT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "joins": ("GET", "/payments", {"headers": {"traceparent": f"00-{TRACE}-{CLIENTS_SPAN}-01"}}),
    "unwanted": ("GET", "/payments", {"headers": {"traceparent": f"00-{UNWANTED}-{CLIENTS_SPAN}-00"}}),
    # a client may call its request what it likes: an id that is no UUID is traced as well
    "begins": ("POST", "/payments/authorize", {"headers": {"X-Request-Id": "order-7"}, "json": {}}),
    "sensitive": (
        "GET",
        f"/payments/{CARD}?merchantId={CARD}&q={KEY}",
        {"headers": {"User-Agent": f"a {CARD}", "X-Request-Id": CARD, "Authorization": f"Bearer {KEY}"}},
    ),
}


@dataclass(frozen=True)
class HandedOn:
    """What an instance was told: the trace, the span that is the parent of its own, and whether it is wanted."""

    trace: str
    parent: str
    flags: str


@dataclass(frozen=True)
class Traced:
    """All requests sent, and all spans that came of them."""

    gate: Gate
    handed_on: dict[str, HandedOn]
    collector: Collector

    def span(self, name: str) -> Span:
        """The one span of a request."""
        ((service, span),) = self.collector.spans[self.handed_on[name].trace]
        assert service == "payops-gate"
        return span


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def sent(gate: Gate, instance: Server, name: str) -> HandedOn:
    instance.requests.clear()
    method, path, more = SENT[name]
    assert gate.ask(method, path, **more).status_code == 200
    (request,) = asked(instance)
    return HandedOn(*request.headers["traceparent"].split("-")[1:])


@pytest.fixture(scope="module")
def traced(answering: Server, leaf: Leaf) -> Iterator[Traced]:
    with (
        collecting() as collector,
        Envoy(
            leaf.certificate, leaf.key, envoy_instances=[port(answering)], envoy_otlp_endpoint=collector.url
        ) as envoy,
    ):
        gate = Gate(envoy, leaf.authority)
        handed_on = {name: sent(gate, answering, name) for name in SENT}
        last = handed_on["sensitive"].trace
        until(lambda: last in collector.spans, "the last span has come", seconds=60, interval=0.1)
        yield Traced(gate, handed_on, collector)


def test_it_joins_the_trace_of_the_client(traced: Traced) -> None:
    span = traced.span("joins")
    assert traced.handed_on["joins"] == HandedOn(TRACE, span.span_id.hex(), "01")
    assert span.parent_span_id.hex() == CLIENTS_SPAN
    assert (span.name, span.kind) == ("GET reads", Span.SPAN_KIND_SERVER)
    assert attributes(span)["http.status_code"] == "200"


def test_it_begins_a_trace(traced: Traced) -> None:
    span, told = traced.span("begins"), traced.handed_on["begins"]
    assert (told.parent, told.flags) == (span.span_id.hex(), "01")
    assert (span.name, span.parent_span_id) == ("POST writes", b"")


def test_who_wants_no_trace_gets_none(traced: Traced) -> None:
    told = traced.handed_on["unwanted"]
    assert (told.trace, told.flags) == (UNWANTED, "00")
    assert UNWANTED not in traced.collector.spans


def test_it_has_no_card_number_and_no_secret(traced: Traced) -> None:
    span = traced.span("sensitive")
    assert CARD not in str(span)
    assert "secretsecret" not in str(span)
    assert attributes(span)["http.url"] == attributes(span)["user_agent"] == "-"


def test_the_log_has_the_trace(traced: Traced) -> None:
    def logged() -> set[str]:
        return {json.loads(line)["trace"] for line in traced.gate.envoy.access_log.read_text().splitlines()}

    wanted = {told.trace for name, told in traced.handed_on.items() if name != "unwanted"}
    until(lambda: wanted <= logged(), "it is logged")
