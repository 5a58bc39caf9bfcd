"""Two web workers: one key is one payment, limits and metrics are shared, also after a worker was killed."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from prometheus_client.multiprocess import MultiProcessCollector

from stack.mariadb import MariaDBServer
from tests.e2e.gunicorn import ADMIN, ApiServer, samples
from tests.servers import migrated_database, until


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[ApiServer]:
    with ApiServer(database_url, redis_url, workers=2) as server:
        yield server


def at_once(count: int, send: Callable[[int], requests.Response]) -> list[requests.Response]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(send, range(count)))


def codes(answers: list[requests.Response]) -> Counter[Any]:
    return Counter(answer.json().get("code", 200) for answer in answers)


def test_200_requests_with_one_key_are_one_payment(api: ApiServer) -> None:
    answers = at_once(200, lambda _: api.authorize("one"))
    found = codes(answers)
    assert set(found) <= {200, "REQUEST_IN_PROGRESS"}, found
    assert found[200] >= 1
    assert len({answer.content for answer in answers if answer.ok}) == 1
    assert len([answer for answer in answers if answer.ok and "Idempotency-Replayed" not in answer.headers]) <= 1
    assert all(answer.headers["Retry-After"] == "1" for answer in answers if not answer.ok)
    assert len(api.get("/payments?merchantId=M1").json()["items"]) == 1


def test_50_captures_of_one_payment_have_the_winners_that_its_amount_allows(api: ApiServer) -> None:
    payment = api.authorize("p", amount=95).json()["paymentId"]
    body = {"merchantId": "M1", "amount": 10}
    answers = at_once(
        50, lambda number: api.post(f"/payments/capture/{payment}", {**body, "idempotencyKey": str(number)})
    )
    assert codes(answers) == {200: 9, "CAPTURE_CONFLICT": 41}
    shown = api.get(f"/payments/{payment}?merchantId=M1").json()
    assert (shown["capturedAmount"], shown["status"], len(shown["events"])) == (90, "PARTIALLY_CAPTURED", 10)


def failed_open(answers: list[requests.Response]) -> int:
    """Requests that passed because Redis took more than 50 ms, as it may on a busy machine."""
    return len([answer for answer in answers if "X-RateLimit-Limit" not in answer.headers])


def answered_by_redis(send: Callable[[str], list[requests.Response]]) -> Iterator[list[requests.Response]]:
    """The answers of `send` for one address after the other, until Redis has answered all requests of one."""
    for number in range(1, 30):
        answers = send(f"10.0.0.{number}")
        yield answers
        if not failed_open(answers):
            return
    pytest.fail("Redis was late for each address")


def test_limits_are_those_of_both_workers_together(mariadb_url: str, redis_url: str) -> None:
    limits = {"APP_RATE_LIMIT_AUTHORIZE_CAPACITY": 20, "APP_RATE_LIMIT_READ_CAPACITY": 30, "APP_TRUSTED_PROXIES": 1}
    with ApiServer(mariadb_url, redis_url, workers=2, **limits) as api:

        def pay(whose: str) -> list[requests.Response]:
            return at_once(40, lambda number: api.authorize(f"{whose}-{number}", merchant_id=whose))

        def read(address: str) -> list[requests.Response]:
            return at_once(50, lambda _: api.get("/payments?merchantId=M1", headers={"X-Forwarded-For": address}))

        rounds = list(answered_by_redis(pay))
        assert codes(rounds[-1]) == {200: 20, "RATE_LIMIT_EXCEEDED": 20}
        ends = {int(answer.headers["X-RateLimit-Reset"]) for answer in rounds[-1]}
        assert max(ends) - min(ends) <= 1  # one window; seconds are rounded
        *_, reads = answered_by_redis(read)
        assert codes(reads) == {200: 30, "RATE_LIMIT_EXCEEDED": 20}
        metrics, all_ = samples(api), codes(list(chain.from_iterable(rounds)))
        assert metrics['rate_limit_rejections_total{operation="authorize"}'] == all_["RATE_LIMIT_EXCEEDED"]
        assert metrics['payments_total{operation="authorize",outcome="succeeded"}'] == all_[200]
        assert metrics['payments_amount_minor_total{currency="KRW",operation="authorize"}'] == 100 * all_[200]


def test_metrics_have_few_series_whatever_is_asked(mariadb_url: str, redis_url: str) -> None:
    with (
        ApiServer(mariadb_url, redis_url, workers=2, APP_RATE_LIMIT_READ_CAPACITY=0) as api,
        requests.Session() as http,
    ):
        for number in range(1, 151):
            http.get(f"{api.url}/payments/{number}?merchantId=M{number}")
            http.get(f"{api.url}/nothing/{number}")
        for number in range(20):
            http.request(f"M{number}", f"{api.url}/payments")
        metrics = samples(api)
        assert metrics['flask_http_request_total{method="GET",status="404"}'] == 300
        durations = [
            name
            for name, value in metrics.items()
            if name.startswith("flask_http_request_duration_seconds_count") and value > 0
        ]
        assert {name for name in durations if "404" in name or "405" in name} == {
            'flask_http_request_duration_seconds_count{method="GET",status="404",url_rule="/payments/<id:payment_id>"}',
            'flask_http_request_duration_seconds_count{method="GET",status="404",url_rule="unmatched"}',
            'flask_http_request_duration_seconds_count{method="OTHER",status="405",url_rule="unmatched"}',
        }


def test_what_is_known_in_advance_starts_at_zero(mariadb_url: str, redis_url: str) -> None:
    with ApiServer(mariadb_url, redis_url) as api:
        metrics = samples(api)
        for operation in ("authorize", "capture", "refund", "void"):
            for outcome in ("succeeded", "conflict", "rejected", "failed"):
                assert metrics[f'payments_total{{operation="{operation}",outcome="{outcome}"}}'] == 0
            assert metrics[f'idempotency_replays_total{{operation="{operation}"}}'] == 0
        assert metrics["rate_limit_fail_open_total"] == 0
        labels = 'method="POST",status="503",url_rule="/payments/authorize"'
        assert metrics[f"flask_http_request_duration_seconds_count{{{labels}}}"] == 0
        assert metrics["commit_queue_depth"] == 0
        assert api.get("/operations", headers=ADMIN).json()["outboxPending"] == 0


@pytest.fixture
def api_to_stop(own_mariadb: MariaDBServer, redis_url: str) -> Iterator[ApiServer]:
    """Two workers with one writer each: the queue's depth shows the commands that a frozen database blocks."""
    with (
        migrated_database(own_mariadb.address) as url,
        ApiServer(url, redis_url, workers=2, APP_COMMIT_WRITERS=1) as server,
    ):
        yield server
        own_mariadb.thaw()


