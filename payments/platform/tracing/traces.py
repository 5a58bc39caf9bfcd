"""The interface to OpenTelemetry. Without a collector nothing is recorded; `otlp` beside it sends spans.

A batch belongs to many traces: each trace gets a span of its own, linked with the span of the batch, whose children are
the statements.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import Protocol

from sqlalchemy import Engine


class Kind(Enum):
    """OpenTelemetry's SpanKind."""

    INTERNAL = "internal"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Traces(Protocol):
    """Records spans of the work of a process."""

    def watch(self, engines: Sequence[Engine]) -> None:
        """A span for each statement of these engines, without its parameters. To be called once."""

    def current(self) -> str:
        """The context of the span that is current now, as a traceparent; empty when there is none."""

    def close(self) -> None:
        """Send what is left."""

    def batch(self, name: str, kind: Kind, traceparents: Sequence[str]) -> AbstractContextManager[None]:
        """Around the work of a batch: a span `name` for it, and one in the trace of each member's `traceparent`."""


class NoTraces:
    """Records nothing, at no cost."""

    def watch(self, _engines: Sequence[Engine]) -> None:
        """Nothing."""

    def current(self) -> str:
        """Nothing."""
        return ""

    def close(self) -> None:
        """Nothing."""

    def batch(self, _name: str, _kind: Kind, _traceparents: Sequence[str]) -> AbstractContextManager[None]:
        """Nothing."""
        return nullcontext()
