"""Sends spans to an OpenTelemetry collector by OTLP over HTTP. Imported only when one is set: it costs memory and time.

A thread of its own sends the spans and drops them when the collector is away.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Link, SpanKind, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from sqlalchemy import Engine

from payments.masking import masked
from payments.platform.tracing.trace import HEADER
from payments.platform.tracing.traces import Kind

EXPORT_SECONDS: Final = 5
"""How long to wait for a collector."""
_PROPAGATOR: Final = TraceContextTextMapPropagator()


class _Masked(OTLPSpanExporter):
    """Sends spans masked as log lines are: the libraries quote URLs with their queries, and errors' texts."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send these."""
        return super().export([_masked(span) for span in spans])


class OtlpTraces:
    """The spans of this process."""

    def __init__(self, endpoint: str, service: str) -> None:
        """`endpoint`: the collector's address without a path (`http://host:4318`); `service`: this process's name."""
        exporter = _Masked(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
        self.provider = TracerProvider(resource=Resource.create({"service.name": service}))
        self.provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self.provider.get_tracer("payops")

    def watch(self, engines: Sequence[Engine]) -> None:
        """See payments.platform.tracing.traces."""
        # it declares SQLAlchemy below 2.1 only; tests/e2e/test_traces.py shows that it works with ours
        SQLAlchemyInstrumentor().instrument(engines=list(engines), tracer_provider=self.provider, skip_dep_check=True)

    def current(self) -> str:
        """See payments.platform.tracing.traces."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(HEADER, "")

    @contextmanager
    def batch(self, name: str, kind: Kind, traceparents: Sequence[str]) -> Iterator[None]:
        """See payments.platform.tracing.traces. A member without a valid traceparent gets no span."""
        contexts = [_PROPAGATOR.extract({HEADER: traceparent}, Context()) for traceparent in traceparents]
        members = [found for found in contexts if trace.get_current_span(found).get_span_context().is_valid]
        links = [Link(trace.get_current_span(member).get_span_context()) for member in members]
        begun = time.time_ns()
        try:
            with self._tracer.start_as_current_span(
                f"{name} batch", context=Context(), links=links, attributes={"batch.size": len(traceparents)}
            ) as whole:
                yield
        finally:
            for member in members:
                self._tracer.start_span(
                    name, member, SpanKind[kind.name], links=[Link(whole.get_span_context())], start_time=begun
                ).end()

    def close(self) -> None:
        """Send what is left."""
        self.provider.shutdown()


def _masked(span: ReadableSpan) -> ReadableSpan:
    events = [Event(event.name, masked(dict(event.attributes or {})), event.timestamp) for event in span.events]
    return ReadableSpan(
        masked(span.name),
        span.context,
        span.parent,
        span.resource,
        masked(dict(span.attributes or {})),
        events,
        span.links,
        span.kind,
        status=Status(span.status.status_code, masked(span.status.description)),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
