"""/audit/findings: members, filters, pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.audit.findings import keep_of_payments, keep_without_payment
from payments.audit.snapshot import Difference, FindingKind
from payments.audit.store import note_run
from payments.platform.database import create_engine
from tests.integration.api.conftest import ADMIN, Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A database with three open findings and one that was cleared."""
    engine = create_engine(database_url)
    keep_of_payments(engine, [7], [Difference(FindingKind.LEDGER, 7, "first", "hold")], NOW)
    keep_of_payments(engine, [8], [Difference(FindingKind.OUTBOX, 8, "second", "status")], NOW)
    keep_of_payments(engine, [8], [], LATER)
    keep_without_payment(engine, [], [Difference(FindingKind.ANSWERS, None, "third", "M1")], NOW)
    keep_of_payments(engine, [7, 9], [Difference(FindingKind.LEDGER, n, "again", "hold") for n in (7, 9)], LATER)
    yield engine
    engine.dispose()


def found(api: Api, query: str = "") -> Any:
    return api.http.get(f"/audit/findings{query}", headers=ADMIN).get_json()


def test_a_finding_says_what_was_found_when(api: Api, engine: Engine) -> None:
    shown = found(api)
    assert [item["detail"] for item in shown["items"]] == ["again", "third", "second", "again"]
    assert shown["nextCursor"] is None
    assert shown["items"][3] == {
        "id": 1,
        "kind": "ledger",
        "paymentId": 7,
        "detail": "again",
        "firstSeen": "2026-01-02T03:04:05.000006Z",
        "lastSeen": "2026-01-02T03:05:05.000006Z",
        "clearedAt": None,
    }
    assert (shown["items"][1]["paymentId"], shown["items"][2]["clearedAt"]) == (None, "2026-01-02T03:05:05.000006Z")


def test_filters(api: Api, engine: Engine) -> None:
    filters: list[tuple[str, set[int | None]]] = [
        ("?state=OPEN", {7, None, 9}),
        ("?state=CLEARED", {8}),
        ("?kind=ledger", {7, 9}),
        ("?kind=outbox&state=OPEN", set()),
        ("?paymentId=7", {7}),
        ("?paymentId=7&state=CLEARED", set()),
    ]
    for query, ids in filters:
        assert {item["paymentId"] for item in found(api, query)["items"]} == ids, query


def test_pages(api: Api, engine: Engine) -> None:
    first = found(api, "?limit=3")
    second = found(api, f"?limit=3&cursor={first['nextCursor']}")
    assert [item["id"] for item in (*first["items"], *second["items"])] == sorted(
        (item["id"] for item in found(api)["items"]), reverse=True
    )
    assert second["nextCursor"] is None


def test_values_that_it_does_not_know(api: Api, engine: Engine) -> None:
    for query in ("state=open", "kind=x", "paymentId=0", "limit=201", "cursor=1"):
        answer = api.http.get(f"/audit/findings?{query}", headers=ADMIN)
        field = query.split("=")[0]
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, field)


def test_the_trial_balance_counts_open_findings(api: Api, engine: Engine) -> None:
    note_run(engine, {"at": NOW, "full": False, "next_payment_id": 0, "differences": 0, "in_flight": 3})
    audit = api.http.get("/ledger/trial-balance", headers=ADMIN).get_json()["audit"]
    assert audit == {"at": "2026-01-02T03:04:05.000006Z", "differences": 3, "inFlight": 3}
