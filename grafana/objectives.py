"""SLO: the remaining error budgets, their burn rates, and the routes that use them."""

from typing import Final

from grafana import wording
from grafana.board import Board, Row
from grafana.panel import NO_LIMIT, Kind, Panel, Query, above, below
from grafana.service_levels import (
    AVAILABILITY,
    LATENCY,
    SLOW,
    SLOW_SECONDS,
    VERY_FAST,
    WINDOWS,
    Objective,
)

LONGEST: Final = WINDOWS[-1]
DAYS: Final = wording.window(LONGEST)
BURNS: Final = (
    f"1 uses up the budget exactly. At {VERY_FAST.rate:g} over {VERY_FAST.long} and {VERY_FAST.short} it is gone in "
    f"{wording.number(VERY_FAST.days)} days: a page."
)


def errors(objective: Objective, window: str) -> str:
    """The recorded share of bad requests; 0 where there are requests but no series of 5xx yet."""
    recorded = objective.recorded(window)
    return f"({recorded} or 0 * {LATENCY.recorded(window)})" if objective == AVAILABILITY else recorded


def left(objective: Objective) -> Query:
    """The remaining budget of the longest window: 1 is all of it; below 0 it is overdrawn."""
    return Query(f"1 - {errors(objective, LONGEST)} / {objective.budget:g}", "left")


def burning(objective: Objective) -> tuple[Query, ...]:
    """The burn rate over each window: how many times faster than allowed the budget is used."""
    return tuple(Query(f"{errors(objective, window)} / {objective.budget:g}", window) for window in WINDOWS)


def firing(severity: str) -> Query:
    """The number of firing alerts of a severity."""
    return Query(f'count(ALERTS{{alertstate="firing", severity="{severity}"}}) or vector(0)', severity)


LEFT: Final = Row(
    "What is left",
    (
        Panel(
            "Availability: budget left",
            f"Of the errors that {DAYS} may have: {AVAILABILITY.percent} of {AVAILABILITY.requests}.",
            "percentunit",
            (left(AVAILABILITY),),
            below(red=0.1, yellow=0.5),
            Kind.NUMBER,
            height=5,
        ),
        Panel(
            "Latency: budget left",
            f"Of the slow answers that {DAYS} may have: {LATENCY.percent} of {LATENCY.requests}, slow above "
            f"{SLOW_SECONDS:g} s.",
            "percentunit",
            (left(LATENCY),),
            below(red=0.1, yellow=0.5),
            Kind.NUMBER,
            height=5,
        ),
        Panel(
            "Alerts that fire",
            "Pages are urgent, tickets wait for the morning. The watchdog, which always fires, is not counted.",
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
            BURNS,
            "short",
            burning(AVAILABILITY),
            above(yellow=SLOW.rate, red=VERY_FAST.rate),
            width=12,
            height=9,
            alert=VERY_FAST.alert(AVAILABILITY),
        ),
        Panel(
            "Latency: burn rate",
            BURNS,
            "short",
            burning(LATENCY),
            above(yellow=SLOW.rate, red=VERY_FAST.rate),
            width=12,
            height=9,
            alert=VERY_FAST.alert(LATENCY),
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
            above(yellow=0.1, red=SLOW_SECONDS),
        ),
        Panel(
            "95 % by route",
            "95 % of the requests of five minutes are answered within this time.",
            "s",
            (Query("url_rule:request_duration_seconds:p95_rate5m", "{{method}} {{url_rule}}"),),
            above(yellow=0.25, red=SLOW_SECONDS),
        ),
        Panel(
            "99 % by route",
            "99 % of the requests of five minutes are answered within this time.",
            "s",
            (Query("url_rule:request_duration_seconds:p99_rate5m", "{{method}} {{url_rule}}"),),
            above(yellow=0.25, red=SLOW_SECONDS),
        ),
    ),
)

BOARD: Final = Board(
    "payops-objectives",
    "SLO",
    f"Availability: {AVAILABILITY.target} % of {AVAILABILITY.requests} {AVAILABILITY.good}. Latency: "
    f"{LATENCY.target} % of those that succeed {LATENCY.good}.",
    (LEFT, BURNING, ROUTES),
    since="now-24h",
)
