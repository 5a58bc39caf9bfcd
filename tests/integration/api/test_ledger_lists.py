"""The ledger's postings in both orders and as a file, and balances as of a moment."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from payments.ledger.rules import Account, SourceType
from payments.ledger.source_store import moved, post
from payments.platform.database import create_engine
from payments.platform.tables.ledger import ledger_entry
from tests.contracts.posting import publish_and_post
from tests.integration.api.conftest import ADMIN, Api

START = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def posted(api: Api, engine: Engine) -> list[int]:
    """Two payments with five postings, one posted each minute; returns the payments' ids."""
    first, second = (api.authorize(key, amount=100).get_json()["paymentId"] for key in "ab")
    api.post(f"/payments/capture/{first}", {"merchantId": "M1", "amount": 60})
    api.post(f"/payments/void/{second}", {"merchantId": "M1"})
    publish_and_post(engine)
    with engine.connect() as connection:
        ids = connection.execute(select(ledger_entry.c.entry_id).order_by(ledger_entry.c.entry_id)).scalars().all()
    assert len(ids) == 5
    # the ledger is append-only for every account, so times of a test are written past its triggers
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_entry_no_update")
        for minute, entry_id in enumerate(ids):
            mine = update(ledger_entry).where(ledger_entry.c.entry_id == entry_id)
            connection.execute(mine.values(posted_at=START + timedelta(minutes=minute)))
    return [first, second]


def get(api: Api, path: str) -> Any:
    return api.http.get(path, headers=ADMIN).get_json()


def test_both_orders_have_the_same_postings(api: Api, posted: list[int]) -> None:
    oldest = get(api, "/ledger/entries")["items"]
    assert [item["entryId"] for item in oldest] == [1, 2, 3, 4, 5]
    assert {item["paymentId"] for item in oldest} == set(posted)
    assert get(api, "/ledger/entries?order=oldest")["items"] == oldest
    pages: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(api, f"/ledger/entries?order=newest&limit=2{cursor}")
        pages += page["items"]
        cursor = None if page["nextCursor"] is None else f"&cursor={page['nextCursor']}"
    assert pages == oldest[::-1]


def test_filters_are_combined(api: Api, posted: list[int]) -> None:
    for query, wanted in (
        (f"paymentId={posted[0]}", lambda item: item["paymentId"] == posted[0]),
        ("eventId=3", lambda item: item["eventId"] == 3),
        (f"eventId=3&paymentId={posted[0]}", lambda item: item["eventId"] == 3),
        (f"eventId=3&paymentId={posted[1]}", lambda _: False),
    ):
        every = [item for item in get(api, "/ledger/entries?order=newest")["items"] if wanted(item)]
        assert get(api, f"/ledger/entries?order=newest&{query}")["items"] == every, query
        assert get(api, f"/ledger/entries?{query}")["items"] == every[::-1], query


@pytest.mark.parametrize("query", ["order=x", "order=NEWEST", "eventId=0", "eventId=x"])
def test_wrong_values_are_named(api: Api, query: str) -> None:
    for path in ("/ledger/entries", "/ledger/entries.csv"):
        answer = api.http.get(f"{path}?{query}", headers=ADMIN)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, query.split("=")[0])


def holds(balances: Any) -> dict[str, int]:
    return {item["account"]: item["balance"] for item in balances["items"]}


def test_balances_as_of_a_moment_have_what_was_posted_until_then(api: Api, posted: list[int]) -> None:
    asked: list[tuple[str, dict[str, int]]] = [
        ("2026-01-02T03:04:05.000005Z", {}),
        ("2026-01-02T03:04:05.000006Z", {"customer_hold": 100, "hold_clearing": 100}),
        ("2026-01-02T12:04:05.000006%2B09:00", {"customer_hold": 100, "hold_clearing": 100}),
        ("2026-01-02T03:05:05.000006Z", {"customer_hold": 40, "hold_clearing": 40}),
    ]
    for moment, expected in asked:
        assert holds(get(api, f"/ledger/balances?asOf={moment}")) == expected, moment
    assert get(api, "/ledger/balances?asOf=2026-01-02T03:04:06Z")["asOf"] == "2026-01-02T03:04:06.000000Z"
    assert get(api, "/ledger/balances?merchantId=M2&asOf=2026-01-02T03:04:06Z")["items"] == []


def test_a_moment_in_the_future_has_all_that_is_posted(api: Api, posted: list[int]) -> None:
    now, later = get(api, "/ledger/balances"), get(api, "/ledger/balances?asOf=9999-12-31T23:59:59Z")
    assert later["items"] == now["items"] != []
    assert later["asOf"] == "9999-12-31T23:59:59.000000Z"
    assert get(api, "/ledger/balances?asOf=0001-01-01T00:00:00%2B14:00")["items"] == []


@pytest.mark.parametrize("moment", ["", "now", "2026-01-02", "2026-13-02T00:00:00Z", "2026-01-02T00:00:00+09:00"])
def test_what_is_no_moment_is_refused(api: Api, moment: str) -> None:
    answer = api.http.get(f"/ledger/balances?asOf={moment}", headers=ADMIN)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "asOf")


def test_the_file_has_the_rows_of_the_list(api: Api, posted: list[int]) -> None:
    for query in ("", "order=newest", f"paymentId={posted[0]}"):
        answer = api.http.get(f"/ledger/entries.csv?{query}", headers=ADMIN)
        assert answer.content_type == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="ledger-entries.csv"'
        rows = [*csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline=""))]
        assert rows == [
            {name: "" if value is None else str(value) for name, value in item.items()}
            for item in get(api, f"/ledger/entries?{query}")["items"]
        ]


def test_postings_of_a_source_are_found(api: Api, posted: list[int], engine: Engine) -> None:
    with engine.begin() as connection:
        paid = moved(0, Account.PAYOUT_CLEARING, Account.BANK, 50, "KRW")
        post(connection, SourceType.PAYOUT, 7, "M1", paid, START, START)
        post(connection, SourceType.PAYOUT, 8, "M2", paid, START, START)
    (found,) = get(api, "/ledger/entries?sourceType=payout&sourceId=7")["items"]
    wanted = {"sourceType": "payout", "sourceId": 7, "merchantId": "M1", "paymentId": None, "eventId": None}
    assert found | wanted == found
    assert get(api, "/ledger/entries?sourceType=recon_file&sourceId=7")["items"] == []
    bank = [each for each in get(api, "/ledger/balances?merchantId=M1")["items"] if each["account"] == "bank"]
    assert bank == [{"account": "bank", "currency": "KRW", "debits": 0, "credits": 50, "balance": -50}]
    for query, field in (("sourceType=payout", "sourceId"), ("sourceId=7", "sourceType")):
        answer = api.http.get(f"/ledger/entries?{query}", headers=ADMIN)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, field)


def test_files_need_the_admin_token(api: Api) -> None:
    for path in ("/ledger/entries.csv", "/audit/findings.csv", "/dead-letters.csv"):
        answer = api.http.get(path)
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
