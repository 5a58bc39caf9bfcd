"""A CSV file of which a later page cannot be read: the connection breaks, and the client sees that it is not whole."""

import http.client
from datetime import UTC, datetime

import pytest
import requests
from sqlalchemy import text

from app.csv_export import PAGE
from payments.audit.findings import keep_of_payments
from payments.audit.snapshot import Difference, FindingKind
from payments.platform.database import create_engine
from tests.e2e.gunicorn import ADMIN, ApiServer

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
LONG = "x" * 1000
"""So long that the first page, more than the web worker holds back, is sent before the second one is read."""
BROKEN = (
    "CREATE VIEW audit_finding AS SELECT id, identity, kind, payment_id, subject, first_seen, last_seen, cleared_at,"
    " IF(id <= 10, (SELECT 'a' UNION SELECT 'b'), detail) AS detail FROM audit_finding_stored"
)
"""A row of the view cannot be read where the subquery has two rows: the ten oldest findings."""


def findings(url: str, count: int) -> None:
    engine = create_engine(url)
    for first in range(1, count + 1, 500):
        numbers = range(first, min(first + 500, count + 1))
        keep_of_payments(engine, [*numbers], [Difference(FindingKind.LEDGER, n, LONG, "hold") for n in numbers], NOW)
    engine.dispose()


def test_a_whole_file_is_whole(mariadb_url: str, redis_url: str) -> None:
    findings(mariadb_url, 2 * PAGE + 3)
    with ApiServer(mariadb_url, redis_url) as api:
        answer = api.get("/audit/findings.csv", headers=ADMIN)
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert len(answer.text.splitlines()) == 1 + 2 * PAGE + 3


def test_a_page_that_fails_breaks_the_connection(mariadb_url: str, redis_url: str) -> None:
    findings(mariadb_url, 2 * PAGE + 3)
    engine = create_engine(mariadb_url)
    with engine.begin() as connection:
        connection.execute(text("RENAME TABLE audit_finding TO audit_finding_stored"))
        connection.execute(text(BROKEN))
    engine.dispose()
    with ApiServer(mariadb_url, redis_url) as api:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            api.get("/audit/findings.csv", headers=ADMIN)
        client = http.client.HTTPConnection("127.0.0.1", api.port, timeout=10)
        client.request("GET", "/audit/findings.csv", headers=ADMIN)
        answer = client.getresponse()
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
        assert len(caught.value.partial.splitlines()) > PAGE
        client.close()
        assert api.get("/health/live").status_code == 200
