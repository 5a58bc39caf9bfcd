"""Payment Service Overview: the first dashboard to read on call, from the request to the posting."""

from typing import Final

from grafana import breaker, events
from grafana.alerts import limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, UP, Kind, Panel, Query, above
from grafana.service_levels import AVAILABILITY, LATENCY, SLOW_SECONDS

SERVED: Final = 'flask_http_request_duration_seconds_count{url_rule!="/metrics"'
MONEY: Final = 'flask_http_request_duration_seconds_bucket{method="POST", url_rule=~"/payments/.*"}'
WINDOW: Final = "[$__rate_interval]"
UP_OR_DOWN: Final = ((0, "down", RED), (1, "up", GREEN))


def latency(quantile: float) -> Query:
    """One quantile of the money requests."""
    expr = f"histogram_quantile({quantile:g}, sum by (le) (rate({MONEY}{WINDOW})))"
    return Query(expr, f"p{quantile * 100:g}")


def share(statuses: str, legend: str) -> Query:
    """The share of the requests answered with such a status; 0 when there was none."""
    some = f'sum(rate({SERVED}, status=~"{statuses}"}}{WINDOW}))'
    return Query(f"({some} or vector(0)) / sum(rate({SERVED}}}{WINDOW}))", legend)


REQUESTS: Final = Row(
    "Requests",
    (
        Panel(
            "Request rate",
            "Requests a second by route, without Prometheus' own.",
            "reqps",
            (Query(f"sum by (method, url_rule) (rate({SERVED}}}{WINDOW}))", "{{method}} {{url_rule}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Latency of money requests",
            "Half, 95 % and 99 % of authorize, capture, refund and void are answered within this time. The objective: "
            f"{LATENCY.target} % within {SLOW_SECONDS:g} s.",
            "s",
            (latency(0.5), latency(0.95), latency(0.99)),
            above(yellow=0.25, red=SLOW_SECONDS),
        ),
        Panel(
            "Error rate",
            f"Share of requests answered with 5xx (our fault; the objective is {AVAILABILITY.percent}) and 4xx "
            "(theirs, or a limit).",
            "percentunit",
            (share("5..", "5xx"), share("4..", "4xx")),
            above(red=AVAILABILITY.budget),
        ),
    ),
)

COMMANDS: Final = Row(
    "Money",
    (
        Panel(
            "Commands by outcome",
            "Authorize, capture, refund and void, by what came of them. Failed: the database was away.",
            "ops",
            (Query(f"sum by (operation, outcome) (rate(payments_total{WINDOW}))", "{{operation}} {{outcome}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Amounts",
            "Minor units a second (won, cents) by operation and currency.",
            "short",
            (
                Query(
                    f"sum by (operation, currency) (rate(payments_amount_minor_total{WINDOW}))",
                    "{{operation}} {{currency}}",
                ),
            ),
            NO_LIMIT,
        ),
        Panel(
            "Refused by the rate limit",
            "Money requests a second above the limit (429), by operation.",
            "reqps",
            (Query(f"sum by (operation) (rate(rate_limit_rejections_total{WINDOW}))", "{{operation}}"),),
            above(red=limit("RateLimitFlood")),
            alert="RateLimitFlood",
        ),
        Panel(
            "Answered again",
            "Requests with a key that is known: they got the stored answer, and moved no money.",
            "reqps",
            (Query(f"sum by (operation) (rate(idempotency_replays_total{WINDOW}))", "{{operation}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Commands that wait for a writer",
            "The commit queues of all web workers of a machine. At 2,000 in one worker new commands are answered 503.",
            "short",
            (Query("sum by (node) (commit_queue_depth)", "{{node}}"),),
            above(red=limit("CommitQueueLong")),
            alert="CommitQueueLong",
        ),
        Panel(
            "Commands in one transaction",
            "Mean size of a group commit. It grows with the load: that is how the database keeps up.",
            "short",
            (Query(f"sum(rate(commit_batch_size_sum{WINDOW})) / sum(rate(commit_batch_size_count{WINDOW}))", "mean"),),
            NO_LIMIT,
        ),
    ),
)

PROCESSES: Final = Row(
    "Processes",
    (
        Panel(
            "Do they answer?",
            "Each process as Prometheus last scraped it.",
            "none",
            (Query('up{job=~"api|relay|ledger|housekeeping"}', "{{job}} {{instance}}"),),
            UP,
            Kind.STATES,
            width=24,
            names=UP_OR_DOWN,
        ),
    ),
)

BOARD: Final = Board(
    "payops-overview",
    "Payment Service Overview",
    "From the request to the posting: rates, latency, errors, Kafka, outbox, circuit breaker.",
    (
        REQUESTS,
        Row("Events", (events.CONSUMED, events.PUBLISHED, events.POSTED_AFTER, events.PENDING, events.OLDEST)),
        Row("Circuit breaker", (breaker.STATE, breaker.RATES, breaker.CALLS, breaker.NOT_PERMITTED)),
        COMMANDS,
        PROCESSES,
    ),
)
