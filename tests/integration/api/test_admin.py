"""Access by the admin token, and the limit of wrong tokens by address."""

import pytest
from werkzeug.test import TestResponse

from app.http.errors import Problem
from app.http.limits import WrongTokens
from payments.platform.redis.client import Outage, connect
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


def guess(api: Api, path: str = "/operations", address: str = "10.0.0.1") -> TestResponse:
    return api.http.get(path, headers={"Authorization": "Bearer wrong", "X-Forwarded-For": address})


def test_an_address_guesses_ten_times_a_minute(make_api: Make) -> None:
    with make_api(trusted_proxies=1) as api:
        answers = [guess(api, path) for path in (GUARDED * 2)[:11]]
        assert [answer.status_code for answer in answers] == [401] * 10 + [429]
        assert answers[10].get_json()["code"] == "RATE_LIMIT_EXCEEDED"
        assert 1 <= int(answers[10].headers["Retry-After"]) <= 60
        assert guess(api, address="10.0.0.2").status_code == 401
        assert api.http.get("/circuit-breaker/status", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 200


def test_a_neighbours_guesses_do_not_lock_out_who_has_the_token(make_api: Make) -> None:
    with make_api() as api:
        assert [guess(api).status_code for _ in range(12)] == [401] * 10 + [429] * 2
        assert [api.http.get("/operations", headers=ADMIN).status_code for _ in range(12)] == [200] * 12
        assert guess(api).status_code == 429


def test_the_right_token_is_never_counted(make_api: Make) -> None:
    with make_api() as api:
        assert [api.http.get("/operations", headers=ADMIN).status_code for _ in range(12)] == [200] * 12
        assert guess(api).status_code == 401


def test_the_right_token_opens_when_the_address_has_used_up_its_reads(make_api: Make) -> None:
    with make_api(read_capacity=1) as api:
        assert [api.http.get("/docs").status_code for _ in range(2)] == [200, 429]
        assert guess(api).status_code == 429
        assert api.http.get("/operations", headers=ADMIN).status_code == 200
        assert api.http.post(TRANSITION, data=b"x", headers=ADMIN).status_code == 415


def test_without_redis_wrong_tokens_are_counted_all_the_same(frozen_redis: str, sqlite_url: str) -> None:
    with serving(sqlite_url, frozen_redis, trusted_proxies=1) as api:
        assert [guess(api).status_code for _ in range(12)] == [401] * 10 + [429] * 2
        assert guess(api, address="10.0.0.2").status_code == 401
        assert api.http.get("/operations", headers={**ADMIN, "X-Forwarded-For": "10.0.0.1"}).status_code == 200


def test_the_memory_of_wrong_tokens_is_bounded_and_forgets_after_a_minute() -> None:
    now = [1_000_000.0]
    wrong = WrongTokens(connect("redis://127.0.0.1:1"), lambda: None, Outage(lambda: 0.0), lambda: now[0])

    def refused(address: str) -> bool:
        try:
            wrong.count(address)
        except Problem:
            return True
        return False

    assert [refused("a") for _ in range(11)] == [False] * 10 + [True]
    for number in range(12_000):
        refused(str(number))
    assert wrong.remembered == 10_000
    assert [refused("11999") for _ in range(10)] == [False] * 9 + [True]
    for later in (60, -3600):  # also when the clock goes back
        now[0] += later
        assert [refused("11999") for _ in range(11)] == [False] * 10 + [True]


TOKENS = ["é-a-token-of-24-charact", "a-token-that-ends-in-à", "토큰-토큰-토큰-토큰-토큰-토"]


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_may_have_any_characters(make_api: Make, token: str) -> None:
    with make_api(admin_token=token) as api:
        # as from a client that sends UTF-8: WSGI decodes bytes as latin-1
        sent = {"HTTP_AUTHORIZATION": f"Bearer {token}".encode().decode("latin-1")}
        assert api.http.get("/operations", environ_overrides=sent).status_code == 200
        for other in ("\xff\xfe", "ÿ" * 30, "\u20ac", "\ud800", "\x00", token):
            wrong = {"HTTP_AUTHORIZATION": f"Bearer {other}"}
            assert api.http.get("/operations", environ_overrides=wrong).status_code == 401
