"""Every file that `make dashboards` writes, with the text that it should have."""

from pathlib import Path
from typing import Final

from grafana import alerts, boards, objective_docs, objective_rules

ROOT: Final = Path(__file__).parents[1]
DASHBOARDS: Final = ROOT / "grafana/dashboards"
RULES: Final = alerts.RULES / alerts.WRITTEN
PAGE: Final = ROOT / "docs/observing.md"


def outputs() -> dict[Path, str]:
    """Path → text. Of the docs page only the tables are written; the rest is kept."""
    return {
        **{DASHBOARDS / name: text for name, text in boards.texts().items()},
        RULES: objective_rules.text(),
        PAGE: objective_docs.updated(PAGE.read_text(encoding="utf-8")),
    }
