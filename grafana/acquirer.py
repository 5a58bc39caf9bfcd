"""Acquirer: calls and what they tell, the breaker before them, and what is not known yet."""

from typing import Final

from grafana.alerts import first_count, limit
from grafana.board import Board, Row
from grafana.panel import GREEN, NO_LIMIT, RED, YELLOW, Kind, Panel, Query, above

WINDOW: Final = "[$__rate_interval]"
CALLS: Final = "acquirer_operations_total"
DECIDED: Final = 'kind="authorization", outcome=~"approved|declined"'
DECLINED: Final = 'kind="authorization", outcome="declined"'
DURATION: Final = "acquirer_call_duration_seconds"
OPEN_OR_TRYING: Final = " + ".join(
    f'{number} * max by (connector) (acquirer_breaker_state{{state="{state}"}})'
    for number, state in ((2, "open"), (1, "half_open"))
)
"""Of several processes the worst: 3 when one is open and another lets trials through."""


def quantile(share: float) -> Query:
    """One quantile of the calls of requests."""
    expr = f"histogram_quantile({share:g}, sum by (le) (rate({DURATION}_bucket{WINDOW})))"
    return Query(expr, f"p{share * 100:g}")


NOW: Final = Row(
    "Now",
    (
        Panel(
            "Acquirer's breaker",
            "The worst of all processes, each of which has its own. Open: calls are refused at once, and so are new "
            "authorizations.",
            "none",
            (Query(OPEN_OR_TRYING, "{{connector}}"),),
            above(yellow=limit("AcquirerDown"), red=2),
            Kind.STATES,
            width=12,
            height=5,
            names=((0, "CLOSED", GREEN), (1, "HALF_OPEN", YELLOW), (2, "OPEN", RED), (3, "OPEN", RED)),
            alert="AcquirerDown",
        ),
        Panel(
            "Oldest unknown outcome",
            "Age of the oldest operation that may have happened, without the acquirer's word whether it has.",
            "s",
            (Query("max(acquirer_oldest_undecided_age_seconds)", "age"),),
            above(yellow=60, red=limit("AcquirerOutcomesUnknown")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="AcquirerOutcomesUnknown",
        ),
        Panel(
            "Waiting for an operator",
            "Operations that the acquirer said nothing about for a week, or contradicted itself about.",
            "short",
            (Query("max(acquirer_manual)", "operations"),),
            above(red=first_count("AcquirerManual")),
            Kind.NUMBER,
            width=6,
            height=5,
            alert="AcquirerManual",
        ),
    ),
)

REQUESTS: Final = Row(
    "Calls",
    (
        Panel(
            "Calls by what they told",
            "Calls a second, enquiries and cancels included. Unknown: no answer, or none that decides. Not sent: no "
            "connection.",
            "ops",
            (Query(f"sum by (outcome) (rate({CALLS}{WINDOW}))", "{{outcome}}"),),
            NO_LIMIT,
        ),
        Panel(
            "Decided operations by kind",
            "Operations a second that the acquirer has approved or declined.",
            "ops",
            (
                Query(
                    f'sum by (kind, outcome) (rate({CALLS}{{outcome=~"approved|declined"}}{WINDOW}))',
                    "{{kind}} {{outcome}}",
                ),
            ),
            NO_LIMIT,
        ),
        Panel(
            "Declined authorizations",
            "Their share of those that were decided in the last 15 minutes. The alert needs 20 decisions.",
            "percentunit",
            (
                Query(
                    f"sum(increase({CALLS}{{{DECLINED}}}[15m])) / "
                    f"clamp_min(sum(increase({CALLS}{{{DECIDED}}}[15m])), 1)",
                    "declined",
                ),
            ),
            above(red=limit("AcquirerDeclineRate")),
            maximum=1,
            alert="AcquirerDeclineRate",
        ),
        Panel(
            "Duration of the requests' calls",
            "From the first byte to the answer, or to what came instead. A call longer than 2 s counts as slow for the "
            "breaker.",
            "s",
            (quantile(0.5), quantile(0.95), quantile(0.99)),
            above(yellow=1, red=2),
            width=12,
        ),
        Panel(
            "Requests that wait for the acquirer",
            "Calls at this moment, of all web workers. A worker makes at most 64 at once.",
            "short",
            (Query("sum(acquirer_calls_in_flight)", "calls"),),
            NO_LIMIT,
            width=12,
        ),
    ),
)

REPAIR: Final = Row(
    "Repair",
    (
        Panel(
            "Operations that are not decided",
            "Under way, waiting to be sent by housekeeping, or asked about because their answer was lost.",
            "short",
            (Query("max(acquirer_undecided)", "operations"),),
            NO_LIMIT,
            width=12,
        ),
        Panel(
            "Age of the oldest unknown outcome",
            "It falls when housekeeping has asked the acquirer. It goes on while the database cannot be read.",
            "s",
            (Query("max(acquirer_oldest_undecided_age_seconds)", "age"),),
            above(yellow=60, red=limit("AcquirerOutcomesUnknown")),
            width=12,
            alert="AcquirerOutcomesUnknown",
        ),
    ),
)

BOARD: Final = Board(
    "payops-acquirer",
    "Acquirer",
    "Calls to the acquirer and what they told, its circuit breaker, and operations whose outcome is not known.",
    (NOW, REQUESTS, REPAIR),
)
