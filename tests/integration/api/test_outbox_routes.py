"""Parked events over HTTP: access, answers, effects."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from payments.outbox import lease, refusal_store
from payments.outbox import store as outbox_store
from payments.outbox.rules import DEAD_LETTER_TOPIC, Aggregate
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from tests.integration.api.conftest import ADMIN, Api


@pytest.fixture
def engine(api: Api, database_url: str) -> Iterator[Engine]:
    """A database whose event 1 (a payment's) and event 3 (a dead letter's) are parked; event 2 waits behind 1."""
    api.authorize("a")
    api.post("/payments/capture/1", {"merchantId": "M1", "idempotencyKey": "c"})
    engine = create_engine(database_url)
    with engine.begin() as connection:
        now = database_now(connection)
        row = outbox_store.new_row(Aggregate.DEAD_LETTER, 7, "DEAD_LETTER", DEAD_LETTER_TOPIC, "{}", "{}", now)
        outbox_store.add(connection, [row])
        held = lease.acquire(connection, "relay", "me", 60)
        assert held is not None
        refusal_store.refuse(connection, [1, 3], "Broker: Message size too large", 5, now, held)
    yield engine
    engine.dispose()


def get(api: Api, path: str = "") -> Any:
    return api.http.get(f"/outbox/parked{path}", headers=ADMIN)


def post(api: Api, path: str, **more: Any) -> Any:
    return api.http.post(f"/outbox/parked/{path}", headers=ADMIN, **more)


def test_only_with_the_token(api: Api, engine: Engine) -> None:
    assert api.http.get("/outbox/parked").status_code == 401
    for action in ("release", "discard"):
        answer = api.http.post(f"/outbox/parked/3/{action}", json={"reason": "x"})
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
    assert api.http.get("/operations", headers=ADMIN).get_json()["outboxParked"] == 2


def test_the_list_is_paged_newest_first(api: Api, engine: Engine) -> None:
    first = get(api, "?limit=1").get_json()
    assert [item["eventId"] for item in first["items"]] == [3]
    second = get(api, f"?limit=1&cursor={first['nextCursor']}").get_json()
    (item,) = second["items"]
    assert second["nextCursor"] is None
    assert item == {
        "eventId": 1,
        "aggregateType": "payment",
        "aggregateId": 1,
        "eventType": "PAYMENT_AUTHORIZED",
        "topic": "payment.authorized",
        "attempts": 5,
        "error": "Broker: Message size too large",
        "parkedAt": item["parkedAt"],
        "waitingBehind": 1,
    }
    assert get(api, "?limit=0").status_code == 400
    assert get(api, "?cursor=x").status_code == 400


def test_a_released_event_is_pending_again(api: Api, engine: Engine) -> None:
    before = api.http.get("/operations", headers=ADMIN).get_json()
    assert (before["outboxPending"], before["outboxParked"]) == (1, 2)
    answer = post(api, "1/release")
    assert (answer.status_code, answer.get_json()["eventId"]) == (200, 1)
    after = api.http.get("/operations", headers=ADMIN).get_json()
    assert (after["outboxPending"], after["outboxParked"]) == (2, 1)
    again = post(api, "1/release")
    assert (again.status_code, again.get_json()["code"]) == (409, "OUTBOX_CONFLICT")
    assert again.get_json()["detail"] == "Event 1 is not parked: it waits for the relay."


def test_what_moves_money_is_not_discarded(api: Api, engine: Engine) -> None:
    answer = post(api, "1/discard", json={"reason": "x"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "OUTBOX_CONFLICT")
    assert post(api, "3/discard", json={"reason": "x"}).get_json()["aggregateType"] == "dead_letter"
    again = post(api, "3/discard", json={"reason": "x"})
    assert (again.status_code, again.get_json()["detail"]) == (409, "Event 3 is not parked: it is discarded.")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "r" * 501}, {"reason": 1}])
def test_a_discard_needs_a_reason(api: Api, engine: Engine, body: dict[str, Any]) -> None:
    answer = post(api, "3/discard", json=body)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (400, "reason")


def test_what_is_not_there_is_not_found(api: Api, engine: Engine) -> None:
    assert post(api, "9/release").status_code == 404
    assert post(api, "9/discard", json={"reason": "x"}).status_code == 404
    assert post(api, "0/release").status_code == 404
