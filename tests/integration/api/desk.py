"""A database with a batch that is closed, and two operators, for the tests of settlement over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine

from payments.merchants.hashing import Peppers
from payments.platform.database import create_engine
from tests.contracts.settlement.selling import batches, price, sell, settle
from tests.integration.api.conftest import ADMIN, Api, serving

PEPPERS: Final = Peppers([(1, b"p" * 32)])
WHY: Final = {"reason": "checked"}


@contextmanager
def engine_of(database_url: str) -> Iterator[Engine]:
    """An engine for what HTTP does not do: time passes, and batches are closed."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def settled(engine: Engine, amount: int = 10_000, merchant_id: str = "M1", currency: str = "EUR") -> int:
    """A batch that is CLOSED, of one sale; returns its id."""
    sell(engine, amount, merchant_id, currency)
    settle(engine)
    return max(each.batch.batch_id for each in batches(engine, merchant_id, currency))


@contextmanager
def desk(database_url: str, redis_url: str, **options: Any) -> Iterator[tuple[Api, Engine]]:
    """An application with keys and the merchants M1 and M2, and the engine of its database, which has prices."""
    with serving(database_url, redis_url, peppers=PEPPERS, **options) as api, engine_of(database_url) as engine:
        for merchant in ("M1", "M2"):
            body = {"merchantId": merchant, "name": f"Shop {merchant}", "mode": "LIVE"}
            assert api.post("/merchants", body, **ADMIN).status_code == 200
        for currency in ("EUR", "KRW"):
            price(engine, currency=currency)
        yield api, engine


def key(api: Api, name: str, **fields: Any) -> dict[str, str]:
    """The header of a new key; an operator's without `merchantId`."""
    answer = api.post("/api-keys", {"name": name, **fields}, **ADMIN)
    assert answer.status_code == 200, answer.get_json()
    return {"Authorization": f"Bearer {answer.get_json()['key']}"}


def get(api: Api, path: str, headers: dict[str, str] = ADMIN) -> Any:
    """The JSON of an answer."""
    answer = api.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


def code(answer: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.get_json()["code"]
