"""Service level objectives: objectives of the money requests, and the burn rates of their alerts.

`make dashboards` writes the rules, the dashboards' limits and the docs' tables from this file.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PERIOD_DAYS: Final = 30
"""Days for which a budget lasts."""
SLOW_SECONDS: Final = 0.5
"""Slower answers are bad. It must be a bucket of flask_http_request_duration_seconds."""
WINDOW: Final = "$window"
"""Placeholder of the window in an expression."""
DURATION: Final = "flask_http_request_duration_seconds"
MONEY: Final = 'method="POST", url_rule=~"/payments/(authorize|capture|refund|void).*"'
_SECONDS: Final = {"m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Objective:
    """A share of `requests` that must be `good`: `target` percent. `errors`: the share of bad ones in PromQL."""

    name: str
    target: Decimal
    requests: str
    good: str
    errors: str

    @property
    def budget(self) -> float:
        """The share that may be bad, from 0 to 1."""
        return float((100 - self.target) / 100)

    @property
    def percent(self) -> str:
        """The budget in percent, as text."""
        return f"{100 - self.target} %"

    def recorded(self, window: str) -> str:
        """The name of the recording rule of the share of bad requests over a window."""
        return f"slo:{self.name}_errors:ratio_rate{window}"


@dataclass(frozen=True)
class BurnRate:
    """An alert of each objective: over the long and still over the short window, `rate` times the errors allowed.

    The short window ends the alert soon after the errors end. 1 uses up the budget in exactly its period.
    """

    suffix: str
    rate: float
    long: str
    short: str
    severity: str

    @property
    def days(self) -> int:
        """Days until the budget is used up at this rate."""
        return round(PERIOD_DAYS / self.rate)

    def alert(self, objective: Objective) -> str:
        """The alert's name."""
        return f"{objective.name.capitalize()}Burns{self.suffix}"


AVAILABILITY: Final = Objective(
    "availability",
    Decimal("99.9"),
    "the money requests",
    "are answered without 5xx",
    f'sum(rate({DURATION}_count{{{MONEY}, status=~"5.."}}[{WINDOW}]))\n'
    f"/ sum(rate({DURATION}_count{{{MONEY}}}[{WINDOW}]))",
)
LATENCY: Final = Objective(
    "latency",
    Decimal(99),
    "the money requests that succeed",
    f"take at most {SLOW_SECONDS:g} s",
    f"1 - sum(rate({DURATION}_bucket{{\n"
    f'{MONEY}, status="200", le="{SLOW_SECONDS:g}"}}[{WINDOW}]))\n'
    f'/ sum(rate({DURATION}_count{{{MONEY}, status="200"}}[{WINDOW}]))',
)
OBJECTIVES: Final = (AVAILABILITY, LATENCY)

VERY_FAST: Final = BurnRate("VeryFast", 14.4, "1h", "5m", "page")
FAST: Final = BurnRate("Fast", 6, "6h", "30m", "page")
SLOW: Final = BurnRate("", 1, "3d", "6h", "ticket")
BURN_RATES: Final = (VERY_FAST, FAST, SLOW)


def seconds(window: str) -> int:
    """The length of a window such as 30m, in seconds."""
    return int(window[:-1]) * _SECONDS[window[-1]]


WINDOWS: Final = tuple(sorted({window for burn in BURN_RATES for window in (burn.long, burn.short)}, key=seconds))
"""The recorded windows, shortest first."""
