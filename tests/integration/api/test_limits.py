"""Rate limits: their scopes, their headers, and that without Redis everything passes."""

from payments.payment.admission import Attempt
from payments.payment.commands import Key
from tests.integration.api.conftest import ADMIN, Make, RedisState, serving


def test_void_counts_as_capture_and_other_operations_do_not(make_api: Make) -> None:
    limits = {"authorize": (0, 60), "capture": (2, 60), "refund": (1, 60)}
    with make_api(limits=limits) as api:
        first, second = (api.authorize(key).get_json()["paymentId"] for key in "ab")
        assert api.post(f"/payments/capture/{first}", {"merchantId": "M1"}).status_code == 200
        assert api.post(f"/payments/void/{second}", {"merchantId": "M1"}).status_code == 200
        assert api.post(f"/payments/void/{second}", {"merchantId": "M1"}).status_code == 429
        assert api.post(f"/payments/refund/{first}", {"merchantId": "M1"}).status_code == 200
        assert "X-RateLimit-Limit" not in api.authorize("c").headers
        assert api.post("/payments/capture/1", {"merchantId": "M2"}).status_code == 404


def test_a_limit_that_is_off_still_finds_stored_answers_in_redis(make_api: Make) -> None:
    with make_api(limits=dict.fromkeys(("authorize", "capture", "refund"), (0, 60))) as api:
        api.authorize("k")
        assert api.services.admission.admit([Attempt(Key("M1", "authorize", "k"), "10.0.0.1")])[0].answer is not None


def test_other_routes_are_limited_together_by_address(make_api: Make) -> None:
    with make_api(read_capacity=3) as api:
        paths = ["/payments?merchantId=M1", "/nothing", "/circuit-breaker/status", "/openapi.json"]
        answers = [api.http.get(path) for path in paths]
        assert [answer.status_code for answer in answers] == [200, 404, 200, 429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert "Retry-After" not in answers[0].headers
        assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
        assert answers[3].get_json()["code"] == "RATE_LIMIT_EXCEEDED"


def test_probes_and_money_are_not_limited_by_address(make_api: Make) -> None:
    with make_api(read_capacity=1) as api:
        assert api.http.get("/docs").status_code == 200
        assert api.http.get("/docs").status_code == 429
        for path in ("/health", "/health/live", "/health/ready", "/metrics"):
            answer = api.http.get(path)
            assert answer.status_code == 200
            assert "X-RateLimit-Limit" not in answer.headers
        assert api.authorize("k").headers["X-RateLimit-Limit"] == "1000"


def test_a_capacity_of_zero_is_no_limit(make_api: Make) -> None:
    with make_api(read_capacity=0) as api:
        assert "X-RateLimit-Limit" not in api.http.get("/docs").headers


def test_without_redis_everything_passes(redis_state: RedisState, sqlite_url: str) -> None:
    limits = dict.fromkeys(("authorize", "capture", "refund"), (1, 60))
    with serving(sqlite_url, redis_state.url, limits=limits, read_capacity=1) as api:
        statuses = [api.authorize(f"k{number}").status_code for number in range(3)]
        reads = [api.http.get("/docs").status_code for _ in range(3)]
        windows = api.http.get("/operations?merchantId=M1", headers=ADMIN)
        metrics = api.http.get("/metrics").get_data(as_text=True)
        health = api.http.get("/health").get_json()
    if redis_state.up:
        assert (statuses, reads) == ([200, 429, 429], [200, 429, 429])
        return
    assert (statuses, reads) == ([200] * 3, [200] * 3)
    assert windows.get_json()["rateLimits"] == []
    assert health["components"]["redis"]["status"] == "DEGRADED"
    assert "flask_http_request_total" in metrics


def test_junk_keys_count_as_reads_of_their_address(make_api: Make) -> None:
    with make_api(read_capacity=2, auth_required=True) as api:
        answers = [api.http.get("/payments", headers={"Authorization": "Bearer junk"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert [answer.headers["X-RateLimit-Limit"] for answer in answers] == ["2", "2", "2"]
