"""SLO: how much of the error budgets is left, how fast they burn, and which routes burn them."""

from typing import Final

from grafana.board import Board, Row
from grafana.panel import NO_LIMIT, Kind, Panel, Query, above, below

AVAILABILITY: Final = 0.001
"""Share of the money requests that may be answered with 5xx."""
LATENCY: Final = 0.01
"""Share of those that succeed which may take longer than 0.5 s."""
WINDOWS: Final = ("5m", "30m", "1h", "6h", "3d")


def errors(objective: str, window: str) -> str:
    """The recorded share of bad requests; before the first 5xx there is none: then 0, where there are requests."""
    recorded = f"slo:{objective}_errors:ratio_rate{window}"
    return f"({recorded} or 0 * slo:latency_errors:ratio_rate{window})" if objective == "availability" else recorded


def left(objective: str, budget: float) -> Query:
    """What is left of the budget of the last three days: 1 is all of it, below 0 it is overdrawn."""
    return Query(f"1 - {errors(objective, '3d')} / {budget:g}", "left")


def burning(objective: str, budget: float) -> tuple[Query, ...]:
    """How many times faster than it is given the budget is used up, over each window."""
    return tuple(Query(f"{errors(objective, window)} / {budget:g}", window) for window in WINDOWS)


def firing(severity: str) -> Query:
    """How many alerts of a severity fire now."""
    return Query(f'count(ALERTS{{alertstate="firing", severity="{severity}"}}) or vector(0)', severity)


LEFT: Final = Row(
    "What is left",
    (
        Panel(
            "Availability: budget left",
            "Of the errors that three days may have: 0.1 % of the money requests.",
            "percentunit",
            (left("availability", AVAILABILITY),),
            below(red=0.1, yellow=0.5),
            Kind.NUMBER,
            height=5,
        ),
        Panel(
            "Latency: budget left",
            "Of the slow answers that three days may have: 1 % of the money requests that succeed, slow above 0.5 s.",
            "percentunit",
            (left("latency", LATENCY),),
            below(red=0.1, yellow=0.5),
            Kind.NUMBER,
            height=5,
        ),
        Panel(
            "Alerts that fire",
            "Pages wake somebody, tickets wait for the morning. The watchdog, which always fires, is not counted.",
            "short",
            (firing("page"), firing("ticket")),
            above(red=1),
            Kind.NUMBER,
            height=5,
        ),
    ),
)

BURNING: Final = Row(
    "How fast it burns",
    (
        Panel(
            "Availability: burn rate",
            "1 uses up the budget exactly. At 14.4 over 1h and 5m it is gone in two days: somebody is woken.",
            "short",
            burning("availability", AVAILABILITY),
            above(yellow=1, red=14.4),
            width=12,
            height=9,
            alert="AvailabilityBurnsVeryFast",
        ),
        Panel(
            "Latency: burn rate",
            "1 uses up the budget exactly. At 14.4 over 1h and 5m it is gone in two days: somebody is woken.",
            "short",
            burning("latency", LATENCY),
            above(yellow=1, red=14.4),
            width=12,
            height=9,
            alert="LatencyBurnsVeryFast",
        ),
    ),
)

ROUTES: Final = Row(
    "Which routes",
    (
        Panel(
            "Requests by route",
            "A second, over five minutes.",
            "reqps",
            (Query("url_rule:requests:rate5m", "{{method}} {{url_rule}}"),),
            NO_LIMIT,
            width=12,
        ),
        Panel(
            "5xx by route",
            "A second, over five minutes. 0 where nothing went wrong.",
            "reqps",
            (Query("url_rule:errors:rate5m or 0 * url_rule:requests:rate5m", "{{method}} {{url_rule}}"),),
            above(red=0.1),
            width=12,
        ),
        Panel(
            "Median by route",
            "Half of the requests of five minutes are answered within this time.",
            "s",
            (Query("url_rule:request_duration_seconds:p50_rate5m", "{{method}} {{url_rule}}"),),
            above(yellow=0.1, red=0.5),
        ),
        Panel(
            "95 % by route",
            "95 % of the requests of five minutes are answered within this time.",
            "s",
            (Query("url_rule:request_duration_seconds:p95_rate5m", "{{method}} {{url_rule}}"),),
            above(yellow=0.25, red=0.5),
        ),
        Panel(
            "99 % by route",
            "99 % of the requests of five minutes are answered within this time.",
            "s",
            (Query("url_rule:request_duration_seconds:p99_rate5m", "{{method}} {{url_rule}}"),),
            above(yellow=0.25, red=0.5),
        ),
    ),
)

BOARD: Final = Board(
    "payops-objectives",
    "SLO",
    "Availability: 99.9 % of the money requests are answered without 5xx. Latency: 99 % of those that succeed take at "
    "most 0.5 s.",
    (LEFT, BURNING, ROUTES),
    since="now-24h",
)
