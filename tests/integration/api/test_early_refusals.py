"""Before Flask only wrong keys of an address that has used up its own are answered, and as Flask would answer them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from werkzeug.test import TestResponse

from app.http.limits import WRONG_TOKENS
from payments.merchants.hashing import Peppers
from payments.merchants.key_form import Prefix, new_key
from payments.merchants.lookups import LOOKUP_LIMIT
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.test_keys import BODY
from tests.integration.api.test_keys import new_key as stored_key

PAY = "/payments/authorize"
JUNK = {"Authorization": "Bearer po_test_junk"}


@dataclass
class Spent:
    """An application, of which this address has used up its wrong keys; `reached`: the paths that came to Flask."""

    api: Api
    key: str
    reached: list[str] = field(default_factory=list)

    def send(self, path: str, method: str = "GET", **more: Any) -> tuple[TestResponse, bool]:
        """The answer, and whether it was Flask's."""
        self.reached.clear()
        answer = self.api.http.open(path, method=method, **more)
        self.api.settle()
        return answer, bool(self.reached)


@pytest.fixture(params=[True, False], ids=["required", "open"])
def required(request: pytest.FixtureRequest) -> bool:
    """Whether every request needs a key."""
    return bool(request.param)


@pytest.fixture
def spent(sqlite_url: str, redis_url: str, *, required: bool) -> Iterator[Spent]:
    """With a merchant's key that no process has read yet, in both modes."""
    with serving(sqlite_url, redis_url, peppers=Peppers([(1, b"p" * 32)])) as api:
        body = {"merchantId": "M1", "name": "M1", "mode": "TEST"}
        assert api.post("/merchants", body, **ADMIN).status_code == 200
        key = stored_key(api)["key"]
    changes = {"auth_required": required, "peppers": Peppers([(1, b"p" * 32)]), "shop_merchant": "M1"}
    with serving(sqlite_url, redis_url, **changes) as api:
        found = Spent(api, key)
        first = api.flask.before_request_funcs[None]
        first.insert(0, lambda: found.reached.append(flask.request.path))
        for _ in range(WRONG_TOKENS):
            assert found.send(PAY, "POST", json=BODY, headers=JUNK)[0].status_code == 401
        yield found


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def without(answer: TestResponse, *names: str) -> dict[str, str]:
    return {name: text for name, text in answer.headers.items() if name not in names}


def test_the_answer_is_flasks_to_the_byte(spent: Spent) -> None:
    sent = {"json": BODY, "headers": {**JUNK, "X-Request-Id": "mine"}}
    (flasks, by_flask), (early, also_by_flask) = (spent.send(PAY, "POST", **sent) for _ in range(2))
    assert (by_flask, also_by_flask) == (True, False), "the first one tells this process that the address is over"
    assert (early.status, early.data) == (flasks.status, flasks.data)
    timed = ("Retry-After", "X-RateLimit-Reset")
    assert without(early, *timed) == without(flasks, *timed)
    assert early.headers["X-Request-Id"] == early.get_json()["requestId"] == "mine"
    assert 1 <= int(early.headers["Retry-After"]) <= 60


def test_it_is_counted_like_flasks(spent: Spent) -> None:
    assert [spent.send(PAY, "POST", json=BODY, headers=JUNK)[1] for _ in range(3)] == [True, False, False]
    metrics = spent.api.http.get("/metrics").get_data(as_text=True).splitlines()
    assert 'flask_http_request_total{method="POST",status="429"} 3.0' in metrics
    name = 'flask_http_request_duration_seconds_count{method="POST",status="429",url_rule="/payments/authorize"}'
    assert f"{name} 3.0" in metrics


def test_a_good_key_behind_the_same_address_works(spent: Spent) -> None:
    """Whether this process knows it already, or has to read it."""
    spent.send(PAY, "POST", json=BODY, headers=JUNK)
    for _ in range(2):
        assert spent.send("/payments", headers=JUNK)[1] is False
        answer, _ = spent.send(PAY, "POST", json=BODY, headers=bearer(spent.key))
        assert answer.status_code == 200, answer.text
    basic, _ = spent.send("/payments", auth=(spent.key, ""))
    assert basic.status_code == 200
    assert spent.send("/api-keys", "POST", json={"name": "kim"}, headers=ADMIN)[0].status_code == 200


def test_unknown_keys_are_looked_up_as_before(spent: Spent) -> None:
    spent.send(PAY, "POST", json=BODY, headers=JUNK)
    answers = [spent.send("/payments", headers=bearer(new_key(Prefix.TEST).text)) for _ in range(LOOKUP_LIMIT + 2)]
    assert {answer.status_code for answer, _ in answers} == {429}
    assert [by_flask for _, by_flask in answers] == [True] * LOOKUP_LIMIT + [False] * 2


def test_other_requests_are_answered_as_before(spent: Spent, *, required: bool) -> None:
    spent.send(PAY, "POST", json=BODY, headers=JUNK)
    for path, method, headers, status in (
        ("/nothing", "GET", JUNK, 404),
        (PAY, "DELETE", JUNK, 405),
        ("/health/live", "GET", JUNK, 200),
        ("/shop/payments?merchantId=M1", "GET", JUNK, 200),
        ("/payments?limit=1&limit=2", "GET", JUNK, 400),
        ("/payments?limit=%ff", "GET", JUNK, 400),
        ("/payments", "GET", {**JUNK, "X-Request-Id": "a,b"}, 400),
        ("/payments", "GET", {**JUNK, "Content-Encoding": "gzip"}, 415),
        ("/payments?merchantId=M1", "GET", {}, 401 if required else 200),
        ("/payments?merchantId=M1", "GET", {"Authorization": "Bearer x"}, 429 if required else 200),
        ("/operations", "GET", {"Authorization": "Bearer x"}, 429),
    ):
        assert spent.send(path, method, headers=headers)[0].status_code == status, (path, method, headers)


def test_they_take_no_reads_from_the_address(spent: Spent) -> None:
    spent.send(PAY, "POST", json=BODY, headers=JUNK)
    left = []
    for _ in range(2):
        assert [spent.send("/payments", headers=JUNK)[1] for _ in range(5)] == [False] * 5
        answer, _ = spent.send("/payments", headers=bearer(spent.key))
        left.append(int(answer.headers["X-RateLimit-Remaining"]))
    assert left[0] - left[1] == 1
