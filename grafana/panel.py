"""One panel: its queries, unit and limits; converts them for Grafana's builders."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as models

SOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="prometheus")
RUNBOOK: Final = "https://github.com/example/payops/blob/main/docs/runbook.md"
GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"
BLUE: Final = "blue"

Builder: TypeAlias = timeseries.Panel | stat.Panel | statetimeline.Panel


class Kind(Enum):
    """How a panel shows its queries."""

    GRAPH = "lines over time"
    NUMBER = "the last value"
    STATES = "named values over time"


@dataclass(frozen=True)
class Query:
    """PromQL, and the legend of its series."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Limits:
    """Colours by value: `first` below every step, then that of the last step that the value has reached."""

    first: str
    steps: tuple[tuple[float, str], ...] = ()


NO_LIMIT: Final = Limits(BLUE)
"""Of a rate: no value is bad by itself."""
UP: Final = Limits(RED, ((1, GREEN),))
"""Of a metric that is 1 (up) or 0 (down)."""


def above(*, red: float, yellow: float | None = None) -> Limits:
    """Green below the limits."""
    return Limits(GREEN, (*(((yellow, YELLOW),) if yellow is not None else ()), (red, RED)))


def below(*, red: float, yellow: float) -> Limits:
    """Green from `yellow` up, red below `red`."""
    return Limits(RED, ((red, YELLOW), (yellow, GREEN)))


@dataclass(frozen=True)
class Panel:
    """A panel without its position. `alert`: the alert that fires at its red limit; the panel links to its runbook."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    limits: Limits
    kind: Kind = Kind.GRAPH
    width: int = 8
    height: int = 8
    names: tuple[tuple[float, str, str], ...] = ()
    alert: str = ""
    least: float | None = 0
    maximum: float | None = None


def built(panel: Panel, number: int, x: int, y: int) -> Builder:
    """The panel for Grafana, with its id and position."""
    builder = _builder(panel)
    builder.id(number).title(panel.title).description(panel.description).datasource(SOURCE).unit(panel.unit)
    builder.grid_pos(models.GridPos(h=panel.height, w=panel.width, x=x, y=y))
    builder.thresholds(_thresholds(panel.limits))
    for index, query in enumerate(panel.queries):
        builder.with_target(_target(query, chr(ord("A") + index)))
    if panel.names:
        options = {
            f"{value:g}": models.ValueMappingResult(text=text, color=color, index=index)
            for index, (value, text, color) in enumerate(panel.names)
        }
        builder.mappings([models.ValueMap(options)])
    if panel.least is not None and panel.kind is Kind.GRAPH:
        builder.min(panel.least)
    if panel.maximum is not None:
        builder.max(panel.maximum)
    if panel.alert:
        builder.links([_runbook(panel.alert)])
    return builder


def _builder(panel: Panel) -> Builder:
    if panel.kind is Kind.GRAPH:
        return _graph(dashed=bool(panel.limits.steps))
    return _number() if panel.kind is Kind.NUMBER else _states()


def _target(query: Query, letter: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(query.expr).legend_format(query.legend).range().ref_id(letter).datasource(SOURCE)


def _thresholds(limits: Limits) -> dashboard_builders.ThresholdsConfig:
    steps = [models.Threshold(value=None, color=limits.first)]
    steps += [models.Threshold(value=value, color=color) for value, color in limits.steps]
    return dashboard_builders.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)


def _runbook(alert: str) -> dashboard_builders.DashboardLink:
    link = dashboard_builders.DashboardLink(f"Runbook: {alert}").type(models.DashboardLinkType.LINK)
    return link.url(f"{RUNBOOK}#{alert.lower()}").target_blank(True)


def _graph(*, dashed: bool) -> timeseries.Panel:
    shown = common.GraphThresholdsStyleMode.DASHED if dashed else common.GraphThresholdsStyleMode.OFF
    legend = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST).show_legend(True)
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(10)
        .show_points(common.VisibilityMode.NEVER)
        .thresholds_style(common_builders.GraphThresholdsStyleConfig().mode(shown))
        .legend(legend.placement(common.LegendPlacement.BOTTOM))
        .tooltip(tooltip.sort(common.SortOrder.DESCENDING))
    )


def _number() -> stat.Panel:
    last = common_builders.ReduceDataOptions().calcs(["lastNotNull"])
    return stat.Panel().color_mode(common.BigValueColorMode.BACKGROUND).reduce_options(last)


def _states() -> statetimeline.Panel:
    colors = dashboard_builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS)
    return statetimeline.Panel().merge_values(True).show_value(common.VisibilityMode.AUTO).color_scheme(colors)
