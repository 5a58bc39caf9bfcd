"""Panels of events from outbox over Kafka to ledger, which several dashboards share."""

from typing import Final

from grafana.alerts import limit
from grafana.panel import NO_LIMIT, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"
LAG: Final = "ledger_lag_seconds_bucket"


def posted_within(quantile: float) -> Query:
    """One quantile of the time from commit to posting."""
    return Query(
        f"histogram_quantile({quantile:g}, sum by (le) (rate({LAG}{WINDOW})))",
        f"p{quantile * 100:g}",
    )


CONSUMED: Final = Panel(
    "Kafka consumption",
    "Messages a second that the ledger takes from each topic.",
    "ops",
    (Query(f"sum by (topic) (rate(ledger_events_total{WINDOW}))", "{{topic}}"),),
    NO_LIMIT,
)
PUBLISHED: Final = Panel(
    "Kafka publication",
    "Events a second that Kafka has confirmed to the relay, by topic.",
    "ops",
    (Query(f"sum by (topic) (rate(outbox_published_total{WINDOW}))", "{{topic}}"),),
    NO_LIMIT,
)
PENDING: Final = Panel(
    "Outbox: events that wait",
    "Committed with their payment, not yet confirmed by Kafka. They drain by themselves when Kafka is back. One call "
    "of the relay takes 500.",
    "short",
    (Query("max(outbox_pending)", "waiting"),),
    above(yellow=500, red=5000),
    width=12,
)
OLDEST: Final = Panel(
    "Outbox: age of the oldest",
    "How long the oldest event has waited for Kafka.",
    "s",
    (Query("max(outbox_oldest_age_seconds)", "oldest"),),
    above(yellow=10, red=limit("OutboxNotDraining")),
    width=12,
    alert="OutboxNotDraining",
)
BEHIND: Final = Panel(
    "Consumer lag",
    "Messages on Kafka that the ledger has not taken yet, all partitions.",
    "short",
    (Query("max(ledger_consumer_lag)", "messages"),),
    above(yellow=500, red=limit("LedgerBehind")),
    alert="LedgerBehind",
)
POSTED_AFTER: Final = Panel(
    "From commit to posting",
    "Half, 95 % and 99 % of the events are posted within this time after their commit.",
    "s",
    (posted_within(0.5), posted_within(0.95), posted_within(0.99)),
    above(yellow=5, red=limit("LedgerSlow")),
    alert="LedgerSlow",
)
