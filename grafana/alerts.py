"""The limits of alerts, read from prometheus/rules, so that dashboards use the same numbers.

Without burn rates, whose rules are written from grafana/service_levels.py.
"""

import math
import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml

RULES: Final = Path(__file__).parents[1] / "prometheus/rules"
WRITTEN: Final = "objectives.yml"
_LIMIT: Final = re.compile(r"(?:[<>]=?|==) (\d+(?:\.\d+)?(?: \* \d+(?:\.\d+)?)*)$")


def limit(alert: str) -> float:
    """The limit of an alert. KeyError: unknown alert. ValueError: its expression does not end with a number."""
    return compared_with(_expressions()[alert])


def compared_with(expression: str) -> float:
    """The number that ends an expression, as in `… > 26 * 3600`, in the metric's unit. ValueError: there is none."""
    found = _LIMIT.search(expression)
    if not found:
        raise ValueError(f"this expression ends with no limit: {expression}")
    value = math.prod((float(factor) for factor in found[1].split(" * ")), start=1.0)
    return int(value) if value.is_integer() else value


def first_count(alert: str) -> float:
    """The first whole number that is above an alert's limit."""
    return limit(alert) + 1


@cache
def _expressions() -> dict[str, str]:
    files = [path for path in sorted(RULES.glob("*.yml")) if path.name != WRITTEN]
    groups = [group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return {rule["alert"]: str(rule["expr"]) for group in groups for rule in group["rules"] if "alert" in rule}
