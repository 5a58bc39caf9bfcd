"""Every series of the ledger exists before its first message, so that a rate has the first one."""

from itertools import product

from prometheus_client import CollectorRegistry

from payments.dead_letters.rules import ErrorType
from payments.ledger.posting import PostingOutcome
from payments.metrics import LedgerMetrics
from payments.outbox.rules import TOPICS


def test_all_series_start_at_zero() -> None:
    registry = CollectorRegistry()
    LedgerMetrics(registry)
    topics = sorted(TOPICS.values())
    for topic, outcome in product(topics, PostingOutcome):
        assert registry.get_sample_value("ledger_events_total", {"topic": topic, "outcome": outcome.value}) == 0
    for topic, kind in product(topics, ErrorType):
        assert registry.get_sample_value("dead_letters_total", {"topic": topic, "error_type": kind}) == 0
