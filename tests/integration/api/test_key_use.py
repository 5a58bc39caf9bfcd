"""A key's calls and its last use, as they are counted and shown."""

from datetime import timedelta

from sqlalchemy import insert

from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.merchants import api_key_use
from stack.mariadb import MariaDBServer
from tests.integration.api.conftest import ADMIN, Api, serving
from tests.integration.api.test_keys import BODY, PEPPERS, api, bearer, new_key
from tests.servers import migrated_database, until

__all__ = ["api"]


def test_a_key_is_shown_with_its_use(api: Api, database_url: str) -> None:
    key = new_key(api)
    assert (key["lastUsedAt"], key["callsLast30Days"]) == (None, 0)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        now = database_now(connection)
        for days, calls in ((0, 1), (29, 20), (30, 300)):
            at = now - timedelta(days=days)
            row = {"key_id": key["keyId"], "day": at.date(), "calls": calls, "last_used_at": at}
            connection.execute(insert(api_key_use), row)
    engine.dispose()
    (listed,) = api.http.get("/api-keys?merchantId=M1", headers=ADMIN).get_json()["items"]
    assert (listed["lastUsedAt"], listed["callsLast30Days"]) == (format_time(now), 21)
    successor = api.post(f"/api-keys/{key['keyId']}/rotate", {"overlapSeconds": 0}, **ADMIN).get_json()
    assert (successor["lastUsedAt"], successor["callsLast30Days"]) == (None, 0), "its own use, not its predecessor's"
    revoked = api.post(f"/api-keys/{key['keyId']}/revoke", {"reason": "leaked"}, **ADMIN).get_json()
    assert (revoked["lastUsedAt"], revoked["callsLast30Days"]) == (format_time(now), 21)


def test_each_admitted_request_is_one_call(api: Api) -> None:
    key, other = new_key(api, scopes=["payments:read"]), new_key(api, merchantId="M2")
    for _ in range(3):
        assert api.http.get("/payments", headers=bearer(key)).status_code == 200
    assert api.http.get("/payments/1", headers=bearer(key)).status_code == 404
    assert api.post("/payments/authorize", BODY, **bearer(other)).status_code == 200
    assert api.post("/payments/authorize", BODY, **bearer(other)).headers["Idempotency-Replayed"] == "true"
    for refused in (
        api.post("/payments/authorize", BODY, **bearer(key)),
        api.http.get("/payments", auth=(key["key"][:-1] + "_", "")),
    ):
        assert refused.status_code in (401, 403)
    assert api.http.get("/health", headers=bearer(key)).status_code == 200, "open to all: nobody was admitted"
    with api.flask.app_context():
        assert api.services.key_uses.flush()
    listed = api.http.get("/api-keys", headers=ADMIN).get_json()["items"]
    assert {item["keyId"]: item["callsLast30Days"] for item in listed} == {key["keyId"]: 4, other["keyId"]: 2}
    assert all(item["createdAt"] < item["lastUsedAt"] for item in listed)


def test_calls_are_kept_while_the_database_is_away(own_mariadb: MariaDBServer, redis_url: str) -> None:
    with migrated_database(own_mariadb.address) as url, serving(url, redis_url, peppers=PEPPERS) as api:
        assert api.post("/merchants", {"merchantId": "M1", "name": "M1", "mode": "TEST"}, **ADMIN).status_code == 200
        key, uses = new_key(api), api.services.key_uses

        def call(times: int) -> None:
            for _ in range(times):
                assert api.http.get("/api-keys/current", headers=bearer(key)).status_code == 200

        call(2)
        with api.flask.app_context():
            assert uses.flush()
            own_mariadb.kill()
            call(3)
            assert not uses.flush()
            call(1)
            own_mariadb.start()
            until(uses.flush, "it is written")
        (listed,) = api.http.get("/api-keys?merchantId=M1", headers=ADMIN).get_json()["items"]
        assert listed["callsLast30Days"] == 6
