"""Who gets in with which token, and how often an address may guess."""

import pytest

from tests.integration.api.conftest import ADMIN, TOKEN, Api, Make, serving

GUARDED = [
    "/ledger/balances",
    "/ledger/entries",
    "/ledger/trial-balance",
    "/audit/findings",
    "/dead-letters",
    "/dead-letters/1",
    "/operations",
]
TRANSITION = "/circuit-breaker/kafka-publisher/transition"


@pytest.mark.parametrize("path", GUARDED)
def test_admin_routes_ask_for_the_token(make_api: Make, path: str) -> None:
    with make_api() as api:
        answer = api.http.get(path)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert api.http.get(path, headers=ADMIN).status_code in (200, 404)


@pytest.mark.parametrize(
    "given", ["", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", "Bearer \u00e9"]
)
def test_other_credentials_do_not_open(make_api: Make, given: str) -> None:
    with make_api() as api:
        assert api.http.get("/operations", headers={"Authorization": given}).status_code == 401


def test_the_scheme_is_read_in_any_case(make_api: Make) -> None:
    with make_api() as api:
        assert api.http.get("/operations", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_without_a_token_nobody_gets_in(make_api: Make) -> None:
    with make_api(admin_token=None) as api:
        assert api.http.get("/operations", headers=ADMIN).status_code == 401
        assert api.http.get("/operations", headers={"Authorization": "Bearer "}).status_code == 401


def test_the_token_is_asked_before_the_body_is_read(make_api: Make) -> None:
    with make_api() as api:
        assert api.http.post(TRANSITION, data=b"x").status_code == 401
        assert api.http.post(TRANSITION, data=b"x", headers=ADMIN).status_code == 415


def test_an_address_guesses_ten_times_a_minute(make_api: Make) -> None:
    with make_api(trusted_proxies=1) as api:
        statuses = [guess(api, path) for path in (GUARDED * 2)[:11]]
        assert statuses == [401] * 10 + [429]
        refused = api.http.get("/operations", headers={**ADMIN, "X-Forwarded-For": "10.0.0.1"})
        assert (refused.status_code, refused.get_json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert api.http.get("/operations", headers={**ADMIN, "X-Forwarded-For": "10.0.0.2"}).status_code == 200
        assert api.http.get("/circuit-breaker/status", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 200


def guess(api: Api, path: str) -> int:
    headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": "10.0.0.1"}
    return api.http.get(path, headers=headers).status_code


def test_without_redis_guesses_are_refused_one_by_one(make_api: Make, frozen_redis: str, sqlite_url: str) -> None:
    with serving(sqlite_url, frozen_redis) as api:
        assert [guess(api, "/operations") for _ in range(12)] == [401] * 12
