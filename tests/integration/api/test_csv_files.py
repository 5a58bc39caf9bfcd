"""Lists as CSV from a database: pages join while rows are added, cells are safe, and a failure is no short file."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from app import csv_export
from payments.audit.findings import keep_of_payments
from payments.audit.snapshot import Difference, FindingKind
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.store import DeadLetter
from payments.platform.database import create_engine
from payments.platform.errors import ServiceUnavailable
from tests.integration.api.conftest import ADMIN, Api

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
MANY = 1000


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def rows(body: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(body, newline=""), strict=True)]


def open_findings(engine: Engine, first: int, last: int, detail: str = "x") -> None:
    numbers = range(first, last + 1)
    found = [Difference(FindingKind.LEDGER, number, detail, "hold") for number in numbers]
    keep_of_payments(engine, [*numbers], found, NOW)


def test_findings_are_those_of_the_list(api: Api, engine: Engine) -> None:
    for number in (7, 8):
        open_findings(engine, number, number, '=HYPERLINK("http://x","y"), and\nmore')
    keep_of_payments(engine, [8], [], NOW + timedelta(minutes=1))
    for query, ids in (("", ["8", "7"]), ("state=OPEN", ["7"]), ("kind=outbox", []), ("paymentId=8", ["8"])):
        answer = api.http.get(f"/audit/findings.csv?{query}", headers=ADMIN)
        found = rows(answer.get_data(as_text=True))
        assert [row["paymentId"] for row in found] == ids, query
        assert all(row["detail"] == '\'=HYPERLINK("http://x","y"), and\nmore' for row in found)
    answer = api.http.get("/audit/findings.csv?state=CLEARED", headers=ADMIN)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-findings.csv"'
    (cleared,) = rows(answer.get_data(as_text=True))
    assert cleared["clearedAt"] == "2026-01-02T03:05:05.000006Z"
    assert api.http.get("/audit/findings.csv?state=open", headers=ADMIN).status_code == 400


def test_dead_letters_are_those_of_the_list(api: Api, engine: Engine) -> None:
    letters = [
        DeadLetter("c", "payment.captured", 0, offset, 1, "{", None, None, kind, "+cmd|' /C calc'!A0")
        for offset, kind in enumerate(("InvalidJson", "PaymentNotFound"))
    ]
    with engine.begin() as connection:
        dead_letter_store.add(connection, letters, NOW)
    answer = api.http.get("/dead-letters.csv", headers=ADMIN)
    (second, first) = rows(answer.get_data(as_text=True))
    assert (first["id"], first["errorType"], first["discardReason"]) == ("1", "InvalidJson", "")
    assert second["errorMessage"] == "'+cmd|' /C calc'!A0"
    some = api.http.get("/dead-letters.csv?errorType=InvalidJson&state=OPEN", headers=ADMIN)
    assert [row["id"] for row in rows(some.get_data(as_text=True))] == ["1"]
    assert api.http.get("/dead-letters.csv?topic=x", headers=ADMIN).status_code == 400


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "PAGE", 150)


@pytest.mark.usefixtures("small_pages")
def test_pages_join_while_rows_are_added(api: Api, engine: Engine) -> None:
    open_findings(engine, 1, MANY)
    answer = api.http.get("/audit/findings.csv", headers=ADMIN)
    text_of_file = ""
    for number, part in enumerate(answer.iter_encoded()):
        text_of_file += part.decode()
        open_findings(engine, MANY + 1 + 10 * number, MANY + 10 + 10 * number)
    assert [int(row["id"]) for row in rows(text_of_file)] == [*range(MANY, 0, -1)]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM audit_finding")).scalar_one() > MANY


@pytest.mark.usefixtures("small_pages")
def test_each_page_is_a_transaction_of_its_own(api: Api, engine: Engine) -> None:
    open_findings(engine, 1, 400)
    begun: list[Any] = []
    with api.flask.app_context():
        reads = api.services.database.engine
    event.listen(reads, "begin", begun.append)
    assert len(rows(api.http.get("/audit/findings.csv", headers=ADMIN).get_data(as_text=True))) == 400
    assert len(begun) == 3


@pytest.mark.usefixtures("small_pages")
def test_a_page_that_cannot_be_read_raises_in_the_middle(api: Api, engine: Engine) -> None:
    open_findings(engine, 1, 400)
    answer = api.http.get("/audit/findings.csv", headers=ADMIN)
    parts = answer.iter_encoded()
    assert next(parts).startswith(b"id,kind,")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_finding RENAME TO audit_finding_away"))
    with pytest.raises(Exception, match="audit_finding"):
        next(parts)


def test_a_first_page_that_cannot_be_read_is_a_problem(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Any:
        raise ServiceUnavailable("The database does not answer.")

    monkeypatch.setattr(csv_export, "read_list", none)
    answer = api.http.get("/audit/findings.csv", headers=ADMIN)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
