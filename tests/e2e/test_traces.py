"""One payment is one trace in the collector, from its HTTP request to its posting."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stack.certificates import Authority
from stack.envoy import Envoy
from stack.platform import Platform, real_platform
from tests.otlp_collector import Collector, collecting
from tests.servers import until


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def platform(collector: Collector) -> Iterator[Platform]:
    with real_platform({"APP_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}) as platform:
        yield platform


def pay(platform: Platform, key: str, trace_id: str) -> int:
    body = {"merchantId": "M1", "amount": 1000, "currency": "KRW", "idempotencyKey": key}
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    answer = requests.post(f"{platform.api.url}/payments/authorize", json=body, headers=headers, timeout=10)
    assert answer.status_code == 200
    return int(answer.json()["paymentId"])


def names(collector: Collector, trace_id: str) -> dict[str, tuple[str, Span]]:
    return {span.name: (service, span) for service, span in list(collector.spans[trace_id])}


def is_there(collector: Collector, trace_id: str, name: str) -> bool:
    return name in names(collector, trace_id)


def test_one_payment_is_one_trace(platform: Platform, collector: Collector) -> None:
    trace_id = f"{random.getrandbits(128):032x}"
    pay(platform, "traced", trace_id)
    wanted = {"POST /payments/authorize", "commit", "publish", "post"}
    until(lambda: wanted <= names(collector, trace_id).keys(), f"all of {wanted} are there")

    spans = names(collector, trace_id)
    assert {name: spans[name][0] for name in wanted} == {
        "POST /payments/authorize": "payops-api",
        "commit": "payops-api",
        "publish": "payops-relay",
        "post": "payops-ledger",
    }
    server = spans["POST /payments/authorize"][1]
    assert server.kind == Span.SPAN_KIND_SERVER
    assert server.parent_span_id.hex() == "00f067aa0ba902b7"
    for name, kind in (
        ("commit", Span.SPAN_KIND_INTERNAL),
        ("publish", Span.SPAN_KIND_PRODUCER),
        ("post", Span.SPAN_KIND_CONSUMER),
    ):
        span = spans[name][1]
        assert (span.parent_span_id, span.kind) == (server.span_id, kind)
        assert span.start_time_unix_nano <= span.end_time_unix_nano
    assert server.start_time_unix_nano < spans["publish"][1].start_time_unix_nano < spans["post"][1].end_time_unix_nano


def test_the_statements_stand_under_the_batch_that_the_payment_is_linked_to(
    platform: Platform, collector: Collector
) -> None:
    trace_id = f"{random.getrandbits(128):032x}"
    pay(platform, "linked", trace_id)
    until(lambda: {"commit", "post"} <= names(collector, trace_id).keys(), "commit and post are there")
    for name in ("commit", "post"):
        (link,) = names(collector, trace_id)[name][1].links
        batch = link.trace_id.hex()
        until(partial(is_there, collector, batch, f"{name} batch"), "its batch is there")
        texts = [str(span) for _, span in collector.spans[batch]]
        statements = [text for text in texts if "INSERT INTO" in text]
        assert statements
        assert "linked" not in str(statements), "parameters stay out of traces"


def test_the_span_of_the_gateway_is_the_parent_of_the_apis(
    platform: Platform, collector: Collector, tmp_path: Path
) -> None:
    trace_id = f"{random.getrandbits(128):032x}"
    leaf = Authority(tmp_path).leaf()
    envoy = Envoy(leaf.certificate, leaf.key, envoy_instances=[platform.api.port], envoy_otlp_endpoint=collector.url)
    with envoy:
        headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
        answer = requests.get(
            f"{envoy.url}/payments?merchantId=M1", headers=headers, verify=str(leaf.authority), timeout=10
        )
        assert answer.status_code == 200
        wanted = {"GET reads", "GET /payments"}
        until(lambda: wanted <= names(collector, trace_id).keys(), f"all of {wanted} are there")
    (gate, outer), (api, inner) = (names(collector, trace_id)[name] for name in ("GET reads", "GET /payments"))
    assert (gate, api) == ("payops-gate", "payops-api")
    assert outer.parent_span_id.hex() == "00f067aa0ba902b7"
    assert inner.parent_span_id == outer.span_id
