"""The whole application: request ids, unexpected errors, logs, the description."""

import json
import logging
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, NoReturn

import orjson
import pytest
from flask import Flask
from sqlalchemy import Engine, select

from app.api.openapi import document
from app.http.describing import description_of
from app.routes import docs
from payments import logs
from payments.platform.database import create_engine
from payments.platform.tables.events import outbox_event
from tests.integration.api.conftest import ADMIN, TOKEN, Api, Make, serving

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def engine(sqlite_url: str) -> Any:
    engine = create_engine(sqlite_url)
    yield engine
    engine.dispose()


def headers_of_events(engine: Engine) -> list[dict[str, str]]:
    query = select(outbox_event.c.headers).order_by(outbox_event.c.event_id)
    with engine.connect() as connection:
        return [orjson.loads(text) for text in connection.scalars(query)]


def test_a_trace_goes_on_into_the_event_with_the_reason(make_api: Make, engine: Engine) -> None:
    with make_api() as api:
        payment = api.authorize("a").get_json()["paymentId"]
        api.post(f"/payments/capture/{payment}", {"merchantId": "M1"}, traceparent=PARENT)
        api.post(f"/payments/refund/{payment}", {"merchantId": "M1", "reason": "zerbrochen \u2665"}, traceparent=PARENT)
    authorized, captured, refunded = headers_of_events(engine)
    assert set(authorized) == {"traceparent"}
    assert captured == {"traceparent": PARENT}
    assert refunded == {"traceparent": PARENT, "reason": "zerbrochen \u2665"}


@pytest.mark.parametrize(
    "given",
    ["", PARENT.upper(), PARENT[:-1], "ff" + PARENT[2:], f"00-{'0' * 32}-b7ad6b7169203331-01", f"{PARENT}-x", "junk"],
)
def test_a_trace_that_is_none_is_replaced(make_api: Make, engine: Engine, given: str) -> None:
    with make_api() as api:
        body = {"merchantId": "M1", "amount": 1, "currency": "KRW", "idempotencyKey": "a"}
        api.post("/payments/authorize", body, traceparent=given)
    (headers,) = headers_of_events(engine)
    version, trace, parent, flags = headers["traceparent"].split("-")
    assert (version, len(trace), len(parent), flags) == ("00", 32, 16, "01")
    assert headers["traceparent"] != given


def test_a_crash_is_logged_and_answered_without_its_details(make_api: Make, caplog: pytest.LogCaptureFixture) -> None:
    with make_api() as api:

        def crash() -> NoReturn:
            raise LookupError("secret detail")

        api.flask.add_url_rule("/crash", view_func=crash, methods=["GET", "POST"])
        assert api.http.post("/crash").get_json()["code"] == "OUTCOME_UNKNOWN", "it may have been carried out"
        caplog.clear()
        answer = api.http.get("/crash")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert "secret detail" not in answer.get_data(as_text=True)
    (record,) = [record for record in caplog.records if record.getMessage() == "request_crashed"]
    assert record.exc_info is not None


def test_a_database_without_tables_is_no_stack_trace(redis_url: str, tmp_path: Any) -> None:
    with serving(f"sqlite:///{tmp_path}/empty.db", redis_url) as api:
        assert api.http.get("/payments?merchantId=M1").get_json()["code"] == "SERVICE_UNAVAILABLE"
        assert api.authorize("a").get_json()["code"] == "SERVICE_UNAVAILABLE"


def test_lines_of_the_log_are_json_with_the_ids_that_were_bound(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logs.formatter())
    logs.bind(request_id="r1", payment_id=7)
    record = logging.makeLogRecord({"name": "x", "levelname": "WARNING", "msg": "read_failed", "tried": 2})
    line = json.loads(handler.format(record))
    assert line.pop("at").endswith("Z")
    expected = {
        "event": "read_failed",
        "level": "warning",
        "logger": "x",
        "tried": 2,
        "request_id": "r1",
        "payment_id": 7,
    }
    assert line == expected
    logs.bind(request_id="r2")
    assert "payment_id" not in json.loads(handler.format(record))


def test_every_route_describes_itself(make_api: Make) -> None:
    with make_api() as api:
        rules = [rule for rule in api.flask.url_map.iter_rules() if not rule.endpoint.startswith("shop")]
        routes = {rule.rule: rule.endpoint for rule in rules}
        undescribed = [rule for rule, name in routes.items() if description_of(api.flask.view_functions[name]) is None]
        paths = api.http.get("/openapi.json").get_json()["paths"]
    assert undescribed == ["/docs/static/<path:filename>"]
    assert len(paths) == len(routes) - 1


def test_the_description_speaks_openapi_3_0(make_api: Make) -> None:
    with make_api() as api:
        text = json.dumps(document(api.flask))
    described = json.loads(text)
    assert described["openapi"].startswith("3.0.")
    assert '"null"' not in text
    assert '"const"' not in text
    event = described["components"]["schemas"]["Event"]["properties"]["postedAt"]
    assert (event["type"], event["nullable"]) == ("string", True)


def test_every_answer_that_is_described_has_headers_and_a_schema(make_api: Make) -> None:
    with make_api() as api:
        described = document(api.flask)
    answers = [
        answer
        for path in described["paths"].values()
        for operation in path.values()
        for answer in operation["responses"].values()
    ]
    assert answers
    for answer in answers:
        assert "X-Request-Id" in answer["headers"]
        assert all("schema" in content for content in answer["content"].values())


def test_the_docs_page_comes_from_here_alone(make_api: Make) -> None:
    with make_api() as api:
        page = api.http.get("/docs").get_data(as_text=True)
        assert "http://" not in page
        assert "https://" not in page
        for file in ("swagger-ui.css", "swagger-ui-bundle.js"):
            assert f"/docs/static/{file}" in page
            assert api.http.get(f"/docs/static/{file}").status_code == 200


def test_the_description_and_its_page_are_made_once(make_api: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Flask] = []

    def counted(app: Flask, **options: bool) -> dict[str, Any]:
        made.append(app)
        return document(app, **options)

    monkeypatch.setattr(docs, "document", counted)
    with make_api() as api:
        for path in ("/openapi.json", "/docs"):
            first, second = api.http.get(path), api.http.get(path)
            assert first.data == second.data
            assert first.headers["Cache-Control"] == "no-cache"
            again = api.http.get(path, headers={"If-None-Match": first.headers["ETag"]})
            assert (again.status_code, again.data) == (304, b"")
    assert len(made) == 1


def test_the_docs_page_may_run_its_own_script_alone(make_api: Make) -> None:
    with make_api() as api:
        answer = api.http.get("/docs")
    (script,) = re.findall("<script>(.*?)</script>", answer.get_data(as_text=True), re.DOTALL)
    policy = answer.headers["Content-Security-Policy"]
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'; script-src 'self' ")
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_token_is_never_shown(make_api: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with make_api() as api:
        seen = [
            api.http.get(path, headers=ADMIN) for path in ("/operations", "/ledger/entries", "/nothing", "/metrics")
        ]
        assert all(TOKEN not in answer.get_data(as_text=True) for answer in seen)
    assert TOKEN not in caplog.text


def test_the_largest_amount_and_every_status_survive_the_way_through(api: Api) -> None:
    answer = api.authorize("a", amount=10**12)
    assert answer.get_json()["amount"] == 10**12
    shown = api.http.get(f"/payments/{answer.get_json()['paymentId']}?merchantId=M1").get_json()
    assert {name: shown[name] for name in shown if name not in ("events", "operations", "ledgerEntries")} == {
        name: value for name, value in answer.get_json().items() if name not in ("message", "ledgerEntries")
    }