def test_metrics_are_right_after_a_worker_is_killed(api_to_stop: ApiServer, own_mariadb: MariaDBServer) -> None:
    api = api_to_stop
    assert codes(at_once(40, lambda number: api.authorize(f"before-{number}"))) == {200: 40}
    before = counted(api)
    assert before['payments_total{operation="authorize",outcome="succeeded"}'] == 40
    own_mariadb.freeze()
    with ThreadPoolExecutor(40) as threads:
        for number in range(40):
            threads.submit(api.authorize, f"during-{number}")  # the answer does not matter
        worker = until(lambda: stopped_with_a_queue(api), "commands wait in a worker")
        gauge = gauge_file(api, worker)
        worker.kill()
        until(lambda: not gauge.exists(), "its gauges are forgotten")
        own_mariadb.thaw()
    until(lambda: samples(api)["commit_queue_depth"] == 0, "nothing waits any more")
    until(lambda: len(workers(api)) == 2, "there is another worker")
    between = counted(api)
    assert {name: value for name, value in before.items() if between.get(name, 0) < value} == {}
    assert codes(at_once(40, lambda number: api.authorize(f"after-{number}"))) == {200: 40}
    after = counted(api)
    grown = {name: after[name] - between[name] for name in before if after[name] != between[name]}
    assert grown['payments_total{operation="authorize",outcome="succeeded"}'] == 40
    assert grown['flask_http_request_total{method="POST",status="200"}'] == 40


def counted(api: ApiServer) -> dict[str, float]:
    """Samples that may only grow."""
    return {name: value for name, value in samples(api).items() if "_total" in name or "_count" in name}


def workers(api: ApiServer) -> list[psutil.Process]:
    return [child for child in psutil.Process(api.pid).children() if child.status() != psutil.STATUS_ZOMBIE]


def gauge_file(api: ApiServer, worker: psutil.Process) -> Path:
    return api.folder / "metrics" / f"gauge_livesum_{worker.pid}.db"


def stopped_with_a_queue(api: ApiServer) -> psutil.Process | None:
    """A worker in which commands wait, stopped so that they go on waiting."""
    for worker in workers(api):
        worker.suspend()
        families = MultiProcessCollector.merge([str(gauge_file(api, worker))])
        if sum(sample.value for family in families for sample in family.samples) > 0:
            return worker
        worker.resume()
    return None
