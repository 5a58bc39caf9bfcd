"""A value in Redis that this platform did not write is a miss, and never an error."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import update

from payments.payment.answers import StoredAnswer
from payments.payment.sealed_answers import _mac, seal, unseal
from payments.platform import identity as platform_store
from payments.platform.database import create_engine
from payments.platform.identity import Platform
from payments.platform.tables.processes import platform as platform_table
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.servers import until

LIMITS = {**dict.fromkeys(("authorize", "capture", "refund"), (3, 60)), "address": (1000, 60)}
FORGED = json.dumps({"paymentId": 1, "status": "AUTHORIZED", "forged": True}, separators=(",", ":"))


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def api(sqlite_url: str, redis_url: str) -> Iterator[Api]:
    with serving(sqlite_url, redis_url, limits=LIMITS, read_capacity=3) as made:
        yield made


def only(client: Redis, pattern: str) -> str:
    (found,) = names(client, pattern)
    return found


def names(client: Redis, pattern: str) -> list[str]:
    """The keys that match; the client's types leave open whether it decodes, this one does not."""
    found: Any = client.keys(pattern)
    return [name.decode() for name in found]


def platform_of(url: str) -> Platform:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = platform_store.find(connection)
    engine.dispose()
    assert found is not None
    return found


VALUES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "garbage": lambda _: b"garbage",
    "not UTF-8": lambda _: b"\xff\xfe" * 100,
    "newlines": lambda _: b"\n" * 100,
    "cut off": lambda value: value[:-1],
    "the head alone": lambda value: value[:16],
    "half a seal": lambda value: value[:7],
    "longer": lambda value: value + b" ",
    "a bit changed": lambda value: value[:-3] + bytes([value[-3] ^ 1]) + value[-2:],
    "another seal": lambda value: bytes(16) + value[16:],
    "unsealed": lambda value: value[16:],
    "as releases before wrote it": lambda value: value[16:].split(b"\n")[0] + b"\n200\n" + FORGED.encode(),
    "sealed with another secret": lambda value: value,
    "other types": lambda value: value,
}


