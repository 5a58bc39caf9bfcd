"""prometheus/rules/objectives.yml: the recording rules of each objective, and the alerts on its burn rates."""

import json
from typing import Final

from grafana import wording
from grafana.panel import RUNBOOK
from grafana.service_levels import BURN_RATES, OBJECTIVES, WINDOW, WINDOWS, BurnRate, Objective

HEADING: Final = """\
# Written by `make dashboards` from grafana/service_levels.py: change it there.
# The share of bad requests of each objective, and how fast its budget burns; a page when it would be gone within days.
# Refusals (4xx) are answers: they count as good.
"""


def text() -> str:
    """The whole file."""
    recorded = [recording(objective, window) for objective in OBJECTIVES for window in WINDOWS]
    alerts = [alert(objective, burn) for objective in OBJECTIVES for burn in BURN_RATES]
    return f"{HEADING}groups:\n{group('recorded-objectives', recorded)}\n{group('objectives', alerts)}"


def group(name: str, rules: list[str]) -> str:
    """A group of rules, which Prometheus evaluates one after the other."""
    return f"  - name: {name}\n    rules:\n{''.join(rules)}"


def recording(objective: Objective, window: str) -> str:
    """The recording rule of the share of bad requests over a window."""
    lines = objective.errors.replace(WINDOW, window).replace("\n", "\n          ")
    return f"""\
      - record: {objective.recorded(window)}
        expr: >-
          {lines}
"""


def alert(objective: Objective, burn: BurnRate) -> str:
    """Fires while the budget burns that fast over both windows."""
    name = burn.alert(objective)
    limit = f"{burn.rate:g} * {objective.budget:g}"
    return f"""\
      - alert: {name}
        expr: >-
          {objective.recorded(burn.long)} > {limit} and
          {objective.recorded(burn.short)} > {limit}
        labels:
          severity: {burn.severity}
          component: slo-{objective.name}
        annotations:
          summary: {json.dumps(f"The {objective.name} budget burns {how_fast(burn)}.")}
          runbook_url: {RUNBOOK}#{name.lower()}
"""


def how_fast(burn: BurnRate) -> str:
    """The rate in words: a whole multiple, and when the budget is used up."""
    if burn.rate == 1:
        return "faster than it is given"
    return f"{burn.rate:.0f} times too fast: gone in {wording.number(burn.days)} days"
