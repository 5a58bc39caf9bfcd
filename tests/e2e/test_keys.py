"""Keys where they are required, on real servers: revoked in every web worker of two instances; rotated under load."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, select

from payments.platform.database import create_engine
from payments.platform.tables.merchants import api_key_use
from tests.e2e.gunicorn import ADMIN, ApiServer
from tests.servers import until

TRIES = 1_000
CALLS = 240
SETTINGS = {"APP_AUTH": "required", "APP_KEY_PEPPER": "1:" + "p" * 32}
WORKERS = 2


@pytest.fixture
def instances(mariadb_url: str, redis_url: str) -> Iterator[list[ApiServer]]:
    """Two instances of two web workers each, behind a proxy."""
    off = {f"APP_RATE_LIMIT_{name}_CAPACITY": 0 for name in ("AUTHORIZE", "READ")}
    settings = {**SETTINGS, **off, "APP_TRUSTED_PROXIES": 1}
    with ExitStack() as stack:
        servers = [ApiServer(mariadb_url, redis_url, workers=WORKERS, **settings) for _ in range(2)]
        yield [stack.enter_context(server) for server in servers]


def bearer(key: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {key}"}}


@pytest.fixture
def operator(instances: list[ApiServer]) -> dict[str, Any]:
    """The first operator's key, made by the admin token; with it the merchant M1."""
    made = instances[0].post("/api-keys", {"name": "kim"}, headers=ADMIN)
    assert made.status_code == 200, made.text
    key = bearer(made.json()["key"])
    assert instances[0].post("/merchants", {"merchantId": "M1", "name": "x", "mode": "TEST"}, **key).status_code == 200
    return key


def merchants_key(api: ApiServer, operator: dict[str, Any]) -> dict[str, Any]:
    return dict(api.post("/api-keys", {"name": "shop", "merchantId": "M1"}, **operator).json())


def test_a_revoked_key_is_refused_by_every_web_worker(instances: list[ApiServer], operator: dict[str, Any]) -> None:
    key = merchants_key(instances[0], operator)

    def statuses(tries: int) -> set[int]:
        return {instances[n % 2].get("/payments", **bearer(key["key"])).status_code for n in range(tries)}

    assert statuses(40) == {200}, "known to all"
    revoked = instances[0].post(f"/api-keys/{key['keyId']}/revoke", {"reason": "leaked"}, **operator)
    assert revoked.json()["state"] == "REVOKED"

    def is_refused() -> bool:
        """Ends at the first that is not refused; a round without one may take as long as it likes."""
        answers = (instances[n % 2].get("/payments", **bearer(key["key"])) for n in range(TRIES))
        return all(answer.status_code in (401, 429) for answer in answers)

    # A worker that went on by what it knew would do so for a minute, and answer some of so many. Fewer say nothing:
    # those that refuse are quicker, so one that does not know it yet may get none of twenty.
    until(is_refused, "the key is refused by all")


def test_each_call_is_counted_once_by_the_end(
    instances: list[ApiServer], operator: dict[str, Any], mariadb_url: str
) -> None:
    """Four web workers stop; what they have not written until then is written at their end."""
    keys = [merchants_key(instances[0], operator) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        sent = pool.map(lambda n: instances[n % 2].get("/payments", **bearer(keys[n % 3 % 2]["key"])), range(CALLS))
        assert {answer.status_code for answer in sent} == {200}
        list(pool.map(ApiServer.stop, instances))
    engine = create_engine(mariadb_url)
    with engine.connect() as connection:
        by_key = select(api_key_use.c.key_id, func.sum(api_key_use.c.calls)).group_by(api_key_use.c.key_id)
        calls = {key_id: int(number) for key_id, number in connection.execute(by_key)}
    engine.dispose()
    assert [calls[key["keyId"]] for key in keys] == [CALLS * 2 // 3, CALLS // 3]


def test_no_request_fails_while_a_key_is_rotated(instances: list[ApiServer], operator: dict[str, Any]) -> None:
    key = merchants_key(instances[0], operator)
    numbers, texts = count(), [key["key"]]

    def pay(_: int) -> int:
        number = next(numbers)
        body = {"amount": 1, "currency": "KRW", "idempotencyKey": f"k{number}"}
        return instances[number % 2].post("/payments/authorize", body, **bearer(texts[-1])).status_code

    with ThreadPoolExecutor(4) as pool:
        results = pool.map(pay, range(200))
        rotated = instances[1].post(f"/api-keys/{key['keyId']}/rotate", {"overlapSeconds": 60}, **operator).json()
        texts.append(rotated["key"])
        assert set(results) == {200}
        assert set(pool.map(pay, range(100))) == {200}
    texts.append(key["key"])
    assert {pay(0) for _ in range(20)} == {200}, "the old one goes on for the overlap"


def limited_address(api: ApiServer, wrong: dict[str, str]) -> dict[str, str]:
    """The header of an address whose wrong keys were all counted by Redis, which may be late on a busy machine."""
    expected = [401] * 10 + [429] * (20 * WORKERS - 10)
    found: list[list[int]] = []
    for number in range(1, 30):
        address = {"X-Forwarded-For": f"10.0.0.{number}"}
        found.append([api.post("/payments/authorize", {}, headers=wrong | address).status_code for _ in expected])
        if found[-1] == expected:
            return address
    pytest.fail(f"no address was answered as it must be: {found[-1]}")


def test_wrong_keys_are_refused_and_a_good_one_of_the_same_address_works(
    instances: list[ApiServer], operator: dict[str, Any]
) -> None:
    """Each web worker answers what it knows to be wrong before Flask."""
    api, body = instances[0], {"amount": 1, "currency": "KRW"}
    key = bearer(merchants_key(api, operator)["key"])
    wrong = {"Authorization": "Bearer po_test_junk", "X-Request-Id": "mine"}
    address = limited_address(api, wrong)
    wrong, key = wrong | address, {"headers": key["headers"] | address}
    for number in range(10 * WORKERS):
        refused = api.post("/payments/authorize", body, headers=wrong)
        assert (refused.json()["code"], refused.json()["requestId"]) == ("RATE_LIMIT_EXCEEDED", "mine")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["Connection"] == "close", "its body was not read"
        paid = api.post("/payments/authorize", {**body, "idempotencyKey": f"k{number}"}, **key)
        assert paid.status_code == 200, paid.text