@pytest.mark.parametrize("kind", VALUES)
def test_an_answer_that_is_not_ours_is_a_miss_and_is_replaced(
    api: Api, client: Redis, sqlite_url: str, kind: str
) -> None:
    first = api.authorize("k")
    name = only(client, "payops:*:answer:*")
    ours = client.get(name)
    assert isinstance(ours, bytes)
    put(client, sqlite_url, name, kind, VALUES[kind](ours))
    again = api.authorize("k")
    assert (again.status_code, again.data) == (200, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get(name) == ours
    assert api.authorize("k2").headers["X-RateLimit-Remaining"] == "1", "nothing but the two payments is counted"


def put(client: Redis, url: str, name: str, kind: str, value: bytes) -> None:
    client.delete(name)
    if kind == "other types":
        client.rpush(name, value)
        return
    if kind == "sealed with another secret":
        digest = value[16:].split(b"\n")[0].decode()
        value = seal(bytes(32), name, StoredAnswer(digest, 200, FORGED))
    client.set(name, value, ex=600)


def test_an_answer_of_another_key_is_a_miss(api: Api, client: Redis) -> None:
    api.authorize("k", amount=7)
    stored = only(client, "payops:*:answer:*")
    client.rename(stored, stored.removesuffix("k") + "other")
    made = api.authorize("other", amount=7)
    assert made.status_code == 200
    assert "Idempotency-Replayed" not in made.headers


def test_requests_with_a_forged_answer_count(api: Api, client: Redis, sqlite_url: str) -> None:
    prefix = f"payops:{platform_of(sqlite_url).id}:answer:authorize:2:M1:"
    for number in range(4):
        client.set(f"{prefix}{number}", "forged", ex=600)
    assert [api.authorize(str(number)).status_code for number in range(4)] == [200, 200, 200, 429]


def test_a_neighbour_whose_answer_is_forged_costs_others_nothing(api: Api, client: Redis) -> None:
    api.authorize("k")
    client.set(only(client, "payops:*:answer:*"), "garbage")
    api.authorize("k")
    assert api.authorize("k2").headers["X-RateLimit-Remaining"] == "1", "Redis is not left out"


COUNTERS: dict[str, Callable[[Redis, str], Any]] = {
    "no number": lambda client, name: client.set(name, "garbage", px=50_000),
    "empty": lambda client, name: client.set(name, "", px=50_000),
    "a fraction": lambda client, name: client.set(name, "1.5", px=50_000),
    "negative": lambda client, name: client.set(name, "-1000000", px=50_000),
    "not a number": lambda client, name: client.set(name, "nan", px=50_000),
    "infinite": lambda client, name: client.set(name, "inf", px=50_000),
    "hexadecimal": lambda client, name: client.set(name, "0x7f", px=50_000),
    "too large": lambda client, name: client.set(name, "9" * 19, px=50_000),
    "a line": lambda client, name: client.set(name, "2\n", px=50_000),
    "a list": lambda client, name: client.rpush(name, "1"),
    "a hash": lambda client, name: client.hset(name, "a", "1"),
    "a set": lambda client, name: client.sadd(name, "1"),
    "without an end": lambda client, name: client.set(name, "3"),
    "that ends next year": lambda client, name: client.set(name, "3", ex=31_536_000),
}


@pytest.mark.parametrize("kind", COUNTERS)
def test_a_counter_that_is_not_ours_counts_anew(api: Api, client: Redis, kind: str) -> None:
    api.authorize("k")
    assert api.http.get("/docs").status_code == 200
    for name in (
        *names(client, "payops:*:window:*"),
        *names(client, "payops:*:LIMITS:*"),
        *names(client, "payops:*:LIMITER*"),
    ):
        client.delete(name)
        COUNTERS[kind](client, name)
    shown = api.http.get("/operations?merchantId=M1", headers=ADMIN)
    assert shown.status_code == 200
    assert {limit["remaining"] for limit in shown.get_json()["rateLimits"]} == {3}
    assert [api.authorize(f"k{number}").status_code for number in range(4)] == [200, 200, 200, 429]
    assert [api.http.get("/docs").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert all(0 < client.pttl(name) <= 60_000 for name in client.keys("payops:*:window:*"))


@pytest.mark.parametrize("kind", ["no number", "a list", "without an end"])
def test_wrong_tokens_are_counted_whatever_lies_there(api: Api, client: Redis, sqlite_url: str, kind: str) -> None:
    COUNTERS[kind](client, f"payops:{platform_of(sqlite_url).id}:wrong-tokens:127.0.0.1")
    api.http.get("/health/live")
    guesses = [api.http.get("/operations").status_code for _ in range(3)]
    assert guesses == [401] * 3


def test_every_key_carries_the_platform(api: Api, client: Redis, sqlite_url: str) -> None:
    api.authorize("k")
    api.http.get("/docs")
    api.http.get("/operations")
    found = names(client, "*")
    assert len(found) == 5, found
    assert all(name.startswith(f"payops:{platform_of(sqlite_url).id}:") for name in found), found


def test_two_platforms_on_one_redis_do_not_see_each_other(sqlite_url: str, mariadb_url: str, redis_url: str) -> None:
    one, other = (serving(url, redis_url, limits=LIMITS, read_capacity=3) for url in (sqlite_url, mariadb_url))
    with one as first, other as second:
        assert [first.authorize(str(number)).status_code for number in range(4)] == [200, 200, 200, 429]
        assert [first.http.get("/docs").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [first.http.get("/operations").status_code for _ in range(2)] == [429, 429]
        answers = [second.authorize(str(number)) for number in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert not any("Idempotency-Replayed" in answer.headers for answer in answers)
        assert second.http.get("/operations").status_code == 401
        assert second.http.get("/docs").status_code == 200


def test_a_platform_with_the_id_of_another_has_not_its_secret(
    sqlite_url: str, mariadb_url: str, redis_url: str
) -> None:
    engine = create_engine(mariadb_url)
    with engine.begin() as connection:
        connection.execute(update(platform_table).values(id=platform_of(sqlite_url).id))
    engine.dispose()
    with serving(sqlite_url, redis_url) as first, serving(mariadb_url, redis_url) as second:
        assert first.authorize("k", amount=5).status_code == 200
        made = second.authorize("k", amount=5)
        assert (made.status_code, "Idempotency-Replayed" in made.headers) == (200, False)


def test_without_a_database_redis_is_left_out(sqlite_template: Path, tmp_path: Path, redis_url: str) -> None:
    file = tmp_path / "later" / "payops.db"
    with serving(f"sqlite:///{file}", redis_url, limits=LIMITS, read_capacity=1) as api:
        assert [api.http.get("/docs").status_code for _ in range(3)] == [200] * 3
        assert api.http.get("/health/live").status_code == 200
        assert [api.http.get("/operations").status_code for _ in range(12)] == [401] * 10 + [429] * 2
        answer = api.authorize("k")
        assert (answer.status_code, "X-RateLimit-Limit" in answer.headers) == (503, False)
        assert api.services.admission.windows("M1") == {}
        file.parent.mkdir()
        shutil.copy(sqlite_template, file)
        until(lambda: "X-RateLimit-Limit" in api.authorize("k").headers, "Redis is asked again")


def test_what_is_sealed_opens_with_its_key_alone() -> None:
    answer = StoredAnswer("d" * 64, 200, '{"text":"two\nlines, é"}')
    stored = seal(b"s" * 32, "a", answer)
    assert unseal(b"s" * 32, "a", stored) == answer
    assert unseal(b"s" * 32, "b", stored) is None
    assert unseal(b"t" * 32, "a", stored) is None
    assert all(unseal(b"s" * 32, "a", stored[:length]) is None for length in range(len(stored)))
    name = stored[16:17].decode()
    assert unseal(b"s" * 32, "a" + name, stored[:16] + stored[17:]) is None, "key and value do not run together"


@pytest.mark.parametrize("value", [b"", b"2\n" + b"d" * 64, b"d\nx\n{}", b"\xff\n200\n{}"])
def test_what_another_release_sealed_in_another_form_is_a_miss(value: bytes) -> None:
    assert unseal(b"s" * 32, "a", _mac(b"s" * 32, "a", value) + value) is None
