"""A dashboard: rows of panels, laid out from left to right, with the links and variables that all dashboards share."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import dashboard as models

from grafana.panel import SOURCE, Panel, built

WIDTH: Final = 24
"""Columns of Grafana's grid."""
TAG: Final = "payops"


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """A dashboard. `node`: whether it has a choice of machines (`$node` in its queries)."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    node: bool = False
    since: str = "now-1h"


def dashboard(board: Board) -> models.Dashboard:
    """The dashboard as Grafana loads it."""
    builder = (
        builders.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .timezone("browser")
        .time(board.since, "now")
        .refresh("10s")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .annotation(_firing())
        .link(_others())
    )
    if board.node:
        builder.with_variable(_nodes())
    _place(builder, board.rows)
    return builder.build()


def _place(builder: builders.Dashboard, rows: tuple[Row, ...]) -> None:
    number = y = 0
    for row in rows:
        number += 1
        builder.with_row(builders.Row(row.title).id(number).grid_pos(models.GridPos(h=1, w=WIDTH, x=0, y=y)))
        y += 1
        x = highest = 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, highest = 0, y + highest, 0
            number += 1
            builder.with_panel(built(panel, number, x, y))
            x += panel.width
            highest = max(highest, panel.height)
        y += highest


def _firing() -> builders.AnnotationQuery:
    expr = 'ALERTS{alertstate="firing", severity="page"}'
    return builders.AnnotationQuery().name("Pages").datasource(SOURCE).enable(True).icon_color("red").expr(expr)


def _others() -> builders.DashboardLink:
    link = builders.DashboardLink("Other dashboards").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(True).keep_time(True)


def _nodes() -> builders.QueryVariable:
    every = models.VariableOption(text="All", value="$__all")
    variable = (
        builders.QueryVariable("node").label("Machine").datasource(SOURCE).query('label_values(up{job="node"}, node)')
    )
    variable.refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)
    return variable.multi(True).include_all(True).all_value(".*").current(every)
