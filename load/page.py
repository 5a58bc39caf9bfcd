"""The report as one HTML file: no scripts, nothing from elsewhere, light and dark, wide and narrow."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from load import charts
from load.figures import LoadResult, Row, Threshold
from load.recording import KINDS, thinned
from load.report import Report

TEMPLATE: Final = Path(__file__).with_name("page.html")
POINT_LIMIT: Final = 400


def write(report: Report, path: Path) -> None:
    """Write the page."""
    samples = thinned(report.samples, POINT_LIMIT)
    page = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Load: {report.profile}"),
        results=_result(report.result) + _result(report.audit_result),
        facts="".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in report.facts()),
        requests=_requests(report.rows),
        charts=charts.all_of(samples, report.p95_bound),
        thresholds=_thresholds(report.thresholds),
        audit=_audit(report),
        notes="".join(f"<p>{escape(note)}</p>" for note in report.notes()),
    )
    path.write_text(page, encoding="utf-8")


def _result(result: LoadResult) -> str:
    return f'<p class="result {"good" if result.good else "bad"}">{escape(result.text)}</p>'


def _requests(rows: Sequence[Row]) -> str:
    """A column for each kind: there are three, and phones are narrow."""
    columns: tuple[tuple[str, Callable[[Row], str]], ...] = (
        ("answered 200", lambda row: f"{row.ok:,}"),
        ("a second", lambda row: f"{row.rate:,.1f}"),
        ("errors", lambda row: f"{row.errors:,}"),
        ("refused (429)", lambda row: f"{row.limited:,}"),
        ("median ms", lambda row: f"{row.median:,.1f}"),
        ("p95 ms", lambda row: f"{row.p95:,.1f}"),
        ("p99 ms", lambda row: f"{row.p99:,.1f}"),
    )
    return _table(("", *(row.kind for row in rows)), ((name, *map(show, rows)) for name, show in columns))


def _thresholds(found: Sequence[Threshold]) -> str:
    cells = ((one.name, one.bound, f"{one.seen:,.4g}", "held" if one.held else "CROSSED") for one in found)
    return _table(("what", "bound", "seen", "result"), cells)


def _audit(report: Report) -> str:
    found = report.finding
    cells = (
        (
            kind, f"{found.answered[kind]:,}", f"{found.posted[kind]:,}",
            "the same" if found.answered[kind] == found.posted[kind] else "DIFFERENT",
        )
        for kind in KINDS
    )  # fmt: skip
    return _table(("request", "answered 200", "in the ledger", "result"), cells)


def _table(head: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """A table; a first row of names."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in cells)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
