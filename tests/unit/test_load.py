"""load/ on k6's metrics and recordings: results, thinning, axes. What needs k6 is in tests/integration."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from load import authorities, charts, figures, k6
from load.api import Api
from load.audit import Audit
from load.errors import NotRun
from load.recording import Recording, Sample, thinned
from stack.certificates import Authority


def sample(at: float, requests: float = 10.0, p95: float = 5.0, errors: float = 0.0) -> Sample:
    return Sample(at=at, requests=requests, median=1, p95=p95, p99=p95, errors=errors, limited=0, dropped=0)


def metric(seen: float, held: bool) -> dict[str, Any]:
    return {"values": {"p(95)": seen}, "thresholds": {"p(95)<100": {"ok": held}}}


def test_a_crossed_threshold_is_named_with_what_was_seen() -> None:
    result = figures.result({"http_req_duration{scenario:after}": metric(120.5, False), "errors": metric(0, True)})
    assert result == figures.LoadResult(False, "Crossed: latency in ms of after p(95)<100 (120.5).")


def test_thresholds_come_in_the_order_of_the_steps() -> None:
    names = ["rate_1000", "rate_50", "rate_200"]
    found = figures.thresholds({f"errors{{scenario:{name}}}": metric(0, True) for name in names})
    assert [one.scenario for one in found] == ["rate_50", "rate_200", "rate_1000"]


def test_a_kind_of_request_that_never_succeeded_has_a_row() -> None:
    times = {"values": {"med": 1.0, "p(95)": 2.0, "p(99)": 3.0}}
    (row,) = figures.rows({"authorize_duration": times, "authorize_errors": {"values": {"count": 4}}})
    assert (row.kind, row.ok, row.rate, row.errors) == ("authorize", 0, 0.0, 4)


def test_thinning_keeps_the_worst_and_the_mean_rate() -> None:
    found = thinned([sample(1, 10, 5), sample(2, 30, 90, errors=2), sample(3, 7)], 2)
    assert [(one.at, one.requests, one.p95, one.errors) for one in found] == [(2, 20, 90, 2), (3, 7, 5, 0)]
    assert thinned([], 2) == []


def test_a_line_that_is_still_being_written_is_read_later(tmp_path: Path) -> None:
    path = tmp_path / "seconds.ndjson"
    recording = Recording(path)
    assert recording.read() == []
    aggregates = {"trend": ["med", "p(95)", "p(99)"], "counter": ["count", "rate"]}
    names = {"http_reqs": "counter", "capture_errors": "counter", "http_req_duration": "trend", "time": "gauge"}
    events = [
        ("param", {"aggregates": aggregates}),
        ("metric", {name: {"type": kind} for name, kind in names.items()}),
        ("start", [[1000.0]]),
        ("cumulative", [[]]),
        ("snapshot", [[2, 2.0], [1, 2, 3], [20, 20.0], [2000.0]]),
        ("snapshot", [[], [], [5, 5.0], [3000.0]]),
    ]
    text = "".join(json.dumps({"event": event, "data": data}) + "\n" for event, data in events)
    path.write_text(text[:-9])
    assert recording.read() == [Sample(1.0, 20.0, 1, 2, 3, 2.0, 0, 0)]
    path.write_text(text)
    assert recording.read() == [Sample(2.0, 5.0, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (5.1, 10), (120, 200), (2001, 5000)])
def test_axes_end_with_a_plain_number(value: float, top: float) -> None:
    drawn = charts.draw(charts.RATE, [sample(1, value)])
    assert f"<span>{top:,}</span>" in drawn


def test_a_chart_without_seconds_is_drawn() -> None:
    assert "0:01" in charts.all_of([], 100.0)


def test_the_clock_counts_minutes() -> None:
    assert [k6.clock(seconds) for seconds in (0, 59.9, 61, 3600)] == ["0:00", "0:59", "1:01", "60:00"]


def test_k6_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRun, match=r"^k6 is not installed; `make setup` brings it, on a machine the role k6\.$"):
        k6.find()


@dataclass(frozen=True)
class Behind(Api):
    """An API whose ledger is never complete, with or without the answered amounts."""

    debits: int

    def balances(self, _merchant: str) -> dict[str, dict[str, int]]:
        return {"customer_hold": {"debits": self.debits, "credits": 0}}

    def in_flight(self) -> bool:
        return True

    def pay(self, _path: str, _body: dict[str, Any], _key: str, _api_key: str) -> int:
        return 503


def compared(debits: int, unknown: list[dict[str, Any]]) -> list[str]:
    audit = Audit(Behind("", "", debits), ["M"], lambda: ("fine", True), posted_seconds=0, settle_seconds=0)
    zero = {"capture": 0, "refund": 0}
    return audit.compare({"authorize": 10, **zero}, unknown, {"authorize": 0, **zero}).faults


def test_a_ledger_that_does_not_catch_up_is_told_when_it_matters() -> None:
    assert compared(10, []) == []  # events of other clients are in flight
    assert compared(7, []) == [
        "authorize: k6 was answered 200 for 10, the ledger has 7",
        "after 0 s there are still events that the ledger has not posted",
    ]


def test_an_outcome_that_stays_open_is_a_fault() -> None:
    request = {"unknown": "authorize", "path": "/", "body": {}, "key": "k-1", "amount": 5}
    assert compared(10, [request, request]) == ["2 requests have no outcome, the first with key k-1"]


@dataclass(frozen=True)
class Late(Api):
    """An API with one event in flight, which is posted at the second look."""

    looks: list[int]

    def in_flight(self) -> bool:
        self.looks.append(1)
        return len(self.looks) < 2

    def balances(self, _merchant: str) -> dict[str, dict[str, int]]:
        return {"customer_hold": {"debits": 7 if len(self.looks) >= 2 else 0, "credits": 0}}


def test_what_is_in_flight_before_the_load_counts_as_before() -> None:
    audit = Audit(Late("", "", []), ["M"], lambda: ("fine", True))
    assert audit.posted_before() == {"authorize": 7, "capture": 0, "refund": 0}


def test_cas_that_are_named_are_given_to_k6_alone_and_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = Authority(tmp_path).file
    monkeypatch.chdir(tmp_path)
    assert authorities.for_k6({"PAYOPS_CA": "ca.pem"}) == {"SSL_CERT_FILE": str(ca), "SSL_CERT_DIR": "/nonexistent"}
    assert authorities.file({"PAYOPS_CA": "ca.pem"}) == str(ca)
    assert authorities.for_k6({}) == authorities.for_k6({"PAYOPS_CA": ""}) == {}
    for text in ("", "no certificate"):
        ca.write_text(text)
        with pytest.raises(NotRun, match=r"^PAYOPS_CA=ca\.pem is not a file of CA certificates that can be read\.$"):
            authorities.file({"PAYOPS_CA": "ca.pem"})
