"""Kafka, as seen by its clients: the relay that publishes, the ledger that consumes."""

from dataclasses import replace
from typing import Final

from grafana import breaker, events, wording
from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, UP, Kind, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"
FAILED: Final = 'resilience4j_circuitbreaker_calls_seconds_count{kind="failed"}'
WAKE: Final = wording.number(int(first_count("KafkaUnreachable")))

NOW: Final = Row(
    "Now",
    (
        Panel(
            "Failed calls in a minute",
            f"Calls of the relay that Kafka did not confirm in time. {WAKE.capitalize()} in a minute, and "
            "a page fires.",
            "short",
            (Query(f"sum(increase({FAILED}[1m]))", "failed"),),
            above(yellow=1, red=limit("KafkaUnreachable")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="KafkaUnreachable",
        ),
        Panel(
            "Relay and ledger",
            "Kafka's two clients, as Prometheus last scraped them.",
            "none",
            (Query('min by (job) (up{job=~"relay|ledger"})', "{{job}}"),),
            UP,
            Kind.NUMBER,
            width=6,
            height=5,
            names=((0, "down", RED), (1, "up", GREEN)),
        ),
        Panel(
            "Messages not taken yet",
            "On Kafka, and not yet consumed by the ledger.",
            "short",
            (Query("max(ledger_consumer_lag)", "messages"),),
            events.BEHIND.limits,
            Kind.NUMBER,
            width=6,
            height=5,
            alert="LedgerBehind",
        ),
        Panel(
            "Events not published yet",
            "In the outbox, and not yet confirmed by Kafka.",
            "short",
            (Query("max(outbox_pending)", "events"),),
            events.PENDING.limits,
            Kind.NUMBER,
            width=6,
            height=5,
        ),
    ),
)

CONSUMER: Final = Row(
    "Consumer",
    (
        events.CONSUMED,
        events.BEHIND,
        Panel(
            "Repeated deliveries",
            "Messages a second that were there already: after a restart, or when a confirmation was lost. They are "
            "dropped.",
            "ops",
            (Query(f'sum by (topic) (rate(ledger_events_total{{outcome="repeated"}}{WINDOW}))', "{{topic}}"),),
            NO_LIMIT,
        ),
    ),
)

BOARD: Final = Board(
    "payops-kafka",
    "Kafka",
    "Publication and consumption as relay and ledger measure them; the broker's machine is on Hosts.",
    (
        NOW,
        Row("Producer", (events.PUBLISHED, replace(events.PENDING, width=8), replace(events.OLDEST, width=8))),
        CONSUMER,
        Row("Calls", (breaker.STATE, breaker.RATES, breaker.CALLS, breaker.DURATION, breaker.BUFFERED)),
    ),
)
