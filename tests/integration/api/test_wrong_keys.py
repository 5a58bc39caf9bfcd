"""Wrong keys from one address: refused, bounded in what they read, and no hindrance to anybody else."""

import secrets
from collections.abc import Callable, Iterator

import pytest
from redis import Redis
from sqlalchemy import event

from payments.merchants.hashing import Peppers
from payments.merchants.key_form import Prefix, new_key
from payments.merchants.lookups import LOOKUP_LIMIT
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.test_keys import new_key as stored_key

MANY = 2 * LOOKUP_LIMIT
HERE, ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}


@pytest.fixture
def api(sqlite_url: str, redis_url: str) -> Iterator[Api]:
    """An application behind a proxy, with the merchant M1."""
    peppers = Peppers([(1, b"p" * 32)])
    with serving(sqlite_url, redis_url, peppers=peppers, trusted_proxies=1) as api:
        body = {"merchantId": "M1", "name": "M1", "mode": "TEST"}
        assert api.post("/merchants", body, **ADMIN).status_code == 200
        yield api


@pytest.fixture
def reads(api: Api) -> Iterator[list[str]]:
    """The statements that read keys."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM api_key " in statement and statement.startswith("SELECT"):
            found.append(statement)

    with api.flask.app_context():
        engine = api.services.database.engines[None]
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def misspelt(key: str) -> str:
    return key[:-1] + ("0" if key[-1] != "0" else "1")


def with_another_secret(key: str) -> str:
    key_id = iter(key[10:20])
    return new_key(Prefix.TEST, lambda letters: next(key_id, None) or secrets.choice(letters)).text


KINDS: dict[str, tuple[Callable[[str], str], int]] = {
    "junk": (lambda _: f"po_test_{secrets.token_hex(20)}", 0),
    "misspelt": (misspelt, 0),
    "unknown": (lambda _: new_key(Prefix.TEST).text, LOOKUP_LIMIT),
    "unknown operator": (lambda _: new_key(Prefix.OPERATOR).text, LOOKUP_LIMIT),
    "another secret": (with_another_secret, 1),
}
"""How a wrong key is made of a right one, and how many reads MANY of them may cost."""


@pytest.mark.parametrize("kind", KINDS)
def test_they_hinder_nobody_and_read_little(api: Api, reads: list[str], kind: str) -> None:
    make, limit = KINDS[kind]
    right = stored_key(api)["key"]
    reads.clear()
    statuses = []
    for number in range(MANY):
        wrong = {"Authorization": f"Bearer {make(right)}", **HERE}
        statuses.append(api.http.get("/payments", headers=wrong).status_code)
        if number % 10 == 0:
            reads_before = len(reads)
            body = {"amount": 1, "currency": "KRW", "idempotencyKey": f"k{number}"}
            answer = api.post("/payments/authorize", body, Authorization=f"Bearer {right}", **ELSEWHERE)
            assert answer.status_code == 200, answer.text
            del reads[reads_before:]
    assert statuses == [401] * 10 + [429] * (MANY - 10)
    assert len(reads) <= limit
    own = api.http.get("/payments", headers={"Authorization": f"Bearer {right}", **HERE})
    assert own.status_code == 200, "a key that is known goes on, from the same address too"


def test_a_flood_costs_redis_nothing(api: Api, redis_url: str) -> None:
    for _ in range(MANY):
        api.http.get("/payments", headers={"Authorization": "Bearer po_test_junk", **HERE})
    with Redis.from_url(redis_url) as client:
        (counter,) = client.keys(f"payops:*:wrong-tokens:{HERE['X-Forwarded-For']}")
        assert client.get(counter) == b"11"


def test_a_wrong_key_is_looked_up_once(api: Api, reads: list[str]) -> None:
    """Whether it is an operator's is asked before the limits, and again when it is admitted."""
    wrong = {"Authorization": f"Bearer {new_key(Prefix.OPERATOR).text}"}
    assert api.http.get("/merchants", headers=wrong).status_code == 401
    assert len(reads) == 1
