"""One payment is one trace in the collector, from its HTTP request to its posting."""

import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from stack.platform import Platform, real_platform
from tests.servers import until


class Collector(ThreadingHTTPServer):
    """A collector of OTLP over HTTP that stores spans by trace id."""

    daemon_threads = True

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[str, Span]]] = defaultdict(list)
        super().__init__(("127.0.0.1", 0), _Export)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, export: ExportTraceServiceRequest) -> None:
        for resource in export.resource_spans:
            service = next(
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            )
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans[span.trace_id.hex()].append((service, span))


class _Export(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.take(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


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
