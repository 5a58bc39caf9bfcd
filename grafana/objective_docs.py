"""The tables of the objectives in docs/observing.md, between two marks."""

from typing import Final

from grafana.service_levels import BURN_RATES, OBJECTIVES, PERIOD_DAYS, BurnRate, Objective

BEGIN: Final = "<!-- objectives: begin -->"
END: Final = "<!-- objectives: end -->"


def updated(page: str) -> str:
    """The page with the current tables. ValueError: it does not have both marks once, in order."""
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (begin and end) or page.count(BEGIN) + page.count(END) != 2:
        raise ValueError(f"{BEGIN} and {END} must be there once each")
    return f"{before}{BEGIN}\n{tables()}{END}{after}"


def tables() -> str:
    """The tables of objectives and of their alerts."""
    promises = "".join(objective_row(objective) for objective in OBJECTIVES)
    alerts = "".join(burn_row(burn) for burn in BURN_RATES)
    return (
        "| objective | of | good are those that | target | error budget |\n| --- | --- | --- | --- | --- |\n"
        f"{promises}\n"
        f"| alerts | burn rate | over | and still over | budget of {PERIOD_DAYS} days gone in | severity |\n"
        f"| --- | --- | --- | --- | --- | --- |\n{alerts}"
    )


def objective_row(objective: Objective) -> str:
    """The row of an objective."""
    burn_row = (objective.name, objective.requests, objective.good, f"{objective.target} %", objective.percent)
    return f"| {' | '.join(burn_row)} |\n"


def burn_row(burn: BurnRate) -> str:
    """The row of a burn rate, with the alerts of all objectives."""
    names = ", ".join(burn.alert(objective) for objective in OBJECTIVES)
    return f"| {names} | {burn.rate:g} | {burn.long} | {burn.short} | {burn.days} days | {burn.severity} |\n"
