"""Keys in use: the merchant comes from the key, in both modes; keys over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from payments.merchants import service
from payments.merchants.hashing import Peppers
from payments.platform.database import create_engine
from payments.platform.tables.processes import operator_action
from tests.integration.api.conftest import ADMIN, Api, serving

PEPPERS = Peppers([(1, b"p" * 32)])
BODY = {"amount": 100, "currency": "KRW", "idempotencyKey": "k"}


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[Api]:
    """An application without required keys, with the merchants M1 and M2."""
    with serving(database_url, redis_url, peppers=PEPPERS) as api:
        for merchant in ("M1", "M2"):
            body = {"merchantId": merchant, "name": merchant, "mode": "TEST"}
            assert api.post("/merchants", body, **ADMIN).status_code == 200
        yield api


def new_key(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api-keys", {"name": "k", "merchantId": "M1", **fields}, **ADMIN)
    assert answer.status_code == 200, answer.get_json()
    return dict(answer.get_json())


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_the_merchant_comes_from_the_key(api: Api) -> None:
    key = new_key(api)
    answer = api.post("/payments/authorize", BODY, **bearer(key))
    assert (answer.status_code, answer.get_json()["merchantId"]) == (200, "M1")
    again = api.post("/payments/authorize", {**BODY, "merchantId": "M1"}, **bearer(key))
    assert (again.data, again.headers["Idempotency-Replayed"]) == (answer.data, "true"), "the same command"
    by_name = api.post("/payments/authorize", {**BODY, "merchantId": "M1"})
    assert by_name.data == answer.data
    assert code(api.post("/payments/authorize", {**BODY, "merchantId": "M2"}, **bearer(key))) == (
        403,
        "MERCHANT_MISMATCH",
    )
    path = f"/payments/{answer.get_json()['paymentId']}"
    assert api.http.get(path, headers=bearer(key)).status_code == 200
    assert api.http.get("/payments", headers=bearer(key)).get_json()["items"][0]["merchantId"] == "M1"
    assert code(api.http.get("/payments?merchantId=M2", headers=bearer(key))) == (403, "MERCHANT_MISMATCH")
    other = new_key(api, merchantId="M2")
    assert code(api.http.get(path, headers=bearer(other))) == (404, "NOT_FOUND")
    refund = path.replace("payments/", "payments/capture/")
    assert code(api.post(refund, {}, **bearer(other))) == (404, "NOT_FOUND")


def test_without_a_key_the_name_is_needed(api: Api) -> None:
    answer = api.post("/payments/authorize", {"currency": "KRW", "idempotencyKey": "k"})
    assert code(answer) == (400, "VALIDATION_FAILED")
    assert [error["field"] for error in answer.get_json()["errors"]] == ["merchantId", "amount"]
    assert [error["field"] for error in api.post("/payments/authorize", BODY).get_json()["errors"]] == ["merchantId"]
    assert [error["field"] for error in api.http.get("/payments").get_json()["errors"]] == ["merchantId"]


def test_a_key_as_the_user_of_basic(api: Api) -> None:
    key = new_key(api)["key"]
    assert api.http.get("/payments", auth=(key, "")).status_code == 200
    assert code(api.http.get("/payments", auth=(key[:-1] + "_", ""))) == (401, "API_KEY_INVALID")


def test_keys_are_shown_once_and_changes_are_noted(api: Api, database_url: str) -> None:
    key = new_key(api, scopes=["payments:read"], allowedNetworks=["127.0.0.0/8"], expiresInSeconds=3600)
    listed = api.http.get("/api-keys?merchantId=M1", headers=ADMIN)
    assert key["key"].split("_")[3] not in listed.text
    assert [item["keyId"] for item in listed.get_json()["items"]] == [key["keyId"]]
    assert listed.get_json()["items"][0] == {name: value for name, value in key.items() if name != "key"}
    operator = new_key(api, merchantId="M1", name="rotates")
    successor = api.post(f"/api-keys/{operator['keyId']}/rotate", {"overlapSeconds": 0}, **ADMIN).get_json()
    assert code(api.post(f"/api-keys/{operator['keyId']}/rotate", {"overlapSeconds": 0}, **ADMIN)) == (
        409,
        "API_KEY_CONFLICT",
    )
    assert successor["name"] == "rotates"
    revoked = api.post(f"/api-keys/{key['keyId']}/revoke", {"reason": "leaked"}, **ADMIN)
    assert revoked.get_json()["state"] == "REVOKED"
    engine = create_engine(database_url)
    with engine.connect() as connection:
        noted = [tuple(row) for row in connection.execute(select(operator_action.c.action, operator_action.c.actor))]
        text = str(connection.execute(select(operator_action)).all())
    engine.dispose()
    assert [action for action, _ in noted][-4:] == ["key.create", "key.create", "key.rotate", "key.revoke"]
    assert {actor for _, actor in noted} == {"api:127.0.0.1"}
    assert key["key"].split("_")[3] not in text


def test_an_operator_s_key_signs_its_actions(api: Api, database_url: str) -> None:
    key = api.post("/api-keys", {"name": "kim"}, **ADMIN).get_json()
    assert api.post("/merchants", {"merchantId": "M3", "name": "x", "mode": "LIVE"}, **bearer(key)).status_code == 200
    engine = create_engine(database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(operator_action).order_by(operator_action.c.id)).all()
    engine.dispose()
    assert (rows[-1].actor, rows[-1].target) == ("key:kim", "merchant M3")


def test_a_merchant_manages_its_own_keys_alone(api: Api) -> None:
    own, other = new_key(api), new_key(api, merchantId="M2")
    mismatch = (403, "MERCHANT_MISMATCH")
    assert code(api.post("/api-keys", {"name": "second", "merchantId": "M2"}, **bearer(own))) == mismatch
    assert code(api.http.get("/api-keys?merchantId=M2", headers=bearer(own))) == mismatch
    made = api.post("/api-keys", {"name": "second", "merchantId": "M1"}, **bearer(own)).get_json()
    listed = api.http.get("/api-keys", headers=bearer(own)).get_json()["items"]
    assert {item["keyId"] for item in listed} == {own["keyId"], made["keyId"]}
    for action, body in (("revoke", {"reason": "x"}), ("rotate", {"overlapSeconds": 0})):
        assert code(api.post(f"/api-keys/{other['keyId']}/{action}", body, **bearer(own))) == (404, "NOT_FOUND")
        assert api.post(f"/api-keys/{made['keyId']}/{action}", body, **bearer(own)).status_code in (200, 409)


def test_a_merchant_s_key_gives_no_scope_that_it_does_not_have(api: Api) -> None:
    manager = new_key(api, scopes=["keys:manage", "payments:read"])
    strong = new_key(api, scopes=["refunds:write"])
    insufficient = (403, "INSUFFICIENT_SCOPE")
    assert code(api.post("/api-keys", {"name": "k", "scopes": ["refunds:write"]}, **bearer(manager))) == insufficient
    assert (
        code(api.post(f"/api-keys/{strong['keyId']}/rotate", {"overlapSeconds": 0}, **bearer(manager))) == insufficient
    )
    made = api.post("/api-keys", {"name": "k"}, **bearer(manager)).get_json()
    assert made["scopes"] == ["keys:manage", "payments:read"], "its own, not all"
    weak = api.post("/api-keys", {"name": "k", "scopes": ["payments:read"]}, **bearer(manager)).get_json()
    assert weak["scopes"] == ["payments:read"]
    assert api.post(f"/api-keys/{strong['keyId']}/revoke", {"reason": "x"}, **bearer(manager)).status_code == 200


def test_a_merchant_s_key_gives_no_network_and_no_end_that_it_does_not_have(api: Api) -> None:
    manager = new_key(api, allowedNetworks=["127.0.0.0/8"], expiresInSeconds=3600)
    made = api.post("/api-keys", {"name": "k"}, **bearer(manager)).get_json()
    assert (made["allowedNetworks"], made["expiresAt"]) == (["127.0.0.0/8"], manager["expiresAt"]), "its own"
    narrow = {"name": "k", "allowedNetworks": ["127.0.0.1"], "expiresInSeconds": 60}
    assert api.post("/api-keys", narrow, **bearer(manager)).status_code == 200
    for more in ({"allowedNetworks": ["10.0.0.0/8"]}, {"expiresInSeconds": 7200}):
        answer = api.post("/api-keys", {"name": "k", **more}, **bearer(manager))
        assert code(answer) == (403, "INSUFFICIENT_SCOPE"), more
    endless = new_key(api)
    rotation = {"overlapSeconds": 0}
    assert code(api.post(f"/api-keys/{endless['keyId']}/rotate", rotation, **bearer(manager))) == (
        403,
        "INSUFFICIENT_SCOPE",
    )
    own = api.post(f"/api-keys/{manager['keyId']}/rotate", rotation, **bearer(manager)).get_json()
    assert (own["allowedNetworks"], own["expiresAt"]) == (["127.0.0.0/8"], manager["expiresAt"])
    assert len(api.http.get("/api-keys", headers=bearer(endless)).get_json()["items"]) == 5, (
        "nothing of what was refused"
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "k", "scopes": ["everything"]},
        {"name": "k", "allowedNetworks": ["10.0.0.1/8"]},
        {"name": "k", "allowedNetworks": ["10.0.0.1"] * 17},
        {"name": "k", "allowedNetworks": ["fe80::1%a b"]},
        {"name": "k", "expiresInSeconds": 3660 * 86_400 + 1},
        {"name": "k", "expiresInSeconds": 0},
        {"name": "4242 4242 4242 4242"},
        {"name": "k", "merchantId": "M1", "scopes": ["operate"]},
        {"name": "k", "key": "po_test_mine"},
    ],
)
def test_a_bad_key_is_refused_with_its_field(api: Api, body: dict[str, Any]) -> None:
    answer = api.post("/api-keys", body, **ADMIN)
    assert code(answer) == (400, "VALIDATION_FAILED")
    assert answer.get_json()["errors"]


def test_a_key_too_many_is_a_conflict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "KEY_LIMIT", 1)
    own = new_key(api)
    assert code(api.post("/api-keys", {"name": "k"}, **bearer(own))) == (409, "TOO_MANY_KEYS")
    assert api.post(f"/api-keys/{own['keyId']}/revoke", {"reason": "old"}, **ADMIN).status_code == 200
    new_key(api)


def test_who_is_asking(api: Api) -> None:
    operators = ["administer", "operate", "read"]
    assert api.http.get("/api-keys/current", headers=ADMIN).get_json() == {
        "kind": "OPERATOR",
        "keyId": None,
        "name": "admin token",
        "merchantId": None,
        "mode": None,
        "scopes": operators,
        "expiresAt": None,
    }
    key = new_key(api, scopes=["webhooks:manage"], expiresInSeconds=3600)
    assert api.http.get("/api-keys/current", headers=bearer(key)).get_json() == {
        "kind": "MERCHANT",
        "keyId": key["keyId"],
        "name": "k",
        "merchantId": "M1",
        "mode": "TEST",
        "scopes": ["webhooks:manage"],
        "expiresAt": key["expiresAt"],
    }
    kim = api.post("/api-keys", {"name": "kim"}, **ADMIN).get_json()
    found = api.http.get("/api-keys/current", auth=(kim["key"], "")).get_json()
    assert (found["kind"], found["keyId"], found["name"]) == ("OPERATOR", kim["keyId"], "kim")
    assert (found["merchantId"], found["mode"], found["scopes"]) == (None, None, operators)
    assert code(api.http.get("/api-keys/current")) == (401, "UNAUTHORIZED")


def test_wrong_keys_are_counted_by_address_and_the_right_one_always_works(api: Api) -> None:
    key = new_key(api)
    answers = [api.http.get("/payments", headers={"Authorization": "Bearer po_test_junk"}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert api.http.get("/payments", headers=bearer(key)).status_code == 200
