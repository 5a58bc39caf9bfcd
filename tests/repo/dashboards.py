"""The committed dashboards as the tests read them: panels with their place, and every query."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.repo.sources import ROOT

FOLDER: Final = ROOT / "grafana/dashboards"
DASHBOARDS: Final = sorted(FOLDER.glob("*.json"))


@dataclass(frozen=True)
class Asked:
    """One query of one panel."""

    dashboard: str
    panel: str
    letter: str
    expr: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.letter}"


def load(path: Path) -> dict[str, Any]:
    """A dashboard."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Its panels, also those below a folded row; without the rows."""
    found: list[dict[str, Any]] = []
    for part in dashboard["panels"]:
        found += part["panels"] if part["type"] == "row" else [part]
    return found


def queries(path: Path) -> Iterator[Asked]:
    """Every query of a dashboard's panels, and of its annotations."""
    dashboard = load(path)
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield Asked(path.stem, panel["title"], target["refId"], target["expr"])
    for annotation in dashboard["annotations"]["list"]:
        yield Asked(path.stem, f"annotation {annotation['name']}", "A", annotation["expr"])
