"""Panels of the circuit breaker between relay and Kafka, with Resilience4j's names."""

from typing import Final

from grafana.panel import BLUE, GREEN, NO_LIMIT, RED, YELLOW, Kind, Panel, Query, above

PREFIX: Final = "resilience4j_circuitbreaker_"
WINDOW: Final = "[$__rate_interval]"
NAMES: Final = (
    (0, "CLOSED", GREEN),
    (1, "OPEN", RED),
    (2, "HALF_OPEN", YELLOW),
    (3, "DISABLED", BLUE),
    (4, "FORCED_OPEN", RED),
    (5, "FORCED_HALF_OPEN", YELLOW),
)


def state() -> str:
    """The state as its number; a standby relay exports closed, which is 0."""
    each = [
        f'{number:g} * max by (name) ({PREFIX}state{{state="{name.lower()}"}})' for number, name, _color in NAMES[1:]
    ]
    return " + ".join(each)


def window(metric: str) -> Query:
    """Calls in the window by kind."""
    return Query(f"max by (name, kind) ({PREFIX}{metric})", metric.replace("_", " ") + " {{kind}}")


STATE: Final = Panel(
    "Breaker: state",
    "The state of each breaker by name. Open: nothing is published, events wait in the outbox, payments go on.",
    "none",
    (Query(state(), "{{name}}"),),
    above(red=1),
    Kind.STATES,
    width=12,
    names=NAMES,
    alert="BreakerNotClosed",
)
RATES: Final = Panel(
    "Breaker: failure and slow rate",
    "Percent of the calls in the window that failed, and that took longer than 5 s. It opens at 50; -1: there are too "
    "few calls to decide.",
    "percent",
    (
        Query(f"max by (name) ({PREFIX}failure_rate)", "{{name}} failed"),
        Query(f"max by (name) ({PREFIX}slow_call_rate)", "{{name}} slow"),
    ),
    above(yellow=25, red=50),
    width=12,
    least=-1,
    maximum=100,
)
CALLS: Final = Panel(
    "Breaker: calls by kind",
    "Calls to Kafka a second. One call hands over up to 500 events.",
    "ops",
    (Query(f"sum by (name, kind) (rate({PREFIX}calls_seconds_count{WINDOW}))", "{{name}} {{kind}}"),),
    NO_LIMIT,
    width=12,
)
NOT_PERMITTED: Final = Panel(
    "Breaker: not permitted",
    "Calls a second that the breaker refused. While it is open and events wait, it is asked once a second.",
    "ops",
    (Query(f"sum by (name) (rate({PREFIX}not_permitted_calls_total{WINDOW}))", "{{name}}"),),
    above(red=0.5),
    width=12,
)
DURATION: Final = Panel(
    "Mean duration of a call",
    "From the first produced event until all are confirmed. Longer than 5 s is slow, at 8 s it has failed.",
    "s",
    (
        Query(
            f"sum by (name, kind) (rate({PREFIX}calls_seconds_sum{WINDOW})) / "
            f"sum by (name, kind) (rate({PREFIX}calls_seconds_count{WINDOW}))",
            "{{name}} {{kind}}",
        ),
    ),
    above(yellow=5, red=8),
    width=12,
)
BUFFERED: Final = Panel(
    "Calls in the window",
    "The window by which the breaker decides: the last 20 calls, and how many of them were slow.",
    "short",
    (window("buffered_calls"), window("slow_calls")),
    NO_LIMIT,
    width=12,
)
