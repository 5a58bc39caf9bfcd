"""Servers that freeze, die and come back: every request is answered in time and correctly."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import requests

from stack.mariadb import MariaDBServer
from stack.redis import RedisServer
from tests import servers
from tests.e2e.gunicorn import ADMIN, ApiServer, samples

pytestmark = pytest.mark.alone

LONGEST = 9.0
"""Seconds that an answer may take here. 5 are promised; the machine is shared, and 22 threads read answers at once."""
READS = [
    "/payments?merchantId=M1", "/payments/1?merchantId=M1", "/ledger/balances", "/ledger/entries",
    "/ledger/trial-balance", "/dead-letters", "/circuit-breaker/status", "/operations", "/health", "/health/ready",
]  # fmt: skip


@pytest.fixture
def api(own_mariadb: MariaDBServer, redis_url: str) -> Iterator[ApiServer]:
    with servers.migrated_database(own_mariadb.address) as url, ApiServer(url, redis_url) as server:
        yield server
        own_mariadb.thaw()


def timed(send: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    began = time.monotonic()
    answer = send()
    return answer, time.monotonic() - began


def test_a_frozen_database_holds_nobody_up(api: ApiServer, own_mariadb: MariaDBServer) -> None:
    payment = api.authorize("before").json()["paymentId"]
    assert all(api.get(path, headers=ADMIN).ok for path in READS)
    own_mariadb.freeze()
    sends: list[Callable[[], requests.Response]] = [partial(api.get, path, headers=ADMIN) for path in READS]
    sends += [partial(api.authorize, f"during-{number}") for number in range(10)]
    sends += [lambda: api.post(f"/payments/capture/{payment}", {"merchantId": "M1", "idempotencyKey": "c"})]
    sends += [lambda: api.post("/circuit-breaker/kafka-publisher/transition", {"to": "OPEN"}, headers=ADMIN)]
    with ThreadPoolExecutor(len(sends)) as threads:
        answers = list(threads.map(timed, sends))
    late = [(answer.url, answer.text, seconds) for answer, seconds in answers if seconds >= LONGEST]
    assert not late
    assert {answer.status_code for answer, _ in answers} == {503}
    own_mariadb.thaw()
    _every_answer_was_true(api, [answer for answer, _ in answers])


def _every_answer_was_true(api: ApiServer, answers: list[requests.Response]) -> None:
    servers.until(lambda: api.get("/health/ready").ok, "the API finds its database again", seconds=10)
    for answer in answers:
        problem: dict[str, Any] = answer.json()
        if "components" not in problem:
            assert problem["code"] in ("SERVICE_UNAVAILABLE", "OUTCOME_UNKNOWN")
            assert answer.headers["Retry-After"] == "1"
    repeated = [servers.until(partial(_settled, api, key), "an answer") for key in range(10)]
    items = api.get("/payments?merchantId=M1").json()["items"]
    assert {payment["paymentId"] for payment in items} >= {answer["paymentId"] for answer in repeated}
    assert len(items) == 11


def _settled(api: ApiServer, number: int) -> dict[str, Any] | None:
    answer = api.authorize(f"during-{number}")
    found: dict[str, Any] | None = answer.json() if answer.ok else None
    return found


def test_a_database_that_was_restarted_is_found_again(api: ApiServer, own_mariadb: MariaDBServer) -> None:
    before = api.authorize("a")
    own_mariadb.kill()
    answer, seconds = timed(lambda: api.authorize("b"))
    assert answer.status_code == 503
    assert seconds < LONGEST
    assert api.get("/health").status_code == 503
    assert api.get("/health/live").status_code == 200
    own_mariadb.start()
    assert api.get("/payments?merchantId=M1").ok
    assert api.authorize("c").ok
    assert api.authorize("a").content == before.content
    assert len(api.get("/payments?merchantId=M1").json()["items"]) == 2


def test_a_restart_between_two_requests_is_not_felt(api: ApiServer, own_mariadb: MariaDBServer) -> None:
    assert api.authorize("a").ok
    assert api.get("/payments?merchantId=M1").ok
    own_mariadb.restart()
    assert api.get("/payments?merchantId=M1").ok
    assert api.authorize("b").ok


def test_a_frozen_redis_delays_one_request_a_second_a_little(mariadb_url: str, own_redis: RedisServer) -> None:
    with ApiServer(mariadb_url, own_redis.url) as api:
        first = api.authorize("a")
        assert first.headers["X-RateLimit-Limit"]
        own_redis.freeze()
        answers = [timed(partial(api.authorize, f"b{number}")) for number in range(20)]
        assert all(answer.ok for answer, _ in answers)
        assert "X-RateLimit-Limit" not in answers[-1][0].headers
        assert sorted(seconds for _, seconds in answers)[10] < 0.5
        assert api.authorize("a").content == first.content
        assert api.get("/payments?merchantId=M1").ok
        assert api.get("/health").json()["components"]["redis"]["status"] == "DEGRADED"
        own_redis.thaw()
        servers.until(lambda: "X-RateLimit-Limit" in api.authorize("a").headers, "Redis is asked again", seconds=5)
        assert samples(api)["rate_limit_fail_open_total"] >= 20


def test_a_queue_that_is_full_answers_at_once(own_mariadb: MariaDBServer, redis_url: str) -> None:
    settings = {"APP_COMMIT_QUEUE_SIZE": 1, "APP_COMMIT_WRITERS": 1}
    with servers.migrated_database(own_mariadb.address) as url, ApiServer(url, redis_url, **settings) as api:
        assert api.authorize("a").ok
        own_mariadb.freeze()
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda number: timed(lambda: api.authorize(f"k{number}")), range(8)))
        own_mariadb.thaw()
    assert {answer.status_code for answer, _ in answers} == {503}
    at_once = [answer for answer, seconds in answers if seconds < 1]
    assert len(at_once) >= 6
    assert {(answer.json()["code"], answer.headers["Retry-After"]) for answer in at_once} == {
        ("SERVICE_UNAVAILABLE", "1")
    }


def test_sqlite_locked_elsewhere_does_not_hold_the_loop(sqlite_url: str, redis_url: str) -> None:
    import sqlite3

    with ApiServer(sqlite_url, redis_url) as api:
        assert api.authorize("a").ok
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(api.authorize, "b")
            assert max(timed(lambda: api.get("/health/live"))[1] for _ in range(10)) < 1
            other.execute("ROLLBACK")
            assert waiting.result().ok
        other.close()
