"""Twenty clients whose lists hang in the database: payments, single reads and probes do not wait for them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from tests.e2e.gunicorn import ADMIN, ApiServer
from tests.integration.api.test_slow_reads import locked
from tests.servers import until

pytestmark = pytest.mark.alone
CLIENTS = 20
HELD = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%FROM dead_letter%'"


def hanging(connection: Connection) -> int:
    """Statements that wait for the locked table, and this one, which names it too."""
    return int(connection.execute(text(HELD)).scalar_one()) - 1


def test_lists_that_hang_keep_nobody_else_waiting(mariadb_url: str, redis_url: str) -> None:
    with (
        ApiServer(mariadb_url, redis_url) as api,
        ThreadPoolExecutor(CLIENTS) as pool,
        locked(mariadb_url, "dead_letter") as connection,
    ):
        payment_id = api.authorize("k").json()["paymentId"]
        lists = [pool.submit(api.get, "/dead-letters", headers=ADMIN) for _ in range(CLIENTS)]
        until(lambda: hanging(connection) > 0, "a list hangs")
        for number in range(5):
            assert api.get("/health/ready").status_code == 200
            assert api.get(f"/payments/{payment_id}?merchantId=M1").status_code == 200
            assert api.authorize(f"k{number}").status_code == 200
            assert hanging(connection) <= 2, "few at once"
        assert {done.result().status_code for done in lists} == {503}
        assert max(done.result().elapsed.total_seconds() for done in lists) < 15, "5 s are promised"
        until(lambda: hanging(connection) == 0, "nothing goes on in the server", seconds=3)
        connection.exec_driver_sql("UNLOCK TABLES")
        assert api.get("/dead-letters", headers=ADMIN).status_code == 200
